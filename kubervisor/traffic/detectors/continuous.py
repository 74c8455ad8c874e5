"""`continuousValueDeviation`: how far the pod's value is from the fleet's, as a share of it.

The query itself divides by the fleet's mean, so 1 means no deviation; the original's rule:
|1 - value| strictly above maxDeviationPercent / 100.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kubervisor.traffic.detector_policy import ContinuousPolicy
from kubervisor.traffic.detectors.peers import beside_peers
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import by_pod
from kubervisor.traffic.measurement import Sample
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement


def judge(asked: Question) -> tuple[Finding, ...]:
    """One finding for each Ready member, in fleet order."""
    policy, fleet = asked.breaker.detector, asked.fleet
    assert isinstance(policy, ContinuousPolicy)
    series = by_pod(asked.measurement, fleet, policy.pod_label)
    findings = [_finding(pod, series.get(pod.name, ()), policy) for pod in fleet.pods if pod.ready]
    return beside_peers(findings, "% deviation")


def _finding(pod: Pod, series: Sequence[Sample], policy: ContinuousPolicy) -> Finding:
    """The finding by the pod's worst series: the original took whichever came last."""
    values = [sample.value for sample in series if math.isfinite(sample.value)]
    if not values:
        why = "no finite sample" if series else "no sample"
        return Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=why)
    value = max(values, key=lambda v: abs(1 - v))
    deviation = abs(1 - value)
    outlier = deviation > policy.max_deviation_percent / 100
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.OUTLIER if outlier else Judgement.FINE,
        score=100 * deviation,
        value=100 * deviation,
        threshold=policy.max_deviation_percent,
        said=(
            f"{value:.4g} times the fleet's value, {100 * deviation:.4g} % from it, "
            f"at most {policy.max_deviation_percent:g} %"
        ),
    )
