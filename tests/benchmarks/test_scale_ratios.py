"""What must not be lost again, as ratios of costs on the same machine in the same second.

Each floor is code that is not ours, so that what becomes dearer cannot raise it too. The bounds are
half as much again as was measured: twice the cost fails, the mood of a machine does not.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from benchmarks.scale.world import World
from kubervisor.api.policy import to_policy
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import decode_pod, decode_pod_event, decode_service
from kubervisor.kube.watch_events import WatchEvent, read_event
from kubervisor.kube.watches import Caches
from kubervisor.runtime.gather import Gatherer
from kubervisor.sources.vectors import read_vector
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet, ServiceKey

Work = Callable[[], object]
ROUNDS = 15
WORLD = World(2, size=100)
NUMBERS = [float(number) for number in range(WORLD.size)]


class _Skipped(msgspec.Struct):
    """Decoding to it reads all of the JSON and keeps nothing."""


_skip = msgspec.json.Decoder(_Skipped).decode


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage of other tests is collected at no one's expense."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _ratio(work: Work, floor: Work) -> float:
    """Processor time of `work` in that of `floor`: each the least of rounds in turn."""
    costs: list[tuple[int, int]] = []
    with _no_collection():
        for _ in range(ROUNDS):
            began = time.thread_time_ns()
            work()
            between = time.thread_time_ns()
            floor()
            costs.append((between - began, time.thread_time_ns() - between))
    return min(ours for ours, _ in costs) / min(least for _, least in costs)


def _filled(world: World) -> Caches:
    caches = Caches()
    caches.pods.replace([decode_pod(world.pod(number, 5)) for number in range(world.pods)])
    services = (msgspec.json.encode(world.service(number)) for number in range(world.services))
    caches.services.replace([decode_service(service) for service in services])
    return caches


def _gather(world: World) -> Callable[[], Fleet]:
    """Gathering the fleet of the first Service of `world`."""
    caches = _filled(world)
    gatherer = Gatherer(caches.pods, caches.services, Overlay())
    name, key = world.name(0), ServiceKey(world.namespace(0), world.name(0))

    def gather() -> Fleet:
        fleet = gatherer.fleet(key, {"app.kubernetes.io/name": name})
        return gatherer.with_neighbours(fleet, name)

    assert gather().size == world.size  # what all Services share is indexed with the first one
    return gather


def _judge(world: World, gather: Callable[[], Fleet]) -> Work:
    """Judging what `gather` returns, by the answer for the whole `world`."""
    breaker = to_policy(world.guard(0)["spec"], name=world.name(0)).breakers[0]
    samples = read_vector("stub", [world.answer()], "pod", max_commas=1_000_000)
    measurement = Measurement(time.time(), window=60.0, samples=samples)
    return lambda: judge(breaker, measurement, gather(), now=measurement.taken_at)


def _step(world: World) -> Work:
    return _repeated(_judge(world, _gather(world)), 20)


def _repeated(work: Work, times: int) -> Work:
    """So often that it takes longer than a clock's tick."""

    def repeated() -> None:
        for _ in range(times):
            work()

    return repeated


def _decoding() -> tuple[Work, Work]:
    bodies = [WORLD.pod(number, 7) for number in range(WORLD.pods)]
    return lambda: [decode_pod(body) for body in bodies], lambda: [_skip(body) for body in bodies]


def _taking_in() -> tuple[Work, Work]:
    caches = _filled(WORLD)
    versions = [WORLD.pod(number, 7, restarts=3) for number in range(WORLD.pods)]
    lines = [b'{"type":"MODIFIED","object":%b}' % body for body in versions]

    def take_in() -> None:
        for line in lines:
            event = read_event("/api/v1/pods", line, decode_pod, decode_pod_event)
            assert isinstance(event, WatchEvent)
            caches.pods.upsert(event.record)

    return take_in, lambda: [_skip(line) for line in lines]


def _answering() -> tuple[Work, Work]:
    answer = WORLD.answer()
    return (
        lambda: read_vector("stub", [answer], "pod", max_commas=1_000_000),
        lambda: msgspec.json.decode(answer),
    )


def _add_up() -> float:
    total = 0.0
    for number in NUMBERS:
        total += number
    return total


def _gathering() -> tuple[Work, Work]:
    return _repeated(_gather(WORLD), 100), _repeated(_add_up, 100)


def _judging() -> tuple[Work, Work]:
    fleet = _gather(WORLD)()
    return _repeated(_judge(WORLD, lambda: fleet), 100), _repeated(_add_up, 100)


@pytest.mark.parametrize(
    ("costs", "most"),
    [
        pytest.param(_decoding, 3.6, id="decoding a pod, beside skipping its JSON"),
        pytest.param(_taking_in, 4.2, id="taking in an event, beside skipping its JSON"),
        pytest.param(_answering, 3.8, id="reading an answer, beside decoding it to plain objects"),
        pytest.param(
            _gathering, 46, id="gathering a fleet, beside adding up a number for each pod"
        ),
        pytest.param(_judging, 26, id="judging a fleet, beside adding up a number for each pod"),
    ],
)
def test_what_runs_most_costs_no_more_than_it_did(
    costs: Callable[[], tuple[Work, Work]], most: float
) -> None:
    assert _ratio(*costs()) < most


def test_a_step_costs_the_same_among_few_services_of_a_namespace_and_among_many() -> None:
    few, many = (_step(World(count, size=20, per_namespace=count)) for count in (5, 400))
    assert _ratio(many, few) < 1.5


def test_a_step_costs_no_more_than_in_proportion_to_its_fleet() -> None:
    small, large = (_step(World(5, size=size)) for size in (20, 320))
    assert _ratio(large, small) < 1.5 * 16


def test_a_pod_in_the_caches_takes_a_quarter_of_its_json_at_most() -> None:
    world = World(20, size=50)
    _filled(world)  # what is imported and interned with the first use
    tracemalloc.start()
    try:
        caches = _filled(World(20, size=50))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(caches.pods) == world.pods
    assert taken < world.pods * len(world.pod(0, 5)) / 4
