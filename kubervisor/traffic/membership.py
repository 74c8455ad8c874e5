"""Whose pod is it: members are labelled, pods that left are given back."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kubervisor.traffic.model import Fleet, Pod, Traffic
from kubervisor.traffic.plan import Action, Intent, Plan
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.watchdogs import UNKNOWN

MEMBER_PHASES = frozenset({"Pending", "Running", "Unknown"})


def is_member(pod: Pod) -> bool:
    """True where a pod that the selector matches counts as a member: not finished, not being
    deleted.

    Label and readiness do not matter here.
    """
    return pod.phase in MEMBER_PHASES and not pod.deleting


def members_among(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Those of `pods` that count as members, as `is_member` says; as nearly always, all do."""
    members = [p for p in pods if p.phase in MEMBER_PHASES and not p.deleting]
    return pods if len(members) == len(pods) else tuple(members)


def is_routine(old: Pod | None, new: Pod | None) -> bool:
    """True where a change leaves nothing to do about the pod: it had traffic and keeps it, or goes,
    or has just been labelled. Only where nothing is due anyway, for what is due may wait for it.
    """
    if old is None or _is_marked(old):
        return False
    if new is None:
        return True
    return (
        new.traffic is Traffic.YES
        and not _is_marked(new)
        and new.claimed_by is not None
        and old.claimed_by in (None, new.claimed_by)
        and old.labels == new.labels
    )


def has_spoken(old: Pod | None, new: Pod | None) -> bool:
    """True where a change tells what a watchdog of the pod has not said before. That it was given
    one, which is silent, is no word.
    """
    before = () if old is None else old.watchdogs
    if new is None or new.watchdogs == before:
        return False
    return any(one.level != UNKNOWN and one not in before for one in new.watchdogs)


def _is_marked(pod: Pod) -> bool:
    """Whether we, or a person, took it out or asked for that, or gave it back and left a trace."""
    return (
        pod.is_out
        or pod.ejection is not None
        or pod.returned_by_hand
        or pod.eject_requested_at is not None
    )


def plan_membership(fleet: Fleet, claimed: Iterable[Pod], *, others: Collection[str]) -> Plan:
    """Label the members that lack a label; release the pods that carry our name and left.

    `claimed` are the pods with our name in `kubervisor/name`; `others` the names of the other
    KubervisorServices of the namespace: their pods are left to them. A hand-set `no` stays.
    """
    members = {pod.uid for pod in fleet.pods}
    adopt = [
        Intent(Action.ADOPT, pod, Reason.UNLABELLED)
        for pod in fleet.pods
        if pod.claimed_by not in others
        and (pod.traffic is None or pod.claimed_by != fleet.key.name)
    ]
    release = [
        Intent(Action.RELEASE, pod, Reason.LEFT_SELECTOR)
        for pod in claimed
        if pod.uid not in members and is_member(pod)
    ]
    return Plan(intents=(*adopt, *release))


def plan_release(claimed: Iterable[Pod], reason: Reason) -> Plan:
    """Everything of ours leaves these pods, and all of them get traffic: there is no fleet any
    more.
    """
    return Plan(tuple(Intent(Action.RELEASE, pod, reason) for pod in claimed))
