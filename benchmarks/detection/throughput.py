"""From the bytes that a Prometheus sent to plans: 10,000 Services of 15 pods, one core."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.detection import policies
from kubervisor.runtime import memory
from kubervisor.simulation.guarded import a_pod
from kubervisor.sources.prometheus import MAX_TRUSTED_COMMAS
from kubervisor.sources.vectors import read_vector
from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.measurement import Measurement, Samples
from kubervisor.traffic.model import Fleet, Pod, PodUid, ServiceKey
from kubervisor.traffic.policy import ServicePolicy

SERVICES, PODS = 10_000, 15
OUTLIERS = 100
"""Services with a pod that fails half of its requests: some plans are to hold an ejection."""
REQUESTS = 1200
NOW = 1_800_000_000.0
QUERY = "sum by (namespace, pod) (increase({}[60s]))"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one step of all Services, by part, and how many ejections it planned."""

    reading: float
    judging: float
    planning: float
    ejections: int

    @property
    def total(self) -> float:
        """All of it."""
        return self.reading + self.judging + self.planning


def measure(services: int = SERVICES, steps: int = 3) -> Spent:
    """The fastest of several steps; each starts from bytes it has not read before, and from what
    the one before it left in memory: an outlier is ejected in its second.

    The process's memory is settled as in the controller.
    """
    memory.settle()
    policy = _policy()
    fleets = [_fleet(number) for number in range(services)]
    memories = [Memory()] * services
    _, *spent = [_step(policy, fleets, memories, seed) for seed in range(1 + steps)]
    return min(spent, key=lambda one: one.total)


def _policy() -> ServicePolicy:
    """One query for the failures and one for all requests answer for every Service."""
    selected = {name: QUERY.format(selector) for name, selector in policies.SELECTED.items()}
    return policies.policy(policies.ratio(**selected))


def _step(policy: ServicePolicy, fleets: list[Fleet], memories: list[Memory], seed: int) -> Spent:
    (breaker,) = policy.breakers
    failures, requests = _bodies(len(fleets), random.Random(seed))
    began = time.process_time()
    parts = tuple(Measurement(NOW, 60.0, samples=_read(body)) for body in (failures, requests))
    measurement = Measurement(NOW, 60.0, parts=parts)
    read = time.process_time()
    verdicts = [
        judge(breaker, measurement, fleet, now=NOW, peer_group=policy.peer_group)
        for fleet in fleets
    ]
    judged = time.process_time()
    plans = []
    for number, (fleet, verdict) in enumerate(zip(fleets, verdicts, strict=True)):
        memories[number] = remember(memories[number], verdict, steps=breaker.matches.of)
        plans.append(plan_ejections(fleet, verdict, breaker, policy, memories[number], now=NOW))
    planned = time.process_time()
    ejections = sum(len(plan.intents) for plan in plans)
    return Spent(read - began, judged - read, planned - judged, ejections)


def _read(body: bytes) -> Samples:
    """As the controller reads it: it looks for how old the answer is, too."""
    samples = read_vector("Prometheus", [body], "pod", max_commas=MAX_TRUSTED_COMMAS)
    assert samples.oldest == NOW
    return samples


def _fleet(service: int) -> Fleet:
    name = f"service-{service:05}"
    pods = (_pod(service, place) for place in range(PODS))
    return Fleet(ServiceKey(_namespace(service), name), tuple(pods))


def _pod(service: int, place: int) -> Pod:
    name = _pod_name(service, place)
    return replace(
        a_pod(name),
        uid=PodUid(name),
        namespace=_namespace(service),
        claimed_by=f"service-{service:05}",
    )


def _namespace(service: int) -> str:
    return f"team-{service % 100:02}"


def _pod_name(service: int, place: int) -> str:
    return f"service-{service:05}-6f5d9c7b8-{place:05}"


def _bodies(services: int, chance: random.Random) -> tuple[bytes, bytes]:
    """Answers to the two queries: one sample for each pod."""
    counts = [
        (service, place, _failing(service, place, chance))
        for service in range(services)
        for place in range(PODS)
    ]
    failures = (_sample(service, place, failed) for service, place, failed in counts)
    requests = (_sample(service, place, REQUESTS) for service, place, _ in counts)
    return _body(failures), _body(requests)


def _failing(service: int, place: int, chance: random.Random) -> int:
    share = 0.5 if service < OUTLIERS and place == 7 else 0.01
    return round(chance.gauss(share * REQUESTS, 3))


def _sample(service: int, place: int, count: int) -> str:
    labels = f'"namespace":"{_namespace(service)}","pod":"{_pod_name(service, place)}"'
    return f'{{"metric":{{{labels}}},"value":[{NOW},"{max(0, count)}.4"]}}'


def _body(samples: Iterator[str]) -> bytes:
    head = '{"status":"success","data":{"resultType":"vector","result":['
    return (head + ",".join(samples) + "]}}").encode()
