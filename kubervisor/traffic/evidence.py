"""What a breaker remembers between steps, and when evidence counts.

The memory is a value: `remember` returns the next one. It holds nothing that a restart must not
lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kubervisor.traffic.model import Judgement, Measurement, Pod, PodUid, Verdict
from kubervisor.traffic.policy import BreakerPolicy


@dataclass(frozen=True, slots=True)
class Streak:
    """A pod's last steps, newest last, and since when it has been fine or an outlier.

    `fine_since` is kept when the pod turns outlier: it tells what the pod was before.
    """

    steps: tuple[bool, ...] = ()
    fine_since: float | None = None
    outlier_since: float | None = None
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """One breaker's memory: a streak per pod, and its own latest ejections (pod, instant)."""

    streaks: Mapping[PodUid, Streak] = field(default_factory=dict, hash=False)
    ejections: tuple[tuple[PodUid, float], ...] = ()


def remember(memory: Memory, verdict: Verdict, *, steps: int) -> Memory:
    """The memory after one more step. Pods that are not in the verdict are forgotten.

    An inconclusive step changes nothing: it is neither for nor against the pod.
    """
    streaks = {}
    for finding in verdict.findings:
        before = memory.streaks.get(finding.pod, Streak())
        if finding.judgement is Judgement.INCONCLUSIVE:
            streaks[finding.pod] = before
            continue
        outlier = finding.judgement is Judgement.OUTLIER
        streaks[finding.pod] = Streak(
            steps=(*before.steps, outlier)[-steps:],
            fine_since=_fine_since(before, outlier, verdict.taken_at),
            outlier_since=(before.outlier_since or verdict.taken_at) if outlier else None,
            score=finding.score,
        )
    return replace(memory, streaks=streaks)


def _fine_since(before: Streak, outlier: bool, at: float) -> float | None:
    if outlier:
        return before.fine_since
    if before.outlier_since is not None or before.fine_since is None:
        return at
    return before.fine_since


def with_ejection(memory: Memory, pod: PodUid, at: float, *, keep: float) -> Memory:
    """The memory after this breaker ejected `pod`; ejections older than `keep` seconds are
    dropped.
    """
    recent = tuple(e for e in memory.ejections if e[1] > at - keep)
    return replace(memory, ejections=(*recent, (pod, at)))


def is_matched(memory: Memory, pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True where the pod was an outlier in m of the last n steps; in probation one step
    suffices.
    """
    need = 1 if on_probation(pod, policy, now) else policy.matches.need
    return sum(memory.streaks.get(pod.uid, Streak()).steps) >= need


def on_probation(pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True for `probation` seconds after a return: the pod is watched more closely."""
    since = last_return(pod, now)
    return since is not None and now - since < policy.activator.probation


def last_return(pod: Pod, now: float) -> float | None:
    """When the pod got its traffic back; None where it never did.

    An instant after `now` was written before the clock stepped back and says nothing.
    """
    if pod.returned_at is None or pod.returned_at > now:
        return None
    return pod.returned_at


def is_fresh(measurement: Measurement, pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True where the measured window starts after the pod's last return, and after its warm-up.

    Otherwise the window still holds what led to the last ejection, and would repeat it: what a
    detector makes of it is inconclusive.
    """
    starts = measurement.taken_at - measurement.window
    returned = last_return(pod, now)
    if returned is not None and starts < returned:
        return False
    if policy.warm_up and pod.started_at is not None:
        return starts >= pod.started_at and now - pod.started_at >= policy.warm_up
    return True
