"""Reads the past page by page: a page is a run of steps, with the answer to every query in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from kubervisor.errors import SpecError
from kubervisor.replay.past import Asked, Instants, Past, Stretches
from kubervisor.sources.history import Array, History, Line
from kubervisor.traffic.detector_policy import CustomPolicy, WatchdogPolicy
from kubervisor.traffic.detectors.series import is_of
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy

MOST_STEPS = 10_000
"""Prometheus refuses more than 11,000 points for each series of an answer."""
MOST_POINTS = 1_000_000
"""Values in one answer: 30 MB of JSON."""
FIRST_STEPS = 120
"""The first page is short: nobody knows yet how many series there are."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when (Unix seconds, both included), every `step` seconds."""

    start: float
    end: float
    step: float

    @property
    def steps(self) -> int:
        """How many instants that are."""
        return int((self.end - self.start) / self.step + 1e-6) + 1

    def times(self, first: int, count: int) -> Array:
        """`count` instants from the step `first` on, to the millisecond."""
        times: Array = np.round(self.start + np.arange(first, first + count) * self.step, 3)
        return times


@dataclass(slots=True, eq=False)
class Page:
    """Steps `first`, `first + 1`, … at the instants `times`, and the answers by query.

    `readings` keeps what has been computed of them, by breaker.
    """

    first: int
    times: Array
    pasts: dict[Asked, Past]
    readings: dict[str, object] = field(default_factory=dict)

    def of(self, breaker: BreakerPolicy) -> tuple[Past, ...]:
        """The answers to the breaker's queries, in their order."""
        return tuple(self.pasts[asked] for asked in questions(breaker))


def questions(breaker: BreakerPolicy) -> tuple[Asked, ...]:
    """What the breaker's detector asks a Prometheus; one that scrapes pods itself has the same
    selectors.

    Raises SpecError where it asks somebody else, whose past nobody has kept.
    """
    detector = breaker.detector
    if isinstance(detector, CustomPolicy):
        raise SpecError(
            f"Breaker {breaker.name} asks the custom service {detector.source}, which keeps no "
            f"past: remove that breaker from the file to replay the others."
        )
    if isinstance(detector, WatchdogPolicy):
        raise SpecError(
            f"Breaker {breaker.name} listens to the pods' watchdogs, which keep no past: remove "
            f"that breaker from the file to replay the others."
        )
    return tuple(Asked(query, detector.pod_label) for query in detector.queries)


@dataclass(slots=True)
class Reader:
    """Asks `history` for what a policy's breakers would have asked.

    Samples of another namespace, and of pods whose name `pods` does not match as a whole, are
    dropped. `unnamed` collects the pod labels that samples lacked.
    """

    history: History
    namespace: str
    pods: re.Pattern[str] | None = None
    unnamed: set[str] = field(default_factory=set)

    def pages(
        self, policy: ServicePolicy, stretch: Stretch, told: Callable[[int], None]
    ) -> Iterator[Page]:
        """The pages of the stretch in order; `told` hears how many steps each has.

        Raises SourceError, and SpecError as `questions` does.
        """
        asked = list(dict.fromkeys(a for b in policy.breakers for a in questions(b)))
        first, count = 0, FIRST_STEPS
        while first < stretch.steps:
            times = stretch.times(first, min(count, stretch.steps - first))
            page = Page(first, times, {one: self._past(one, times, stretch) for one in asked})
            yield page
            told(len(times))
            first += len(times)
            count = _next_count(page)

    def _past(self, asked: Asked, times: Array, stretch: Stretch) -> Past:
        query, start, end = asked.query, float(times[0]), float(times[-1])
        if query.raw:
            lines = self.history.raw(query.promql, start - query.window, end)
        elif query.step:
            # On one grid for all pages, and no later than what each step may see.
            behind = np.ceil((start - query.window - stretch.start) / query.step)
            begin = round(stretch.start + float(behind) * query.step, 3)
            lines = self.history.over(query.promql, begin, end, query.step)
        else:
            lines = self.history.over(query.promql, start, end, stretch.step)
        kept = tuple(line for line in lines if self._is_wanted(line, asked.pod_label))
        pods = tuple(line.labels[asked.pod_label] for line in kept)
        kind = Stretches if query.raw or query.step else Instants
        return kind(asked, times, kept, pods)

    def _is_wanted(self, line: Line, pod_label: str) -> bool:
        pod = line.labels.get(pod_label)
        if not pod:
            self.unnamed.add(pod_label)
            return False
        if not is_of(line.labels, self.namespace):
            return False
        return self.pods is None or self.pods.fullmatch(pod) is not None


def _next_count(page: Page) -> int:
    """How many steps the next page may have, by the largest answer of this one."""
    points = max((past.points for past in page.pasts.values()), default=0)
    steps = len(page.times) * MOST_POINTS // max(points, 1)
    # Twice as many pods may have come by then; a tenth of a page is no harm.
    return max(FIRST_STEPS, min(MOST_STEPS, steps // 2))
