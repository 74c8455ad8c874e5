"""Another threshold is tried in the browser, on the scores and decisions that are there."""

from __future__ import annotations

from playwright.sync_api import expect

from playground.faults import Fault
from tests.dashboard.conftest import SHOP, World
from tests.dashboard.looking import USUAL, Looking, keep
from tests.e2e.scene import WITHIN, names


def test_a_slider_says_which_decisions_would_have_been_others(
    world: World, looking: Looking
) -> None:
    eject_one(world)
    page = looking.at(f"{world.path(SHOP)}/what-if")
    judged = page.get_by_role("list", name="Decisions judged again").get_by_role("listitem")
    expect(judged.filter(has_text="Ejected").first).to_contain_text("the same")

    effect = page.get_by_role("slider", name="Smallest excess")
    effect.focus()
    page.keyboard.press("End")
    expect(judged.filter(has_text="Ejected").first).to_contain_text("would not have been")
    expect(page.get_by_role("status").filter(has_text="would not have been")).to_be_visible()
    keep(page, "what-if", USUAL)
    expect(page.get_by_text("Later consequences are not replayed")).to_be_visible()
    expect(page.get_by_text("kubervisor backtest")).to_be_visible()

    page.keyboard.press("Home")
    page.get_by_role("button", name="Reset").last.click()
    expect(judged.filter(has_text="Ejected").first).to_contain_text("the same")


def eject_one(world: World) -> None:
    """Return once a pod of the shop is out, and well again."""
    fleet = world.shop.fleet
    pod = fleet.pods()[-1]
    world.shop.break_pod(pod, Fault(errors=0.5))
    fleet.wait(lambda f: pod.name in names(f.out()), WITHIN, "it is out")
    world.shop.heal_pod(pod)
