"""Kubervisor as the decider: the Guard, whose code is that of `run`, on the simulated pods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kubervisor.replay.guard import Guard
from kubervisor.replay.outcomes import Ejected, GivenBack, Paused, Terminated
from kubervisor.simulation.answers import NAMESPACE, Answers, pod_name
from kubervisor.simulation.loop import Decider, Hire
from kubervisor.simulation.quiet import QuietSteps
from kubervisor.simulation.record import Action, Did, Mask
from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.scraping import EPOCH, Scraper
from kubervisor.simulation.screens import quiet_steps
from kubervisor.simulation.world import World
from kubervisor.traffic.model import Owner, Pod, PodUid, ServiceKey
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy

KEY = ServiceKey(NAMESPACE, "simulated")
AGE = 3600.0
"""Seconds for which the pods of a scenario have run when it begins."""
REPLACED_AFTER = 10.0
"""Seconds until a new pod serves in place of a terminated one."""


def guarded_by(policy: ServicePolicy) -> Hire:
    """A decider for each run that guards the fleet as `policy` says."""

    def hire(world: World, scraper: Scraper, rng: np.random.Generator) -> Decider:
        return Guarded(policy, world, scraper, rng)

    return hire


@dataclass(slots=True)
class _Watch:
    """One breaker: what answers it, and when it is due (None: no more, as it stands)."""

    policy: BreakerPolicy
    answers: Answers
    quiet: QuietSteps
    due: int | None


class Guarded:
    """Guards the simulated fleet under one policy."""

    def __init__(
        self, policy: ServicePolicy, world: World, scraper: Scraper, rng: np.random.Generator
    ) -> None:
        self._world, self._scraper, self._tick = world, scraper, world.scenario.tick
        self.guard = Guard(KEY, policy)
        self._pods = [
            a_pod(pod_name(number), "new" if number in world.scenario.new else "old")
            for number in range(world.scenario.pods)
        ]
        self._numbers = {pod.name: number for number, pod in enumerate(self._pods)}
        self.guard.admit(self._pods)
        self.serving: Mask = world.serving
        self._restarts = _restarts(world.scenario)
        self._replaced: dict[int, int] = {}
        self._watches = [self._watch(breaker, rng) for breaker in policy.breakers]

    def _watch(self, breaker: BreakerPolicy, rng: np.random.Generator) -> _Watch:
        world, scraper = self._world, self._scraper
        first = int(rng.integers(1, max(1, round(breaker.period / self._tick)) + 1))
        quiet = quiet_steps(world, scraper, breaker, self.guard.policy.peer_group, first=first)
        return _Watch(breaker, Answers(world, scraper, breaker.detector), quiet, 0)

    def next_tick(self, after: int) -> int | None:
        """The earliest of: a step that may matter, a return, a restart, a replacement."""
        for watch in self._watches:
            if watch.due is not None and watch.due <= after:
                watch.due = watch.quiet.next_step(after, self.serving)
        return min((tick for tick in self._upcoming(after) if tick > after), default=None)

    def _upcoming(self, after: int) -> Iterator[int]:
        yield from (watch.due for watch in self._watches if watch.due is not None)
        yield from self._restarts
        yield from self._replaced.values()
        back = self.guard.next_return
        if back is not None:
            yield max(after + 1, math.ceil((back - EPOCH) / self._tick))

    def act(self, tick: int) -> Sequence[Action]:
        """New pods first, then returns, then the breakers that are due."""
        now = EPOCH + tick * self._tick
        actions = self._arrivals(tick)
        for ended in self.guard.give_back(now):
            actions.append(self._ended(ended, tick))
        for watch in self._watches:
            if watch.due == tick:
                step = self.guard.evaluate(watch.policy, watch.answers.at(tick), now)
                actions += [self._judged(found) for found in step.ejected]
                if step.verdict.outliers:
                    watch.quiet.outlier_at(tick)
        self._follow(tick)
        return actions

    def _follow(self, tick: int) -> None:
        """Who serves now; where that changed, other steps matter than a moment before."""
        names = {pod.name for pod in self.guard.fleet.serving}
        serving = np.array([pod.name in names for pod in self._pods])
        if np.array_equal(serving, self.serving):
            return
        self.serving = serving
        for watch in self._watches:
            watch.due = tick

    def _arrivals(self, tick: int) -> list[Action]:
        """Containers that start anew, and pods in place of terminated ones."""
        actions = []
        for pod in self._restarts.pop(tick, ()):
            started = EPOCH + tick * self._tick
            self._pods[pod] = replace(self._pods[pod], started_at=started)
        for pod in [pod for pod, at in self._replaced.items() if at == tick]:
            del self._replaced[pod]
            self._pods[pod] = _new(self._pods[pod], EPOCH + tick * self._tick)
            self._world.replace(pod, tick)
            self._scraper.replace(pod, tick)
            actions.append(Action(tick * self._tick, pod, Did.REPLACED))
        self.guard.admit(self._present())
        return actions

    def _present(self) -> list[Pod]:
        return [pod for number, pod in enumerate(self._pods) if number not in self._replaced]

    def _judged(self, found: Ejected) -> Action:
        did = Did.EJECTED if found.enforced else Did.REFUSED
        reason = str(found.refused_by or "")
        at, pod = found.at - EPOCH, self._numbers[found.pod]
        return Action(at, pod, did, found.breaker, reason, found.evidence)

    def _ended(self, ended: GivenBack, tick: int) -> Action:
        pod = self._numbers[ended.pod]
        did = Did.RETURNED
        if isinstance(ended, Paused):
            did = Did.PAUSED
        elif isinstance(ended, Terminated):
            did = Did.TERMINATED
            self._replaced[pod] = tick + max(1, round(REPLACED_AFTER / self._tick))
            self.guard.admit(self._present())
        return Action(ended.at - EPOCH, pod, did, ended.breaker, str(ended.reason), ended.evidence)


def a_pod(name: str, version: str = "old") -> Pod:
    """A pod that has served for an hour."""
    return Pod.serving(
        name,
        uid=name,
        namespace=NAMESPACE,
        claimed_by=KEY.name,
        created_at=EPOCH - AGE + (version == "new"),
        started_at=EPOCH - AGE,
        owner=Owner("ReplicaSet", version, version),
        labels={"pod-template-hash": version},
    )


def _new(pod: Pod, at: float) -> Pod:
    return replace(pod, uid=PodUid(f"{pod.uid}+"), created_at=at, started_at=at)


def _restarts(scenario: Scenario) -> dict[int, list[int]]:
    """Which pods' containers start anew, by tick."""
    found: dict[int, list[int]] = {}
    for fault in scenario.faults:
        if fault.restart:
            for pod, start in fault.starts(scenario.pods).items():
                found.setdefault(math.ceil(start / scenario.tick), []).append(pod)
    return found
