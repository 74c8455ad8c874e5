"""A first glance at a fleet whose pods all report and none of which fails: as nearly all are."""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.traffic.detector_policy import RatioPolicy
from kubervisor.traffic.detectors.circles import all_have_peers
from kubervisor.traffic.detectors.counts import Codes
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import sums_by_pod
from kubervisor.traffic.model import PodUid


def plainly_fine(asked: Question, policy: RatioPolicy) -> Sequence[PodUid]:
    """The Ready members where the sums of instant queries show that each of them has enough
    events and is below the effect floor of a fleet without any failure, and that nobody is without
    a peer. Empty where anything needs a closer look.
    """
    if any(query.raw for query in policy.queries):
        return ()
    fleet = asked.fleet
    # One query for both, told apart by their codes, or one for failures and one for all.
    codes = Codes(policy.code_label, policy.bad_codes) if policy.code_label else None
    failing = sums_by_pod(asked.parts[0], fleet, policy.pod_label, codes)
    every = sums_by_pod(asked.parts[-1], fleet, policy.pod_label)
    failures_of, events_of = failing.get, every.get
    activity, least, floor = policy.minimum_activity, policy.minimum_events, policy.minimum_effect
    fine = []
    for pod in fleet.pods:
        if not pod.ready:
            continue
        name = pod.name
        k, n = failures_of(name, 0.0), events_of(name, 0.0)
        # Written so that NaN, which a reset leaves, is not fine.
        if not (0 <= k <= n and activity <= n and n > 0) or (k >= least and k >= floor * n):
            return ()
        fine.append(pod.uid)
    return fine if all_have_peers(fleet) else ()
