"""The page of remediation rules: one asks for an approval, one is not valid, one is calm."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import rule_bodies as bodies
from tests.dashboard.conftest import World
from tests.dashboard.looking import MANNERS, Looking, Manner, keep, overflow, violations

PAGE = "/rules"


@pytest.fixture
def three(world: World) -> Iterator[None]:
    """`resize` asks, `wrong` is not valid, `calm` has nothing to do; gone with the test."""
    api, namespace, now = world.scene.api, world.scene.namespace, time.time()
    bodies.put(api, bodies.a_rule("resize", now, enforcement="approvalRequired", weight=5))
    bodies.put(api, bodies.a_rule("wrong", now, ready="False"))
    calm = bodies.a_rule("calm", now, dryRun=True)
    bodies.put(api, {**calm, "status": {**calm["status"], "triggered": 0}})
    waiting = bodies.awaiting(now, "resize-data-1")
    bodies.put(api, bodies.an_object("resize", "data-0", bodies.declined(now)), namespace)
    bodies.put(api, bodies.an_object("resize", "data-1", waiting), namespace)
    bodies.put(api, bodies.an_object("resize", "data-2", bodies.normal(now)), namespace)
    bodies.put(api, bodies.an_object("calm", "data-3", bodies.normal(now)), namespace)
    bodies.put(api, bodies.an_approval("resize-data-1", "resize", now), namespace)
    yield
    of_namespace = f"{bodies.GROUP}/namespaces/{namespace}"
    api.delete(f"{of_namespace}/actionapprovals/resize-data-1")
    for rule, number in (("resize", 0), ("resize", 1), ("resize", 2), ("calm", 3)):
        api.delete(f"{of_namespace}/autopilotruleobjects/{rule}-pvc-uid-of-data-{number}")
    for name in ("resize", "wrong", "calm"):
        api.delete(f"{bodies.GROUP}/autopilotrules/{name}")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_each_rule_is_drawn_with_its_objects_and_what_it_asks(
    looking: Looking, manner: Manner
) -> None:
    page = looking.at(PAGE, manner)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "1 rule cannot be followed and 1 approval waits for you"
    )
    keep(page, "rules", manner)
    asked = page.get_by_role("article", name="Approval resize-data-1")
    expect(asked).to_contain_text("volume/resize resize from 10Gi to 20Gi")
    expect(asked).to_contain_text("PersistentVolumeClaim shop/data-0")
    command = asked.get_by_role("region", name="The command that approves resize-data-1")
    expect(command).to_contain_text("kubectl kubervisor approve resize-data-1 -n ")

    resize = page.get_by_role("article", name="resize", exact=True)
    expect(resize.get_by_text("Its condition holds for 1 of 2 objects.")).to_be_visible()
    states = resize.get_by_role("list", name="Objects of resize by state").get_by_role("listitem")
    expect(states).to_have_text(["1 does not act", "1 waits for an approval", "1 normal"])
    first = resize.get_by_role("list", name="Objects of resize", exact=True)
    expect(first.get_by_text("57.2", exact=True)).to_be_visible()
    expect(first.get_by_text(f"says {bodies.HOSTILE}")).to_be_visible()
    expect(resize.get_by_text("data-2")).to_be_hidden()

    wrong = page.get_by_role("article", name="wrong")
    expect(wrong.get_by_text("Spec invalid", exact=True)).to_be_visible()
    expect(wrong.get_by_text("It is not followed")).to_be_visible()
    expect(page.get_by_role("article", name="calm").get_by_text("dry run")).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert overflow(page) <= 0


@pytest.mark.usefixtures("three")
def test_it_is_for_everybody(looking: Looking) -> None:
    page = looking.at(PAGE, axe=True)
    expect(page.get_by_role("article", name="resize", exact=True)).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []


@pytest.mark.usefixtures("three")
def test_the_keyboard_comes_there_and_a_change_is_shown(world: World, looking: Looking) -> None:
    page = looking.at("/")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Rules")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    expect(link).to_have_attribute("aria-current", "page")
    rest = page.get_by_role("article", name="resize", exact=True).get_by_text("1 more object")
    rest.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("data-2")).to_be_visible()
    api, namespace = world.scene.api, world.scene.namespace
    acting = {**bodies.awaiting(time.time(), ""), "state": "ActiveActionsInProgress"}
    bodies.put(api, bodies.an_object("calm", "data-3", acting), namespace)
    calm = page.get_by_role("article", name="calm")
    expect(calm.get_by_text("Acts", exact=True)).to_be_visible()
    assert page.get_by_role("log").inner_text() == "Rule calm: Acts"
    expect(page.get_by_text("data-2")).to_be_visible()


def test_without_any_it_says_what_a_rule_is(looking: Looking) -> None:
    page = looking.at(PAGE)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no remediation rule yet")
    expect(page.get_by_text("AutopilotRule", exact=True)).to_be_visible()
    keep(page, "rules-none", Manner())
