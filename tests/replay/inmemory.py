"""The runtime's own Breaker, Activator and Actuator on pods in memory, by a clock of the test's.

Only the edges are stand-ins: the API server that stores what is written, and the source. Everything
that decides, and everything that leads from one decision to the next, is what `run` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import structlog

from kubervisor.runtime.act import Actuator
from kubervisor.runtime.activator import Activator
from kubervisor.runtime.assignment import Assignment, Stance
from kubervisor.runtime.breaker import Breaker
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.desk import Desk, Shared
from kubervisor.runtime.fetching import Answer
from kubervisor.runtime.gather import Look
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.measurement import Measurement, NamedPod, Sample
from kubervisor.traffic.model import Ejection, Fleet, Pod, PodUid, ServiceKey, Traffic
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason

Write = tuple[str, str, str, int]
"""What was written to which pod: the breaker or reason, and the pod's retries."""


@dataclass(slots=True)
class Store:
    """The API server: pods, and the log of what was written to them."""

    pods: dict[PodUid, Pod] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)

    def eject(self, pod: Pod, name: str, breaker: str, **said: Any) -> Pod:
        self.writes.append(("eject", pod.name, breaker, said["retries"]))
        ejection = Ejection(
            said["id"],
            breaker,
            said["at"],
            said["until"],
            owner_uid=pod.owner.uid if pod.owner else "",
        )
        return self._store(
            replace(pod, traffic=Traffic.NO, ejection=ejection, retries=said["retries"])
        )

    def give_back(self, pod: Pod, reason: str, at: float) -> Pod:
        self.writes.append(("return", pod.name, reason, pod.retries))
        return self._store(replace(pod, traffic=Traffic.YES, ejection=None, returned_at=at))

    def pause(self, pod: Pod, **_: Any) -> Pod:
        self.writes.append(("pause", pod.name, "", pod.retries))
        return self._store(replace(pod, traffic=Traffic.PAUSE))

    def evict(self, pod: Pod) -> None:
        self.writes.append(("terminate", pod.name, "", pod.retries))
        del self.pods[pod.uid]

    def _store(self, pod: Pod) -> Pod:
        self.pods[pod.uid] = pod
        return pod

    # The Gatherer's part

    def look(self, namespace: str, selector: object) -> Look:
        return Look(tuple(sorted(self.pods.values(), key=lambda pod: pod.name)), {})

    def claimed(self, key: ServiceKey) -> tuple[Pod, ...]:
        return self.look(key.namespace, {}).pods

    def in_doubt(self, members: object) -> tuple[Pod, ...]:
        return ()

    def with_neighbours(self, fleet: Fleet, service: str) -> Fleet:
        return fleet

    def alone(
        self, key: ServiceKey, members: tuple[Pod, ...], writes: object, *, unreplaced: int
    ) -> Fleet:
        return Fleet(key, members, unreplaced=unreplaced)


class Asked:
    """The source and the pool that asks it: whatever is asked is answered at once."""

    def __init__(self, answer: Callable[[str], Measurement], now: Callable[[], float]) -> None:
        self._answer, self._now = answer, now

    def admits(self, *_: object) -> bool:
        return True

    def query(self, source: object, promql: str, **_: Any) -> Collection[Sample]:
        return self._answer(promql).samples

    def ask_detector(self, source: object, **_: Any) -> tuple[NamedPod, ...]:
        return self._answer(str(source)).named

    def ask(self, source: str, question: object, fetch: Any, **more: Any) -> Answer:
        answer = Answer(source, self._now(), self._now() + 1.0, fetch)
        answer.run(1.0)
        answer.done = True
        return answer


class Runtime:
    """One KubervisorService under guard; `answer` is asked with a query, or with a detector's
    address.
    """

    def __init__(
        self,
        key: ServiceKey,
        policy: ServicePolicy,
        pods: list[Pod],
        answer: Callable[[str], Measurement],
    ) -> None:
        self.now = 0.0
        self.store = Store({pod.uid: pod for pod in pods})
        asked = Asked(answer, lambda: self.now)
        nothing: Any = SimpleNamespace(record=lambda *_, **__: None)
        sources: Any = SimpleNamespace(
            admits=asked.admits, query=asked.query, ask=asked.ask_detector
        )
        stance = Stance.DRY_RUN if policy.dry_run else Stance.GUARD
        clock = Clock(wall=lambda: self.now, monotonic=lambda: self.now)
        shared = Shared(
            gatherer=cast("Any", self.store),
            sources=sources,
            fetches=cast("Any", asked),
            scraping=nothing,
            ejections=cast("Any", SimpleNamespace(take=lambda _: 0.0)),
            clock=clock,
            log=structlog.get_logger(),
            events=nothing,
            check=lambda: None,
            epoch=lambda: 1,
            changed=lambda _: None,
            exists=lambda *_: True,
            bounds=Bounds(),
            breakers=Scheduler("breaker", clock),
            activators=Scheduler("activator", clock),
        )
        assignment = Assignment(key, "uid", 1, policy, stance, Reason.GUARDING, "", active=True)
        self._desk = Desk(assignment, shared)
        spec = SimpleNamespace(deleting=False, uid="uid")
        actuator = Actuator(
            cast("Any", self.store),
            cast("Any", SimpleNamespace(declare=lambda *_: None, claim=lambda *_: False)),
            cast("Any", SimpleNamespace(get=lambda *_: spec)),
            cast("Any", SimpleNamespace(catch_up=lambda _: None, confirm=lambda *_, **__: None)),
        )
        self._breaker = Breaker(self._desk, actuator, wake=lambda: None, unsettled=lambda: None)
        self._activator = Activator(self._desk, actuator)

    def evaluate(self, breaker: BreakerPolicy, now: float) -> list[Write]:
        """One evaluation of `breaker`, of no other; what it wrote."""
        self.now = now
        due = self._breaker._due
        self._breaker._keep(self._desk.assignment.policy.breakers)
        due.update({other: now if other == breaker else now + 1e6 for other in due})
        return self._written(self._breaker.step)

    def activate(self, now: float) -> list[Write]:
        """The Activator's steps, until one writes nothing: each write wakes it again."""
        self.now = now
        done: list[Write] = []
        while written := self._written(self._activator.step):
            done += written
        return done

    def _written(self, step: Callable[[], float]) -> list[Write]:
        before = len(self.store.writes)
        step()
        return self.store.writes[before:]
