"""What a rerun found, in order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kubervisor.replay.outcomes import Ejected, Evaluation, GivenBack, Paused
from kubervisor.traffic.model import PodUid


@dataclass(frozen=True, slots=True)
class Panic:
    """A breaker that ejected nobody of these peer groups, from `at` until `until` (exclusive)."""

    at: float
    until: float
    breaker: str
    groups: tuple[str, ...]
    outliers: int
    evidence: str


@dataclass(slots=True)
class Tally:
    """Filled while a rerun goes on; whole after `finish`."""

    ejections: list[Ejected] = field(default_factory=list)
    returns: list[GivenBack] = field(default_factory=list)
    panics: list[Panic] = field(default_factory=list)
    judged_steps: int = 0
    seconds_out: dict[str, float] = field(default_factory=dict)
    _out_since: dict[PodUid, tuple[str, float]] = field(default_factory=dict)
    _panicking: dict[str, Panic] = field(default_factory=dict)

    @property
    def enforced(self) -> list[Ejected]:
        """The ejections that took a pod out of traffic."""
        return [one for one in self.ejections if one.enforced]

    def judged(self, found: Evaluation, now: float) -> None:
        """One more evaluation."""
        self.judged_steps += 1
        self.ejections += found.ejected
        for one in found.ejected:
            if one.enforced:
                self._out_since[one.uid] = one.pod, one.at
        self._panic(found, now)

    def _panic(self, found: Evaluation, now: float) -> None:
        breaker, groups = found.verdict.breaker, found.plan.panicking
        before = self._panicking.get(breaker)
        if before is not None and before.groups != groups:
            self.panics.append(replace(self._panicking.pop(breaker), until=now))
        if groups and breaker not in self._panicking:
            outliers = len(found.verdict.outliers)
            evidence = found.plan.refused[0].note if found.plan.refused else ""
            self._panicking[breaker] = Panic(now, now, breaker, groups, outliers, evidence)

    def ended(self, ended: Iterable[GivenBack]) -> None:
        """Pods that got their traffic back, or never will."""
        for one in ended:
            self.returns.append(one)
            if not isinstance(one, Paused):
                self._count_out(one.uid, one.at)

    def left(self, present: set[PodUid], now: float) -> None:
        """Members are these from `now` on."""
        for uid in self._out_since.keys() - present:
            self._count_out(uid, now)

    def finish(self, end: float) -> None:
        """The record ends."""
        for uid in list(self._out_since):
            self._count_out(uid, end)
        self.panics += [replace(panic, until=end) for panic in self._panicking.values()]
        self._panicking.clear()
        self.panics.sort(key=lambda panic: panic.at)

    def _count_out(self, uid: PodUid, until: float) -> None:
        if uid in self._out_since:
            pod, since = self._out_since.pop(uid)
            self.seconds_out[pod] = self.seconds_out.get(pod, 0.0) + until - since
