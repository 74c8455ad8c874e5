"""What pods' watchdogs say stands beside the pod, and in the evidence of what was done to it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from kubervisor import instants
from tests.dashboard.conftest import World
from tests.dashboard.hostile import EVIDENCE, SCRIPT
from tests.dashboard.looking import MANNERS, Looking, Manner, keep, overflow, violations
from tests.e2e.scene import FOREVER, WITHIN

WATCHED = "watched"


@pytest.fixture(scope="module")
def path(world: World) -> Iterator[str]:
    """The page of a fleet of which one pod is out, as its watchdog `disk` says error."""
    fleet = world.scene.fleet(3, WATCHED)
    sick, other, _ = fleet.pods()
    for pod in (sick, other):
        fleet.annotate(pod, "probe.autocrane.io/disk", "POD_IP:8080/disk")
    since = instants.render(time.time() - 90, "seconds")
    fleet.annotate(sick, "status.autocrane.io/disk", f"error/{since}/no space left on /data")
    fleet.annotate(sick, "status.autocrane.io/hostile", f"warning/{since}/{EVIDENCE}")
    fleet.annotate(sick, "expiry.autocrane.io/hostile", since)
    breaker = {
        "name": "disk",
        "evaluationPeriod": 0.5,
        "watchdog": {"names": ["disk"], "warmUp": "0s"},
    }
    world.scene.guard(breaker, name=WATCHED, service=WATCHED, defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it is out")
    yield world.path(WATCHED)
    world.scene.delete_guard(WATCHED)
    world.scene.wait_guard_gone(WATCHED)


@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_they_are_told_in_words(path: str, looking: Looking, manner: Manner) -> None:
    page = looking.at(path, manner)
    panel = page.get_by_role("region", name="Evidence")
    expect(
        panel.get_by_text("Its watchdog disk says error: no space left on /data")
    ).to_be_visible()
    told = panel.get_by_label("The pod's watchdogs now")
    expect(told.get_by_role("term")).to_have_text(["watchdog disk", "watchdog hostile"])
    expect(told.get_by_text("posted", exact=True)).to_be_visible()
    expect(told.get_by_text("expired", exact=True)).to_be_visible()
    expect(told.get_by_text(SCRIPT)).to_be_visible()
    pods = page.get_by_role("region", name="Pods, scrollable")
    expect(pods.get_by_text("watchdog disk says error")).to_be_visible()
    keep(page, "watchdogs", manner)
    assert page.evaluate("window.owned") is None
    assert overflow(page) <= 0


def test_they_are_for_everybody(path: str, looking: Looking) -> None:
    page = looking.at(path, axe=True)
    expect(page.get_by_label("The pod's watchdogs now")).to_be_visible()
    assert violations(page) == []
