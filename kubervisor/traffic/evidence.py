"""What a breaker remembers between steps, and when evidence counts.

The memory is a value: `remember` returns the next one. It holds nothing that a restart must not
lose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Pod, PodUid
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class Streak:
    """A pod's last steps, newest last, and since when it has been fine or an outlier.

    `fine_since` is kept when the pod turns outlier: it tells what the pod was before. `in_a_row` is
    how many steps on end the last outlier's finding asks for, `score` that finding's; 0 for a pod
    that is fine.
    """

    steps: tuple[bool, ...] = ()
    fine_since: float | None = None
    outlier_since: float | None = None
    score: float = 0.0
    in_a_row: int = 1
    level: float | None = None


_NOTHING = Streak()
REMEMBERED_EJECTIONS = 3600.0
"""Seconds; no rule looks back further, but for those that look back two windows."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One breaker's memory: a streak per pod, and its own latest ejections (pod, instant).

    Fine pods differ in since when they have been fine, which tells who was so before an ejection.
    Where none is remembered they are `calm`: fine since `calm_since` at least, and no streak each.
    Nor have those beside them that are `unsure`, of which no step has told anything yet.
    """

    streaks: Mapping[PodUid, Streak] = field(default_factory=dict, hash=False)
    ejections: tuple[tuple[PodUid, float], ...] = ()
    calm: tuple[PodUid, ...] = ()
    calm_since: float = 0.0
    unsure: tuple[PodUid, ...] = ()

    @property
    def known(self) -> Mapping[PodUid, Streak]:
        """The streaks of all pods, the calm ones too."""
        if not (self.calm or self.unsure):
            return self.streaks
        calm = dict.fromkeys(self.calm, Streak(fine_since=self.calm_since))
        return calm | dict.fromkeys(self.unsure, _NOTHING)


def remember(memory: Memory, verdict: Verdict, *, steps: int) -> Memory:
    """The memory after one more step. Pods that are not in the verdict are forgotten.

    An inconclusive step changes nothing: it is neither for nor against the pod.
    """
    at, found = verdict.taken_at, verdict.no_outlier
    if found is None:
        return _unrest(memory, verdict, steps)
    fine, unsure = found.fine, found.unsure
    if (fine, unsure) == (memory.calm, memory.unsure) and not memory.streaks:
        return memory
    # While nobody is an outlier, what no rule looks back to can go.
    since = at - max(REMEMBERED_EJECTIONS, 2 * verdict.window)
    ejections = tuple(e for e in memory.ejections if e[1] > since)
    if not (memory.streaks or ejections) and set(memory.calm).isdisjoint(unsure):
        return Memory(calm=fine, calm_since=at, unsure=unsure)
    if unsure:
        return _unrest(memory, verdict, steps)
    streaks = _all_fine(memory, fine, at, steps)
    if ejections or any(True in streak.steps for streak in streaks.values()):
        return Memory(streaks, ejections)
    return Memory(calm=fine, calm_since=at)


def _unrest(memory: Memory, verdict: Verdict, steps: int) -> Memory:
    """A streak for each pod."""
    return replace(memory, streaks=_judged(memory, verdict, steps), calm=(), unsure=())


def _all_fine(
    memory: Memory, pods: Sequence[PodUid], at: float, steps: int
) -> Mapping[PodUid, Streak]:
    known, streaks = memory.known, dict[PodUid, Streak]()
    # Those that share a streak go on sharing one.
    after: dict[int, Streak] = {}
    for pod in pods:
        before = known.get(pod, _NOTHING)
        if id(before) not in after:
            after[id(before)] = _fine(before, at, steps)
        streaks[pod] = after[id(before)]
    return streaks


def _judged(memory: Memory, verdict: Verdict, steps: int) -> Mapping[PodUid, Streak]:
    at, known, streaks = verdict.taken_at, memory.known, dict[PodUid, Streak]()
    for finding in verdict.findings:
        before = known.get(finding.pod, _NOTHING)
        if finding.judgement is Judgement.INCONCLUSIVE:
            streaks[finding.pod] = before
        elif finding.judgement is Judgement.OUTLIER:
            since = before.outlier_since
            streaks[finding.pod] = Streak(
                steps=(*before.steps, True)[-max(steps, finding.in_a_row) :],
                fine_since=before.fine_since,
                outlier_since=before.outlier_since or at,
                score=finding.score,
                in_a_row=finding.in_a_row,
                level=finding.facts.get("baseline") if since is None else before.level,
            )
        else:
            streaks[finding.pod] = _fine(before, at, steps)
    return streaks


def _fine(before: Streak, at: float, steps: int) -> Streak:
    turned = before.outlier_since is not None or before.fine_since is None
    return Streak(
        steps=(*before.steps, False)[-steps:],
        fine_since=at if turned else before.fine_since,
    )


def with_ejection(memory: Memory, pod: PodUid, at: float) -> Memory:
    """The memory after this breaker ejected `pod`; those of more than an hour ago are dropped."""
    recent = tuple(e for e in memory.ejections if e[1] > at - REMEMBERED_EJECTIONS)
    return replace(memory, ejections=(*recent, (pod, at)))


def is_matched(memory: Memory, pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True where the pod was an outlier in m of the last n steps, in as many on end as its finding
    asks for, and without a break for as long as the policy does; in probation m is one.

    What a pod was before its last return does not count towards that time.
    """
    streak = memory.streaks.get(pod.uid, _NOTHING)
    need = 1 if on_probation(pod, policy, now) else policy.matches.need
    last = streak.steps[-policy.matches.of :]
    if sum(last) < need:
        return False
    if streak.in_a_row > 1 and sum(streak.steps[-streak.in_a_row :]) < streak.in_a_row:
        return False
    if not policy.hold_for:
        return True
    since = streak.outlier_since
    return since is not None and now - max(since, last_return(pod, now) or since) >= policy.hold_for


def on_probation(pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True for `probation` seconds after a return: the pod is watched more closely."""
    return probation_end(pod, policy.activator.probation, now) is not None


def probation_end(pod: Pod, probation: float, now: float) -> float | None:
    """Until when it is, by a `probation` of so many seconds; None where it is not."""
    since = last_return(pod, now)
    return since + probation if since is not None and now - since < probation else None


def last_return(pod: Pod, now: float) -> float | None:
    """When the pod got its traffic back; None where it never did.

    An instant after `now` was written before the clock stepped back and says nothing.
    """
    if pod.returned_at is None or pod.returned_at > now:
        return None
    return pod.returned_at


def watermark(pod: Pod, policy: BreakerPolicy, now: float) -> float:
    """The instant from which evidence counts: the pod's last return or the end of its containers'
    warm-up, whichever is later; minus infinity where neither is known.

    What happens while a container warms up says nothing of it, then or later.
    """
    returned = last_return(pod, now)
    warm = -inf if pod.started_at is None else pod.started_at + policy.warm_up
    return warm if returned is None else max(returned, warm)


def is_warm(pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True where the pod's containers are old enough to be judged, or their age is unknown."""
    return not policy.warm_up or pod.started_at is None or now - pod.started_at >= policy.warm_up


def is_fresh(measurement: Measurement, pod: Pod, policy: BreakerPolicy, now: float) -> bool:
    """True where the measured window starts after the pod's last return, and after its warm-up.

    Otherwise the window still holds what led to the last ejection, and would repeat it: what a
    detector makes of it is inconclusive. This is for answers that cannot be cut at the pod's
    `watermark`.
    """
    starts = measurement.taken_at - measurement.window
    returned = last_return(pod, now)
    if returned is not None and starts < returned:
        return False
    if policy.warm_up and pod.started_at is not None:
        return starts >= pod.started_at + policy.warm_up
    return True
