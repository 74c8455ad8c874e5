"""Decides whom a breaker ejects: the outliers, worst first, as far as the fleet can spare them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from kubervisor.traffic.budget import allowance, describe_out
from kubervisor.traffic.evidence import Memory, is_matched
from kubervisor.traffic.holds import hold_length, retries_at_ejection
from kubervisor.traffic.load import Load, load_of
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.moving_faults import Movement, has_ejected, has_risen, movement
from kubervisor.traffic.peers import affected_pods, group_of, panicking_groups, version_outlier
from kubervisor.traffic.plan import Action, Intent, Plan, Refusal
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything a rule may look at when it says no to one candidate."""

    breaker: BreakerPolicy
    policy: ServicePolicy
    memory: Memory
    panicking: frozenset[str]
    moving: Movement
    has_ejected: bool
    load: Load | None
    now: float


_Rule = Callable[[_Case, Pod], tuple[Reason, str] | None]


def plan_ejections(
    fleet: Fleet,
    verdict: Verdict,
    breaker: BreakerPolicy,
    policy: ServicePolicy,
    memory: Memory,
    *,
    now: float,
) -> Plan:
    """Which outliers `breaker` ejects now, in order, and why the others stay.

    `memory` is the breaker's memory *after* this verdict. Only pods that serve and belong to this
    KubervisorService are candidates. The plan is good for one write: after each, the caller gathers
    the fleet anew and asks again, so the budget is never spent on a picture that has changed.
    """
    candidates = _candidates(fleet, verdict)
    affected = affected_pods(fleet, (finding.pod for finding, _ in candidates), breaker.name)
    if not affected:
        return Plan()
    panicking = panicking_groups(
        fleet,
        affected,
        peer_group=policy.peer_group,
        threshold_percent=policy.budget.panic_threshold_percent,
    )
    moving, ejected, window = Movement(), False, verdict.window
    if breaker.on_requests:
        moving = movement(memory, window=window, period=breaker.period, now=now)
        ejected = has_ejected(fleet, breaker.name, memory, window=window, now=now)
    load = load_of(fleet, verdict) if policy.budget.max_load_percent is not None else None
    case = _Case(breaker, policy, memory, panicking, moving, ejected, load, now)

    room = allowance(fleet, breaker, policy.budget)
    exhausted = (Reason.BUDGET_EXHAUSTED, f"{room}{describe_out(fleet)}")
    intents: list[Intent] = []
    refused: list[Refusal] = []
    taken: set[PodUid] = set()
    for finding, pod in candidates:
        no = next((said for rule in _RULES if (said := rule(case, pod))), None)
        no = no or shared_pod(fleet, pod, taken)
        if no is None and len(intents) >= room.left:
            no = exhausted
        no = no or _spreading(case, intents) or _risen(case, finding)
        no = no or _overload(case, len(taken) + 1)
        if no is not None:
            refused.append(Refusal(pod, no[0], breaker.name, f"{finding.evidence}; {no[1]}"))
            continue
        taken.add(pod.uid)
        intents.append(_ejection(pod, finding, breaker, now))
    return Plan(
        intents=tuple(intents),
        refused=tuple(refused),
        panicking=tuple(sorted(panicking)),
        version_outlier=version_outlier(fleet, affected, peer_group=policy.peer_group),
    )


def _candidates(fleet: Fleet, verdict: Verdict) -> list[tuple[Finding, Pod]]:
    """Outliers that serve and are ours, worst first. A pod labelled for another is that one's."""
    outliers = verdict.outliers
    if not outliers:
        return []
    serving = {pod.uid: pod for pod in fleet.serving if fleet.is_ours(pod)}
    return [(found, serving[found.pod]) for found in outliers if found.pod in serving]


def _unmatched(case: _Case, pod: Pod) -> tuple[Reason, str] | None:
    if is_matched(case.memory, pod, case.breaker, case.now):
        return None
    matches = case.breaker.matches
    return (
        Reason.MATCHES_NOT_REACHED,
        f"an outlier in fewer than {matches.need} of {matches.of} steps",
    )


def _panic(case: _Case, pod: Pod) -> tuple[Reason, str] | None:
    if group_of(pod, case.policy.peer_group) not in case.panicking:
        return None
    return Reason.PANICKING, (
        f"outliers reach {case.policy.budget.panic_threshold_percent} % of the peer group: "
        "the measurement is suspect, not the pods"
    )


def _moving(case: _Case, pod: Pod) -> tuple[Reason, str] | None:
    if pod.uid in case.moving.held_back:
        return Reason.FAULT_MOVES, "its excess began only after another pod's ejection"
    if case.moving.stopped:
        return Reason.FAULT_MOVES, "the fault moved twice from pod to pod"
    return None


_RULES: tuple[_Rule, ...] = (
    _unmatched,  # evidence first
    _panic,  # then the fleet: is it the pods at all?
    _moving,
)


def _spreading(case: _Case, intents: Sequence[Intent]) -> tuple[Reason, str] | None:
    """A fault that reaches one pod after the other costs one ejection, before the guard sees it."""
    if not case.moving.spreading or not (intents or case.has_ejected):
        return None
    return Reason.FAULT_MOVES, (
        f"a pod has become an outlier within the last {case.moving.calm:g} s: "
        "the fault may be spreading"
    )


def _risen(case: _Case, finding: Finding) -> tuple[Reason, str] | None:
    """Peers that come to fail as well take the blame off the pod, until that is their level."""
    streak, level = case.memory.streaks.get(finding.pod), finding.facts.get("baseline")
    if not case.has_ejected or streak is None or not has_risen(streak.level, level):
        return None
    return Reason.FAULT_MOVES, (
        f"its peers fail {level:.3g} %, and {streak.level:.3g} % when it became an outlier"
    )


def shared_pod(fleet: Fleet, pod: Pod, taken: Collection[PodUid]) -> tuple[Reason, str] | None:
    """Another Service that selects on our key keeps at least one serving pod: the refusal where it
    would not, `taken` being ejected already.
    """
    for neighbour in fleet.neighbours:
        if pod.uid in neighbour.serving and not neighbour.serving.difference(taken, {pod.uid}):
            return (
                Reason.SHARED_POD,
                f"Service {neighbour.name} would be left without a serving pod",
            )
    return None


def _overload(case: _Case, ejections: int) -> tuple[Reason, str] | None:
    """The pods that stay can carry what so many ejected ones did."""
    most = case.policy.budget.max_load_percent
    note = case.load.refusal(ejections, most) if case.load and most else ""
    return (Reason.LOAD_TOO_HIGH, note) if note else None


def _ejection(pod: Pod, finding: Finding, breaker: BreakerPolicy, now: float) -> Intent:
    retries = retries_at_ejection(pod, now)
    return Intent(
        action=Action.EJECT,
        pod=pod,
        reason=Reason.OUTLIER,
        breaker=breaker.name,
        evidence=finding.evidence,
        hold=hold_length(breaker.activator, retries, seed=pod.uid),
        retries=retries,
    )
