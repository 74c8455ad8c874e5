"""What must not be lost again, as ratios of costs on the same machine in the same second."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import msgspec

from benchmarks.scale.world import World
from kubervisor.api.policy import to_policy
from kubervisor.kube import wire
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import decode_pod, decode_service
from kubervisor.kube.watch_events import read_event
from kubervisor.kube.watches import Caches
from kubervisor.runtime.gather import Gatherer
from kubervisor.sources.answers import read_vector
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import ServiceKey

ROUNDS = 7


def _cost(work: Callable[[], object]) -> float:
    """Processor time of this thread for `work`, the least of several rounds."""
    costs = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        work()
        costs.append(time.thread_time_ns() - began)
    return float(min(costs))


def _filled(world: World) -> Caches:
    caches = Caches()
    caches.pods.replace([decode_pod(world.pod(number, 5)) for number in range(world.pods)])
    services = (msgspec.json.encode(world.service(number)) for number in range(world.services))
    caches.services.replace([decode_service(service) for service in services])
    return caches


def _step(world: World) -> Callable[[], object]:
    """Gathering and judging the fleet of the first Service of `world`."""
    caches = _filled(world)
    gatherer = Gatherer(caches.pods, caches.services, Overlay())
    breaker = to_policy(world.guard(0)["spec"], name=world.name(0)).breakers[0]
    samples = read_vector("stub", world.answer(), max_commas=1_000_000)
    measurement = Measurement(time.time(), window=60.0, samples=samples)
    name, key = world.name(0), ServiceKey(world.namespace(0), world.name(0))

    def step() -> None:
        members = gatherer.members(key, {"app.kubernetes.io/name": name})
        fleet = gatherer.fleet(key, name, members, unreplaced=0)
        assert fleet.size == world.size
        judge(breaker, measurement, fleet, now=time.time())

    step()  # what all Services share is indexed once
    return step


def test_a_step_costs_the_same_among_few_services_of_a_namespace_and_among_many() -> None:
    few, many = (_step(World(count, size=20, per_namespace=count)) for count in (5, 400))
    assert _cost(many) < 3 * _cost(few)


def test_a_step_costs_no_more_than_in_proportion_to_its_fleet() -> None:
    small, large = (_step(World(5, size=size)) for size in (20, 320))
    assert _cost(large) < 2 * 16 * _cost(small)


def test_taking_in_an_event_costs_a_few_times_its_bare_decoding() -> None:
    world, caches = World(2, size=100), Caches()
    bodies = [world.pod(number, 7) for number in range(world.pods)]
    lines = [b'{"type":"MODIFIED","object":%b}' % body for body in bodies]

    def take_in() -> None:
        for line in lines:
            caches.pods.upsert(decode_pod(read_event("/api/v1/pods", line).object))

    def only_decode() -> None:
        for body in bodies:
            wire.pods.decode(body)

    assert _cost(take_in) < 8 * _cost(only_decode)


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
