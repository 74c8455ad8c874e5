"""The page of phase workflows: one waits, one fails, one has come to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import workflow_bodies as bodies
from tests.dashboard.conftest import World
from tests.dashboard.looking import MANNERS, Looking, Manner, keep, overflow, violations

PAGE = "/workflows"


@pytest.fixture
def three(world: World) -> Iterator[None]:
    """`shop` waits, `cart` fails, `search` has been rolled back; gone with the test."""
    api, namespace, now = world.scene.api, world.scene.namespace, time.time()
    with bodies.defined(api, bodies.a_definition()):
        bodies.put(api, bodies.an_object("shop", bodies.waiting(now)), namespace)
        bodies.put(api, bodies.an_object("cart", bodies.failing(now)), namespace)
        bodies.put(api, bodies.an_object("search", bodies.rolled_back(now)), namespace)
        yield


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_each_workflow_is_drawn_with_its_way_through_the_phases(
    world: World, looking: Looking, manner: Manner
) -> None:
    page = looking.at(PAGE, manner)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "1 workflow needs a look and 1 workflow is on the way"
    )
    keep(page, "workflows", manner)
    shop = page.get_by_role("article", name="shop", exact=True)
    expect(shop).to_contain_text(f"CanaryDeployment in {world.scene.namespace}")
    expect(shop).to_contain_text(re.compile("In [45] min.* it goes to Roll back by itself"))
    phases = shop.get_by_role("list", name="Phases of shop").get_by_role("listitem")
    expect(phases).to_have_text(
        [
            re.compile(r"Over: Initializing\s*1 min"),
            re.compile(r"Now: Waiting\s*for 5 min"),
            re.compile(r"May follow: Evaluating\s*may follow"),
            re.compile(r"May follow: Roll back\s*may follow"),
        ]
    )
    expect(phases.nth(1)).to_have_attribute("aria-current", "step")
    expect(shop.get_by_text("shop-primary")).to_be_visible()

    cart = page.get_by_role("article", name="cart")
    expect(cart.get_by_text("Worker failed", exact=True)).to_be_visible()
    expect(cart).to_contain_text("3 syncs in a row")
    expect(cart.get_by_text(f"ValueError: {bodies.HOSTILE}")).to_be_visible()
    search = page.get_by_role("article", name="search")
    expect(search.get_by_text("This phase is final: nothing more is done.")).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert overflow(page) <= 0


@pytest.mark.usefixtures("three")
def test_it_is_for_everybody(looking: Looking) -> None:
    page = looking.at(PAGE, axe=True)
    expect(page.get_by_role("article", name="shop", exact=True)).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []


@pytest.mark.usefixtures("three")
def test_the_keyboard_comes_there_and_a_change_is_shown(world: World, looking: Looking) -> None:
    page = looking.at("/")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Workflows")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    expect(link).to_have_attribute("aria-current", "page")
    shop = page.get_by_role("article", name="shop", exact=True)
    shop.get_by_text("What happened").focus()
    page.keyboard.press("Enter")
    expect(shop.get_by_text("the canary is there")).to_be_visible()
    api, namespace = world.scene.api, world.scene.namespace
    bodies.put(api, bodies.an_object("shop", bodies.rolled_back(time.time())), namespace)
    expect(shop.get_by_text("This phase is final: nothing more is done.")).to_be_visible()
    assert page.get_by_role("log").inner_text() == "CanaryDeployment shop: Roll back"


def test_without_any_it_says_what_would_be_there(looking: Looking) -> None:
    page = looking.at(PAGE)
    expect(page.get_by_role("heading", level=1)).to_have_text("There are no workflows to see")
    expect(page.get_by_text("no operator of a workflow is deployed here")).to_be_visible()
    keep(page, "workflows-none", Manner())
