"""The pages follow what happens by themselves, and say so when they no longer can."""

from __future__ import annotations

import re
import signal

from playwright.sync_api import Locator, Page, expect

from playground.faults import Fault
from playground.fleet_pod import Pod
from tests.dashboard.conftest import CART, SHOP, World
from tests.dashboard.looking import LOST, USUAL, Looking, keep
from tests.e2e import invariants as rules
from tests.e2e.scene import WITHIN

SHARE = re.compile(r"\(([\d.]+) %\) failed")
NOBODY_OUT = re.compile(r"^(?!.*ejected).*; floor 3 pods$")
ONE_OUT = re.compile(r"\b1 ejected; floor 3 pods$")
SILENT = 26
"""Seconds after which a stream that says nothing counts as lost."""


def test_an_ejection_appears_with_its_evidence_and_so_does_the_return(
    world: World, looking: Looking
) -> None:
    fleet, page = looking.at(world.path()), looking.at(world.path(SHOP))
    pod = world.shop.fleet.pods()[1]
    expect(page.get_by_role("img", name=NOBODY_OUT)).to_be_visible()

    world.shop.break_pod(pod, Fault(errors=0.5))
    expect(page.get_by_role("img", name=ONE_OUT)).to_be_visible()
    world.shop.heal_pod(pod)
    out = fleet.get_by_role("region", name="Out of traffic now")
    expect(out.get_by_text(pod.name)).to_be_visible()
    said = evidence(world, pod)
    expect(out.get_by_text(said)).to_be_visible()
    keep(page, "an-ejection", USUAL)

    expect(page.get_by_role("img", name=NOBODY_OUT)).to_be_visible()
    expect(out.get_by_text(pod.name)).to_have_count(0)
    expect(decision(page, "Returned", pod)).to_have_attribute("aria-expanded", "true")

    decision(page, "Ejected", pod).click()
    panel = page.get_by_role("region", name="Evidence")
    share = SHARE.search(said)
    assert share is not None
    value = panel.get_by_role("definition").filter(has_text=f"{float(share[1]):.3g} %")
    expect(value.first).to_be_visible()
    expect(panel.get_by_text(said)).to_be_visible()


def test_a_controller_that_ends_is_missed_and_the_next_one_found(
    world: World, looking: Looking
) -> None:
    page = looking.at(world.path(CART), forgive=LOST)
    world.controller.stop()
    expect(page.get_by_text("Connection lost")).to_be_visible()
    expect(page.get_by_text(world.ejected.name).first).to_be_visible()

    world.controller.restart()
    is_live(page)
    expect(page.get_by_role("note")).to_have_count(0)  # it leads


def test_a_controller_that_freezes_is_missed(world: World, looking: Looking) -> None:
    page = looking.at(world.path(CART), forgive=LOST)
    page.clock.install()
    page.reload()
    is_live(page)
    world.controller.send_signal(signal.SIGSTOP)
    try:
        for _ in range(2):  # an event may have been on its way
            page.clock.fast_forward(1000 * SILENT)
        expect(page.get_by_text("Connection lost")).to_be_visible()
    finally:
        world.controller.send_signal(signal.SIGCONT)
    page.clock.run_for(1000 * SILENT)
    is_live(page)


def test_a_controller_that_waits_for_the_lease_says_so(world: World, looking: Looking) -> None:
    standby = world.scene.controller()
    with Looking(looking.browser, standby.dashboard) as elsewhere:
        page = elsewhere.at(world.path())
        expect(page.get_by_role("note")).to_contain_text("stands by")
        expect(page.get_by_role("table").get_by_role("link", name=CART)).to_be_visible()
    standby.stop()


def evidence(world: World, pod: Pod) -> str:
    """What the ejection says on the pod itself."""
    (last,) = [one for one in world.scene.ejections() if one.pod == pod.name][-1:]
    return rules.notes(last.body)[rules.EVIDENCE]


def decision(page: Page, action: str, pod: Pod) -> Locator:
    """The newest decision of that kind on a pod."""
    return page.get_by_role("button").filter(has_text=action).filter(has_text=pod.name).first


def is_live(page: Page) -> None:
    live = page.get_by_role("status").get_by_text("Live", exact=True)
    expect(live).to_be_visible(timeout=1000 * WITHIN)
