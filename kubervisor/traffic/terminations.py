"""Decides what becomes of pods that never recover: pause, terminate, or keep on timed return."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kubervisor.traffic.model import Fleet, Pod, PodUid, Traffic
from kubervisor.traffic.plan import Action, Intent, Plan, Refusal
from kubervisor.traffic.policy import ActivatorMode, ActivatorPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.returns import activator_of, ejected_pods

REPLACING_OWNERS = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"})
"""Controllers that create a new pod where one went; any other pod would be lost for good."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else must be known before a pod is terminated or paused.

    `panicking` and `blind` are the breakers in panic and those whose source does not answer;
    `confirmed` the ejections (pod, id) that this process saw a live evaluation ask for. `protected`
    are pods whose eviction a PodDisruptionBudget refused a moment ago, `pausing` those whose
    pause the watch has not shown yet.
    """

    below_floor: bool = False
    panicking: Collection[str] = ()
    blind: Collection[str] = ()
    confirmed: Collection[tuple[PodUid, str]] = ()
    protected: Collection[PodUid] = ()
    pausing: Collection[PodUid] = ()


def plan_terminations(fleet: Fleet, policy: ServicePolicy, circumstances: Circumstances) -> Plan:
    """At most one termination, and pauses, for ejected pods whose retries are used up.

    What is deferred, or may never be terminated and finds no place to pause, stays on timed return:
    the caller plans returns for whatever this plan leaves alone.
    """
    ejected = ejected_pods(fleet)
    if not ejected:
        return Plan()
    paused = sum(
        pod.traffic is Traffic.PAUSE or pod.uid in circumstances.pausing for pod in fleet.pods
    )
    terminating = bool(fleet.terminating) or fleet.unreplaced > 0
    intents: list[Intent] = []
    refused: list[Refusal] = []
    for pod in ejected:
        activator = activator_of(pod, policy)
        if not _is_exhausted(pod, activator) or pod.uid in circumstances.pausing:
            continue
        if pod.ejection and pod.ejection.reason == Reason.REQUESTED:
            continue  # a person's wish is no evidence that it never recovers
        wish = _wish(pod, activator, paused)
        if wish is None:
            continue
        no = _why_not(pod, circumstances)
        if no is None and wish is Action.TERMINATE:
            no = _why_not_terminate(pod, fleet, circumstances, terminating)
        if no is not None:
            refused.append(_deferred(pod, no))
            continue
        paused += wish is Action.PAUSE
        terminating = terminating or wish is Action.TERMINATE
        intents.append(_exhausted(wish, pod, activator))
    return Plan(tuple(intents), tuple(refused))


def _is_exhausted(pod: Pod, activator: ActivatorPolicy) -> bool:
    return activator.mode is not ActivatorMode.PERIODIC and pod.retries > activator.max_retries


def _wish(pod: Pod, activator: ActivatorPolicy, paused: int) -> Action | None:
    """Pause or terminate, by the mode; a pod that may not be terminated, or that nobody would
    replace, is paused where there is room.
    """
    room = paused < activator.max_paused
    if activator.mode is ActivatorMode.RETRY_AND_PAUSE and room:
        return Action.PAUSE
    replaced = pod.owner is not None and pod.owner.kind in REPLACING_OWNERS
    if replaced and activator.may_terminate:
        return Action.TERMINATE
    return Action.PAUSE if room else None


def _why_not(pod: Pod, circumstances: Circumstances) -> str | None:
    assert pod.ejection is not None
    breaker = pod.ejection.breaker
    if circumstances.below_floor:
        return "fewer pods serve than the floor"
    if breaker in circumstances.panicking:
        return f"breaker {breaker} is panicking"
    if breaker in circumstances.blind:
        return f"the source of breaker {breaker} does not answer"
    if (pod.uid, pod.ejection.id) not in circumstances.confirmed:
        return "no evaluation since the controller started has confirmed the ejection"
    return None


def _why_not_terminate(
    pod: Pod, fleet: Fleet, circumstances: Circumstances, terminating: bool
) -> str | None:
    if pod.uid in circumstances.protected:
        return "a PodDisruptionBudget refuses its eviction"
    if terminating:
        return "another terminated pod of the Service has no replacement yet"
    owner = pod.owner
    assert owner is not None
    if owner.kind == "StatefulSet":
        siblings = [p for p in fleet.pods if p.owner == owner and p.uid != pod.uid]
        waiting = [p.name for p in siblings if not p.ready]
        if waiting:
            return f"StatefulSet sibling {waiting[0]} is not Ready"
    return None


def _deferred(pod: Pod, why: str) -> Refusal:
    breaker = pod.ejection.breaker if pod.ejection else ""
    return Refusal(pod, Reason.TERMINATION_DEFERRED, breaker, why)


def _exhausted(action: Action, pod: Pod, activator: ActivatorPolicy) -> Intent:
    return Intent(
        action,
        pod,
        Reason.RETRIES_EXHAUSTED,
        breaker=pod.ejection.breaker if pod.ejection else "",
        evidence=(
            f"ejection {pod.retries} in a row, maxRetryCount {activator.max_retries} is used up"
        ),
        retries=pod.retries,
    )
