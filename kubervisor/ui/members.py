"""A Service's pods, for people: what each is doing, and who is out of traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubervisor.traffic.evidence import probation_end
from kubervisor.traffic.model import Fleet, PodUid, Traffic
from kubervisor.traffic.model import Pod as Member
from kubervisor.traffic.peers import group_of
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.ui.documents import LONGEST_LINE, LONGEST_TEXT, Out, cut
from kubervisor.ui.service_documents import Ejection, Pod, Score, Watchdog

MOST_OUT = 5
MOST_WATCHDOGS = 16


def probation_of(policy: ServicePolicy) -> float:
    """Seconds for which a returned pod is watched more closely, by the most patient activator."""
    activators = (policy.default_activator, *(one.activator for one in policy.breakers))
    return max(activator.probation for activator in activators)


def state_of(fleet: Fleet, pod: Member, *, probation: float, now: float) -> str:
    """What the pod is doing: an unconfirmed write counts more than its label."""
    if pod.uid in fleet.terminating:
        return "terminating"
    if pod.is_manual_hold:
        return "held"
    if pod.traffic is Traffic.PAUSE:
        return "paused"
    if pod.traffic is Traffic.NO:
        return "ejected"
    if pod.uid in fleet.ejecting:
        return "ejecting"
    if not fleet.is_serving(pod):
        return "waiting"
    return "serving" if probation_end(pod, probation, now) is None else "probation"


def out_of(fleet: Fleet, now: float) -> list[Out]:
    """Who is out of traffic, the newest first and a handful of them."""
    pods = sorted(fleet.out, key=lambda pod: -((pod.ejection and pod.ejection.at) or 0.0))
    return [_out(fleet, pod, now) for pod in pods[:MOST_OUT]]


def _out(fleet: Fleet, pod: Member, now: float) -> Out:
    state = state_of(fleet, pod, probation=0.0, now=now)
    short = _ejection(pod, LONGEST_LINE)
    if short is None:
        return Out(pod.name, pod.uid, state, "", None, None, "")
    return Out(pod.name, pod.uid, state, short.breaker, short.at, short.until, short.evidence)


def describe(
    fleet: Fleet,
    pods: Iterable[Member],
    scores: Mapping[PodUid, Sequence[Score]],
    *,
    peer_group: str | None,
    probation: float,
    now: float,
) -> list[Pod]:
    """A document for each of `pods`."""
    return [
        Pod(
            uid=pod.uid,
            name=pod.name,
            group=group_of(pod, peer_group),
            state=state_of(fleet, pod, probation=probation, now=now),
            ready=pod.ready,
            phase=pod.phase,
            node=pod.node_address,
            created_at=pod.created_at,
            started_at=pod.started_at,
            retries=pod.retries,
            returned_at=pod.returned_at,
            probation_until=probation_end(pod, probation, now),
            ejection=_ejection(pod, LONGEST_TEXT),
            scores=list(scores.get(pod.uid, ())),
            watchdogs=_watchdogs(pod),
        )
        for pod in pods
    ]


def _watchdogs(pod: Member) -> list[Watchdog]:
    """Those that fail first, should there be too many."""
    told = sorted(pod.watchdogs, key=lambda one: not one.is_failure)[:MOST_WATCHDOGS]
    return [
        Watchdog(w.name, w.level, w.at, cut(w.message, LONGEST_LINE), w.expires, w.is_probed)
        for w in told
    ]


def _ejection(pod: Member, limit: int) -> Ejection | None:
    ejection = pod.ejection
    if ejection is None:
        return None
    return Ejection(
        id=cut(ejection.id, LONGEST_LINE),
        breaker=cut(ejection.breaker, LONGEST_LINE),
        at=ejection.at,
        until=ejection.until,
        reason=cut(ejection.reason, LONGEST_LINE),
        evidence=cut(ejection.evidence, limit),
    )
