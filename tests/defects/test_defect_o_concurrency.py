"""The original's loops acted on what others had changed: too many paused, too many ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from playground.detector import Detector
from playground.fleet import Fleet
from tests.integration.guard import PATIENCE, Guard, evaluations, is_released, until
from tests.integration.specs import custom, guarding


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_pods_are_paused_than_may_be_whatever_comes_at_once(
    guard: Guard, detector: Detector, most: int
) -> None:
    with guard.fleet("pauses", 6) as fleet:
        pause = {
            "mode": "retryAndPause",
            "period": 600,
            "maxRetryCount": 0,
            "maxPauseCount": most,
        }
        breakers = [
            custom(f"{detector.address}/{n}", name=f"b{n}", minPodsAvailableCount=2)
            for n in range(3)
        ]
        old = {pod.name for pod in fleet.pods()[:4]}
        seen: list[int] = []

        def settled(f: Fleet) -> bool:
            paused = [pod for pod in f.pods() if pod.traffic == "pause"]
            seen.append(len(paused))
            left = old & {pod.name for pod in f.pods()}
            return left == {pod.name for pod in paused} and len(paused) == most

        guard.apply("pauses", guarding("pauses", *breakers, defaultActivator=pause))
        guard.wait_guarding("pauses")
        detector.outliers(*fleet.pods()[:4])
        fleet.wait(settled, PATIENCE, "as many as may be are paused, the others are replaced")
        evaluations(detector, 6)
        assert settled(fleet)
        assert max(seen) == most
        detector.outliers()
        guard.delete("pauses")


def test_objects_that_come_and_go_leave_neither_threads_nor_pods_behind(
    guard: Guard, detector: Detector
) -> None:
    names = [f"brief-{number}" for number in range(4)]
    threads = _threads(guard)
    workers = guard.controller.metric("kubervisor_workers")
    with guard.fleet("brief", 6) as fleet:
        for number, pod in enumerate(fleet.pods()):
            fleet.label(pod, "slot", str(number % 2))

        def come_and_go(number: int) -> None:
            name = names[number]
            path = guard.put_service(name, {"app": "brief", "slot": str(number % 2)})
            for round_ in range(2):
                spec = guarding(name, custom(f"{detector.address}/{name}/{round_}"))
                guard.apply(name, spec)
                guard.wait(name, lambda b: bool(b.get("status", {}).get("conditions")))
                guard.delete(name)
            guard.api.delete(path)

        detector.outliers(*fleet.pods())
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(come_and_go, range(len(names))))
        fleet.wait(
            lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all pods are released"
        )
        until(lambda: guard.controller.metric("kubervisor_workers") == workers, "no worker is left")
        # Threads that fetch, or take steps, end when they have been idle for half a minute.
        until(lambda: _threads(guard) <= threads + 8, "no thread of theirs is left", 2 * PATIENCE)


def _threads(guard: Guard) -> int:
    status = Path(f"/proc/{guard.controller.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])
