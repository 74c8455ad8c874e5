"""What runs of one shape under one contender amount to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import gammaincinv

from benchmarks.figures import percentile
from kubervisor.simulation.assessment import Trio, avoided_percent, delays, rightness
from kubervisor.simulation.record import Did, Record, at_fault


@dataclass(frozen=True, slots=True)
class Score:
    """Over all runs of a shape.

    An event is a pod with a fault that its ejection cures; it is recalled where the pod is ejected
    while the fault is there, `delays` seconds after it came. `right` and `wrong` count ejections.
    `capacity_lost` is in percent of the time of pods with which nothing is wrong, `avoided` the
    percentage of what an oracle avoids of the requests that a fault spoils.
    """

    runs: int
    events: int
    delays: tuple[float, ...]
    right: int
    wrong: int
    capacity_lost: float
    avoided: float
    flips_per_hour: float
    violations: int

    @property
    def recall(self) -> float:
        """Share of the events that were recalled; 1 where there are none."""
        return len(self.delays) / self.events if self.events else 1.0

    @property
    def precision(self) -> float:
        """Share of the ejections that were right; 1 where there are none."""
        total = self.right + self.wrong
        return self.right / total if total else 1.0

    def delay(self, percent: float) -> float:
        """Percentile of the seconds to detect; infinite where nothing was detected."""
        return percentile(self.delays, percent) if self.delays else math.inf


def score(trios: Sequence[Trio]) -> Score:
    """What these runs amount to."""
    events = [event for trio in trios for event in delays(trio.run)]
    verdicts = [right for trio in trios for right in rightness(trio.run)]
    hours = sum(trio.run.scenario.duration for trio in trios) / 3600
    flips = sum(
        action.did in (Did.EJECTED, Did.RETURNED) for trio in trios for action in trio.run.actions
    )
    healthy = sum(
        float((~at_fault(trio.run.scenario)).sum()) * trio.run.scenario.tick for trio in trios
    )
    lost = sum(trio.run.lost_capacity for trio in trios)
    return Score(
        runs=len(trios),
        events=len(events),
        delays=tuple(delay for delay in events if delay is not None),
        right=sum(verdicts),
        wrong=len(verdicts) - sum(verdicts),
        capacity_lost=100 * lost / healthy if healthy else 0.0,
        avoided=avoided_percent(trios),
        flips_per_hour=flips / hours,
        violations=sum(violations(trio.run) for trio in trios),
    )


def violations(run: Record) -> int:
    """How often fewer served than may: one pod always, and the budget of these runs asks for no
    more.
    """
    return sum(int(serving.sum()) < 1 for _, serving in run.routes)


@dataclass(frozen=True, slots=True)
class Rate:
    """Events in so many days of a pod."""

    events: int
    pod_days: float

    @property
    def per_thousand(self) -> float:
        """Events in 1,000 pod-days."""
        return 1000 * self.events / self.pod_days

    @property
    def bound(self) -> float:
        """The exact upper 95 % bound of a Poisson rate, in 1,000 pod-days (Garwood, one-sided)."""
        return 1000 * float(gammaincinv(self.events + 1, 0.95)) / self.pod_days


def false_ejections(runs: Sequence[Record]) -> Rate:
    """Ejections where nothing is wrong with anybody."""
    days = sum(run.scenario.pods * run.scenario.duration / 86_400 for run in runs)
    return Rate(sum(len(run.ejections) for run in runs), days)
