"""A first glance at a fleet whose pods all report and none of which fails: as nearly all are."""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.traffic.detector_policy import RatioPolicy
from kubervisor.traffic.detectors.circles import all_have_peers
from kubervisor.traffic.detectors.counts import Codes
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.verdict import Glance


def plainly_fine(asked: Question, policy: RatioPolicy) -> Glance | None:
    """The sums of the Ready members that are not in doubt where those of instant queries show that
    each of them has enough events and is below the effect floor of a fleet without any failure, and
    that nobody is without a peer. None where anything needs a closer look.
    """
    if any(query.raw for query in policy.queries):
        return None
    fleet, doubts = asked.fleet, asked.doubts
    codes = _codes(policy)
    first, last = asked.parts[0].by(policy.pod_label), asked.parts[-1].by(policy.pod_label)
    names: Sequence[str] = fleet.ready_names
    if doubts:
        names = [pod.name for pod in fleet.pods if pod.ready and pod.uid not in doubts]
    namespace = fleet.key.namespace
    if first is last:
        failing, every = first.amounts(names, namespace, codes, None)
    else:
        (failing,) = first.amounts(names, namespace, codes)
        (every,) = last.amounts(names, namespace, None)
    activity, least, floor = policy.minimum_activity, policy.minimum_events, policy.minimum_effect
    for k, n in zip(failing, every, strict=True):
        # Written so that NaN, which a reset leaves, is not fine.
        if not (0 <= k <= n and activity <= n and n > 0) or (k >= least and k >= floor * n):
            return None
    return Glance(failing, every, floor) if all_have_peers(fleet, doubts) else None


def look_ahead(measurement: Measurement, policy: RatioPolicy) -> None:
    """Sum up what `plainly_fine` looks at: once, before all who share the measurement want it."""
    parts = measurement.parts or (measurement,)
    for part, only in ((parts[0], _codes(policy)), (parts[-1], None)):
        part.by(policy.pod_label).summed(only)


def _codes(policy: RatioPolicy) -> Codes | None:
    """One query for both is told apart by codes; else one is for failures, and one for all."""
    return Codes(policy.code_label, policy.bad_codes) if policy.code_label else None
