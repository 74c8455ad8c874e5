"""What `ratio` looks at: counts and core of the whole window, and of its last parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from kubervisor.traffic.detector_policy import RatioPolicy
from kubervisor.traffic.detectors.circles import Circle
from kubervisor.traffic.detectors.core import Core, grow_core
from kubervisor.traffic.detectors.counts import Codes, Count, counts
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.model import PodUid

LOOKS = ((1.0, 0.7), (0.5, 0.2), (0.25, 0.1))
"""The last parts of a window of raw samples that are judged each for itself, and what each takes of
`alpha`: a gray pod may stand out in half a window before it does in the whole, a hard fault does in
a quarter. Most goes to the whole, which finds the pods that are found last.
"""


@dataclass(frozen=True, slots=True)
class View:
    """What the pods of a circle counted in one window, and its core, with the peers that
    joined it.
    """

    counts: Mapping[str, Count]
    core: Core
    joined: frozenset[PodUid]


def ratio_counts(
    asked: Question, policy: RatioPolicy, *, since: float = -inf
) -> Mapping[str, Count | str]:
    """Each Ready member's failures and events from `since` on; see `counts.counts`."""
    codes = Codes(policy.code_label, policy.bad_codes) if policy.code_label else None
    return counts(asked, policy.queries, policy.pod_label, codes, since=since)


def views(
    circle: Circle, known: Mapping[str, Count], asked: Question, policy: RatioPolicy
) -> Iterator[tuple[View, float]]:
    """The whole window, then its last parts where samples have times; with the part of alpha."""
    if not asked.is_timed:
        yield _view(circle, known, policy), 1.0
        return
    for part, alpha in LOOKS:
        counted = known if part == 1.0 else _recent(part, asked, policy)
        if any(pod.name in counted for pod in circle.peers):
            yield _view(circle, counted, policy), alpha


def _view(circle: Circle, known: Mapping[str, Count], policy: RatioPolicy) -> View:
    peers = [pod for pod in circle.peers if pod.name in known]
    core, apart = grow_core(
        [known[pod.name] for pod in peers], minimum_effect=policy.minimum_effect
    )
    joined = frozenset(pod.uid for index, pod in enumerate(peers) if index not in apart)
    return View(known, core, joined)


def _recent(part: float, asked: Question, policy: RatioPolicy) -> Mapping[str, Count]:
    """The counts of the last `part` of the window, of pods that are active enough in it."""
    measurement = asked.measurement
    since = measurement.taken_at - part * measurement.window
    return {
        name: count
        for name, count in ratio_counts(asked, policy, since=since).items()
        if isinstance(count, Count) and count.events >= max(policy.minimum_activity, 1)
    }
