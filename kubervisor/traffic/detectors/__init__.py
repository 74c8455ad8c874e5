"""Detectors: one file each, and the registry that names them all.

A detector is a pure function of its policy, a measurement and a fleet. It judges every Ready
member, also those that are out: an outlier that needs no traffic to show postpones its own return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    CustomPolicy,
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    RatioPolicy,
    ThresholdPolicy,
    TrendPolicy,
    WatchdogPolicy,
    WithoutQueries,
)
from kubervisor.traffic.detectors import (
    continuous,
    custom,
    deviation,
    discrete,
    ratio,
    threshold,
    trend,
    watchdog,
)
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.evidence import is_fresh, is_warm
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import AllFine, Finding, Judgement, NoOutlier, Verdict

REGISTRY: dict[type[DetectorPolicy], Callable[[Question], Sequence[Finding]]] = {
    DiscretePolicy: discrete.judge,
    ContinuousPolicy: continuous.judge,
    CustomPolicy: custom.judge,
    RatioPolicy: ratio.judge,
    ThresholdPolicy: threshold.judge,
    DeviationPolicy: deviation.judge,
    TrendPolicy: trend.judge,
    WatchdogPolicy: watchdog.judge,
}


def judge(
    breaker: BreakerPolicy,
    measurement: Measurement,
    fleet: Fleet,
    *,
    now: float,
    peer_group: str | None = None,
) -> Verdict:
    """The breaker's verdict on `fleet`. An empty vector is a valid answer with reason
    `NoSamples`.
    """
    asked = Question(breaker, measurement, fleet, now, peer_group)
    doubts = {pod.uid: why for pod in _unsettled(asked) if (why := _doubt(asked, pod))}
    if doubts:
        asked = replace(asked, doubts=doubts)
    findings = REGISTRY[type(breaker.detector)](asked)
    if doubts:
        findings = _doubted(findings, doubts)
    asked_for_samples = not isinstance(breaker.detector, WithoutQueries)
    return Verdict(
        breaker=breaker.name,
        taken_at=measurement.taken_at,
        window=measurement.window,
        findings=findings if isinstance(findings, NoOutlier) else tuple(findings),
        reason=Reason.NO_SAMPLES if asked_for_samples and measurement.is_empty else None,
    )


def _unsettled(asked: Question) -> list[Pod]:
    """The Ready pods whose evidence may not count yet: cheap, for nearly all have served long."""
    measured = asked.measurement
    settled = measured.taken_at - measured.window - asked.breaker.warm_up
    if asked.fleet.settled_at <= settled:
        return []
    return [
        pod
        for pod in asked.fleet.pods
        if pod.ready
        and (pod.started_at is None or pod.started_at > settled or pod.returned_at is not None)
    ]


def _doubt(asked: Question, pod: Pod) -> str:
    """Why nothing that is measured of the pod counts yet; "" where it does.

    Detectors cut instants with times at the pod's watermark themselves.
    """
    if not is_warm(pod, asked.breaker, asked.now):
        return f"its containers are younger than {asked.breaker.warm_up:g} s"
    if asked.is_timed or is_fresh(asked.measurement, pod, asked.breaker, asked.now):
        return ""
    return "the measured window starts before the pod's last return or its start"


def _doubted(findings: Sequence[Finding], doubts: Mapping[PodUid, str]) -> Sequence[Finding]:
    """What is found, but nothing of those that are in doubt."""

    def made() -> tuple[Finding, ...]:
        return tuple([_inconclusive(f, doubts[f.pod]) if f.pod in doubts else f for f in findings])

    if not isinstance(findings, AllFine):
        return made()
    fine = [pod for pod in findings.fine if pod not in doubts]
    return NoOutlier(fine, made, [pod for pod in findings.fine if pod in doubts])


def _inconclusive(finding: Finding, why: str) -> Finding:
    return replace(finding, judgement=Judgement.INCONCLUSIVE, said=f"{finding.said}; {why}")
