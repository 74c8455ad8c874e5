"""`threshold`: pods whose value is above, or below, a bound that somebody knows.

With a second query the value is a share, a fraction from 0 to 1, and it must be beyond the bound
with 95 % confidence (Wilson). `hold_for` is kept by the breaker's memory: see
`evidence.is_matched`.
"""

from __future__ import annotations

from kubervisor.traffic.detector_policy import ThresholdPolicy
from kubervisor.traffic.detectors.counts import Count, counts
from kubervisor.traffic.detectors.gauges import gauges
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.silence import silent_pods
from kubervisor.traffic.detectors.wilson import lower_bound, upper_bound
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement

_VALUE = "{value:.6g}, must not be %s {threshold:.6g}"
_SHARE = (
    "{value:.4g} of {n:.6g} in {window:.3g} s, with 95 %% confidence %s {bound:.4g}; "
    "must not be %s {threshold:.6g}"
)


def judge(asked: Question) -> tuple[Finding, ...]:
    """One finding for each Ready member, in fleet order. A pod's worst series stands for it."""
    policy = asked.breaker.detector
    assert isinstance(policy, ThresholdPolicy)
    found = _of_shares(asked, policy) if len(policy.queries) > 1 else _of_values(asked, policy)
    for finding in silent_pods(asked, found, policy.no_data):
        found[finding.name] = finding
    return tuple([found[pod.name] for pod in asked.fleet.pods if pod.name in found])


def _of_values(asked: Question, policy: ThresholdPolicy) -> dict[str, Finding]:
    worst = max if policy.above is not None else min
    values = gauges(asked, policy.queries[0], policy.pod_label, worst)
    said = _VALUE % _side(policy)
    return {
        pod.name: _finding(pod, policy, values[pod.name], values[pod.name], said, {})
        for pod in asked.fleet.pods
        if pod.name in values
    }


def _of_shares(asked: Question, policy: ThresholdPolicy) -> dict[str, Finding]:
    known = counts(asked, policy.queries, policy.pod_label)
    return {
        pod.name: _of_share(pod, known[pod.name], asked, policy)
        for pod in asked.fleet.pods
        if pod.name in known
    }


def _of_share(pod: Pod, count: Count | str, asked: Question, policy: ThresholdPolicy) -> Finding:
    if isinstance(count, str):
        return Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=count)
    facts = {"n": count.events, "k": count.failures, "window": count.seconds}
    needed = asked.needed(pod, policy.minimum_activity)
    if count.events < needed or count.events <= 0:
        return Finding(
            pod=pod.uid,
            name=pod.name,
            judgement=Judgement.INCONCLUSIVE,
            said="{n:.6g} events in {window:.3g} s, needs {needed:g}",
            activity=count.activity,
            facts={**facts, "needed": needed},
        )
    bound = (lower_bound if policy.above is not None else upper_bound)(count.failures, count.events)
    sure = "above" if policy.above is not None else "below"
    said = _SHARE % (sure, _side(policy))
    return _finding(
        pod, policy, count.share, bound, said, {**facts, "bound": bound}, count.activity
    )


def _finding(
    pod: Pod,
    policy: ThresholdPolicy,
    value: float,
    judged: float,
    said: str,
    facts: dict[str, float],
    activity: float | None = None,
) -> Finding:
    """The word on `value` by `judged`, which is the value or a bound of it. The score is how far
    the value is beyond the threshold, in its own unit.
    """
    if policy.above is not None:
        threshold, score, outlier = policy.above, value - policy.above, judged > policy.above
    else:
        assert policy.below is not None
        threshold, score, outlier = policy.below, policy.below - value, judged < policy.below
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.OUTLIER if outlier else Judgement.FINE,
        score=score,
        value=value,
        threshold=threshold,
        said=said,
        activity=activity,
        facts={**facts, "window": facts.get("window", 0.0)},
    )


def _side(policy: ThresholdPolicy) -> str:
    return "above" if policy.above is not None else "below"
