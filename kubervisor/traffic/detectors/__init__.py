"""Detectors: one file each, and the registry that names them all.

A detector is a pure function of its policy, a measurement and a fleet. It judges every Ready
member, also those that are out: an outlier that needs no traffic to show postpones its own return.
"""

from __future__ import annotations

from dataclasses import replace

from kubervisor.traffic.detector_policy import ContinuousPolicy, CustomPolicy, DiscretePolicy
from kubervisor.traffic.detectors import continuous, custom, discrete
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.evidence import is_fresh
from kubervisor.traffic.model import Finding, Fleet, Judgement, Measurement, Verdict
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.reasons import Reason

REGISTRY = {
    DiscretePolicy: discrete.judge,
    ContinuousPolicy: continuous.judge,
    CustomPolicy: custom.judge,
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
    findings = REGISTRY[type(breaker.detector)](asked)
    stale = {p.uid for p in fleet.pods if not is_fresh(measurement, p, breaker, now)}
    asked_for_samples = not isinstance(breaker.detector, CustomPolicy)
    return Verdict(
        breaker=breaker.name,
        taken_at=measurement.taken_at,
        window=measurement.window,
        findings=tuple(_inconclusive(f) if f.pod in stale else f for f in findings),
        reason=Reason.NO_SAMPLES if asked_for_samples and not measurement.samples else None,
    )


def _inconclusive(finding: Finding) -> Finding:
    why = "the measured window starts before the pod's last return or its start"
    return replace(finding, judgement=Judgement.INCONCLUSIVE, evidence=f"{finding.evidence}; {why}")
