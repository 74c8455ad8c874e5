"""Clocks that step and run at other rates: nobody is freed or held longer, nobody loses the lease.

Debian's libfaketime gives the controller a wall clock of its own. The monotonic clock stays alone:
libfaketime cannot change its rate without hanging every wait.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from kubervisor.assembly import find_lease_name
from kubervisor.settings import Settings
from playground.controller import Controller
from playground.fleet_pod import Pod
from tests.e2e.scene import WITHIN, Scene
from tests.faults.conftest import Figure

pytestmark = pytest.mark.long

PERIOD = 4.0
INSTALL = ("apt-get", "install", "--yes", "--quiet", "faketime")


@pytest.fixture(scope="module")
def faketime() -> Path:
    """The library, installed where it is missing and we may."""
    if not _libraries() and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(INSTALL, check=False, capture_output=True)
    found = _libraries()
    if not found:
        pytest.fail(f"libfaketime is missing: {' '.join(INSTALL)}", pytrace=False)
    return found[0]


def _libraries() -> list[Path]:
    return sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class Clock:
    """The wall clock of one process; `says` is libfaketime's word for what it shows."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._file = folder / "clock"
        self.says("+0")
        self.env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def says(self, text: str) -> None:
        """Show another time from now on."""
        self._file.write_text(f"{text}\n")


@pytest.fixture
def clock(faketime: Path, tmp_path: Path) -> Clock:
    """A clock that shows the right time at first."""
    return Clock(faketime, tmp_path)


def out_for(scene: Scene, pod: Pod, clock: Clock, then: str) -> float:
    """Seconds that a pod is out when the clock says something else as soon as it has left."""
    before, returned = len(scene.ejections()), len(scene.returns())
    scene.detector.outliers(pod)
    scene.observer.wait(lambda o: len(o.ejections) > before, WITHIN, "it is out")
    began = time.monotonic()
    scene.detector.outliers()
    clock.says(then)
    scene.observer.wait(lambda o: len(o.returns) > returned, WITHIN, "it is back")
    return time.monotonic() - began


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(("+3600", "+0"), id="fault_05_an_hour_ahead_and_back"),
        pytest.param(("-3600", "+0"), id="fault_05_an_hour_back_and_ahead"),
        pytest.param(("+0 x2", "+0 x0.5"), id="fault_05_twice_and_half_as_fast"),
    ],
)
def test_a_step_neither_frees_nor_holds_nor_unseats(
    steps: tuple[str, str], scene: Scene, clock: Clock, figure: Figure
) -> None:
    controller, pod = guarding(scene, clock)
    lasted = [out_for(scene, pod, clock, then) for then in steps]
    assert all(PERIOD - 1 <= seconds <= PERIOD + 2 for seconds in lasted), lasted
    assert controller.metric("kubervisor_leader") == 1
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{scene.namespace}/leases"
    lease = scene.api.get(f"{leases}/{find_lease_name(Settings(namespaces=(scene.namespace,)))}")
    assert lease["spec"]["leaseTransitions"] == 1
    figure(f"a hold of {PERIOD:g} s lasted {lasted[0]:.1f} and {lasted[1]:.1f} s")


def test_fault_05_a_restart_an_hour_back_holds_no_longer_than_a_period(
    scene: Scene, clock: Clock, figure: Figure
) -> None:
    """The pod says until when it is out, by a clock that was an hour ahead."""
    clock.says("+3600")
    controller, pod = guarding(scene, clock)
    scene.detector.outliers(pod)
    scene.observer.wait(lambda o: o.ejections, WITHIN, "it is out")
    scene.detector.outliers()
    controller.stop()
    clock.says("+0")
    controller.restart()
    began = time.monotonic()
    scene.observer.wait(lambda o: o.returns, WITHIN, "it is back")
    took = time.monotonic() - began
    assert took <= PERIOD + 3
    figure(f"back {took:.1f} s after the restart")


def guarding(scene: Scene, clock: Clock) -> tuple[Controller, Pod]:
    """A controller by that clock, and a pod of a fleet whose holds last PERIOD seconds."""
    controller = scene.controller(env=clock.env)
    pod = scene.fleet(4).pods()[0]
    scene.guard(scene.breaker(), defaultActivator={"period": PERIOD})
    scene.wait_condition("Ready")
    return controller, pod
