"""The page of data rollouts: three sources, settled, rolling out and rolled back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import rollout_bodies as bodies
from tests.dashboard.conftest import World
from tests.dashboard.looking import MANNERS, Looking, Manner, keep, overflow, violations
from tests.rollout_bodies import GROUP, put

PAGE = "/data"


@pytest.fixture
def three(world: World) -> Iterator[None]:
    """Prices are settled, routes go out, rules were taken back; gone with the test."""
    api, namespace, now = world.scene.api, world.scene.namespace, time.time()
    put(api, namespace, "prices", bodies.settled(now))
    put(api, namespace, "routes", bodies.rolling_out(now))
    put(api, namespace, "rules", bodies.rolled_back(now), {"pin": "6740a1b2-0123456789"})
    yield
    for name in ("prices", "routes", "rules"):
        api.delete(f"{GROUP}/namespaces/{namespace}/datarollouts/{name}")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_each_source_is_drawn_with_its_stages(looking: Looking, manner: Manner) -> None:
    page = looking.at(PAGE, manner)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Of 3 sources, 1 was rolled back and 1 is rolling out"
    )
    keep(page, "data", manner)
    routes = page.get_by_role("article", name="routes")
    expect(routes.get_by_role("img")).to_have_accessible_name(
        "Pods by version: 10 last known good, 5 candidate, on probation and 5 candidate, proven"
    )
    steps = routes.get_by_role("list", name="Stages of routes").get_by_role("listitem")
    expect(steps).to_have_count(4)
    now = routes.locator("[aria-current=step]")
    expect(now).to_contain_text("50 % of the pods")
    expect(now).to_contain_text("5 of 10 proven for 10m")

    rules = page.get_by_role("article", name="rules")
    expect(rules.get_by_text("Rolled back", exact=True)).to_be_visible()
    expect(rules.get_by_text("pods that have it fail", exact=True)).to_be_visible()
    expect(rules.get_by_text(bodies.HOSTILE)).to_be_visible()
    expect(rules.get_by_text(re.compile(r"^in \d+ min"))).to_be_visible()
    prices = page.get_by_role("article", name="prices")
    expect(prices.get_by_text("Stages, versions and history")).to_be_visible()
    expect(prices.get_by_role("heading", name="What happened")).to_be_hidden()
    assert page.evaluate("window.owned") is None
    assert overflow(page) <= 0


@pytest.mark.usefixtures("three")
def test_it_is_for_everybody(looking: Looking) -> None:
    page = looking.at(PAGE, axe=True)
    expect(page.get_by_role("article", name="routes")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []


@pytest.mark.usefixtures("three")
def test_the_keyboard_comes_there_and_opens_what_is_closed(looking: Looking) -> None:
    page = looking.at("/")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Data")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    expect(link).to_have_attribute("aria-current", "page")
    prices = page.get_by_role("article", name="prices")
    prices.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(prices.get_by_role("heading", name="What happened")).to_be_visible()


@pytest.mark.usefixtures("three")
def test_a_change_is_shown_without_being_asked_for(world: World, looking: Looking) -> None:
    page = looking.at(PAGE)
    rules = page.get_by_role("article", name="rules")
    summary = page.get_by_role("article", name="prices").locator("summary")
    summary.focus()
    put(world.scene.api, world.scene.namespace, "rules", bodies.rolling_back(time.time()))
    expect(rules.get_by_text("Rolling back", exact=True)).to_be_visible()
    expect(summary).to_be_focused()
    assert page.get_by_role("log").inner_text() == "Source rules: Rolling back"


def test_without_any_it_says_how_one_comes_to_be(looking: Looking) -> None:
    page = looking.at(PAGE)
    expect(page.get_by_role("heading", level=1)).to_have_text("No pod uses data of a source yet")
    expect(page.get_by_text("data.autocrane.io/prices: prices")).to_be_visible()
    keep(page, "data-none", Manner())
