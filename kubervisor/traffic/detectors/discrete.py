"""`discreteValueOutOfList`: the share of a pod's samples whose key has a value out of the list.

The original's rule with exact ratios: out / (in + out) in percent strictly above the tolerance,
from `minActivity` on. Fractions count as they are (the original cut each sample to an integer).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from kubervisor.traffic.detector_policy import DiscretePolicy
from kubervisor.traffic.detectors.peers import beside_peers
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import by_pod
from kubervisor.traffic.evidence import on_probation
from kubervisor.traffic.measurement import Sample
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement


def judge(asked: Question) -> tuple[Finding, ...]:
    """One finding for each Ready member, in fleet order."""
    policy, fleet = asked.breaker.detector, asked.fleet
    assert isinstance(policy, DiscretePolicy)
    series = by_pod(asked.measurement, fleet, policy.pod_label)
    findings = [
        _finding(pod, series.get(pod.name, ()), policy, _needed(pod, asked, policy))
        for pod in fleet.pods
        if pod.ready
    ]
    return beside_peers(findings, "%")


def _needed(pod: Pod, asked: Question, policy: DiscretePolicy) -> float:
    """Samples needed to judge: half of them while the pod is on probation."""
    return policy.minimum_activity / (2 if on_probation(pod, asked.breaker, asked.now) else 1)


def _finding(pod: Pod, series: Sequence[Sample], policy: DiscretePolicy, needed: float) -> Finding:
    if any(sample.value < 0 for sample in series):
        # delta() over a counter reset: what happened in the window is not known.
        return _inconclusive(pod, "a sample is negative: a counter was reset within the window")
    within, out = _count(series, policy)
    total = within + out
    if total < needed or total == 0:
        return _inconclusive(pod, f"{total:g} samples, needs {needed:g}")
    share = 100 * out / total
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.OUTLIER if share > policy.tolerance_percent else Judgement.FINE,
        score=share,
        value=share,
        threshold=policy.tolerance_percent,
        said=(
            f"{share:.4g} % of {total:.6g} samples have {policy.key} {_out_of(policy)}, "
            f"tolerance {policy.tolerance_percent:g} %"
        ),
    )


def _inconclusive(pod: Pod, why: str) -> Finding:
    return Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=why)


def _count(series: Iterable[Sample], policy: DiscretePolicy) -> tuple[float, float]:
    """Samples within and out of the list; NaN and infinite ones count for neither."""
    within, out = 0.0, 0.0
    for sample in series:
        if not math.isfinite(sample.value):
            continue
        value = sample.labels.get(policy.key, "")
        if value in policy.good if policy.good else value not in policy.bad:
            within += sample.value
        else:
            out += sample.value
    return within, out


def _out_of(policy: DiscretePolicy) -> str:
    listed = sorted(policy.good or policy.bad)
    shown = ", ".join(listed[:5]) + (", …" if len(listed) > 5 else "")
    return f"other than {shown}" if policy.good else f"in {shown}"
