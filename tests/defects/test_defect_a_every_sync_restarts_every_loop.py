"""The original rebuilt all loops at each sync, so churn and many objects silenced the breakers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playground.detector import Detector
from playground.fleet import Fleet
from tests.integration.guard import PATIENCE, Guard, evaluations, until
from tests.integration.specs import custom, guarding, path_of

HEARTBEAT = 0.2


@contextmanager
def each(seconds: float, act: Callable[[int], None]) -> Iterator[None]:
    """Act again and again while the block runs."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.wait(seconds):
            number += 1
            act(number)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def beat(fleet: Fleet, number: int) -> None:
    """What a kubelet and other controllers write all day long."""
    for pod in fleet.pods():
        fleet.annotate(pod, "example.com/seen", str(number))
    fleet.api.merge(
        fleet.service_path, {"metadata": {"annotations": {"example.com/seen": str(number)}}}
    )


def test_heartbeats_of_pods_and_service_neither_delay_evaluations_nor_cause_writes(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("churn", 3) as fleet:
        guard.apply("churn", guarding("churn", custom(detector.address, period=1)))
        guard.wait_guarding("churn")
        evaluations(detector, 2)
        settled = guard.get("churn")["metadata"]["resourceVersion"]

        with each(HEARTBEAT, lambda number: beat(fleet, number)):
            evaluations(detector, 5)
            assert guard.get("churn")["metadata"]["resourceVersion"] == settled

            outlier = fleet.serving()[0]
            detector.outliers(outlier)
            fleet.wait(lambda f: outlier.name not in f.in_slices(), PATIENCE, "the outlier is out")
        guard.delete("churn")


def test_a_period_longer_than_the_time_between_syncs_is_kept(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("slow", 1):
        guard.apply("slow", guarding("slow", custom(detector.address, period=2)))
        path = path_of(guard.namespace, "slow")

        def sync(number: int) -> None:
            guard.api.merge(path, {"metadata": {"labels": {"example.com/seen": str(number)}}})

        with each(HEARTBEAT, sync):
            evaluations(detector, 3)
        guard.delete("slow")


def test_ten_objects_are_all_evaluated_and_each_loses_its_outlier(
    guard: Guard, detector: Detector
) -> None:
    count = 10
    with guard.fleet("many", 2 * count) as fleet:
        pods = fleet.pods()
        for number, pod in enumerate(pods):
            fleet.label(pod, "slot", str(number % count))
        names = [f"many-{number}" for number in range(count)]
        for number, name in enumerate(names):
            guard.put_service(name, {"app": "many", "slot": str(number)})
            guard.apply(name, guarding(name, custom(f"{detector.address}/{name}")))
        guard.wait_guarding(*names)

        detector.outliers(*pods[:count])
        fleet.wait(
            lambda f: {pod.name for pod in f.out()} == {pod.name for pod in pods[:count]},
            PATIENCE,
            "one of each pair is out",
        )
        so_far = {name: detector.requests.count(f"/{name}") for name in names}
        until(
            lambda: all(detector.requests.count(f"/{n}") > so_far[n] + 2 for n in names),
            "each of them is evaluated three times more",
        )
        for name in names:
            guard.delete(name)
