"""Decides what to say of why a rollout stands where it does, and what would change it; pure."""

from __future__ import annotations

from kubectl_kubervisor import instants
from kubectl_kubervisor.data_objects import Rollout
from kubectl_kubervisor.data_standing import SAID


def verdict(one: Rollout) -> str:
    """Where it stands, in a sentence."""
    name, counts = f"Source {one.namespace}/{one.source}", one.counts
    users = counts.get("users", 0)
    if one.phase == "RollingOut" and one.candidate.path:
        share = f"{counts.get('onCandidate', 0)} of {users} pods"
        return f"{name} rolls out {one.candidate.name}: {share} are asked to have it."
    if one.phase == "RollingBack":
        back = f"{counts.get('onLastKnownGood', 0)} of {users} pods"
        return f"{name} goes back to {one.good.name or 'its last known good version'}: {back} are."
    if one.phase == "Settled" and one.good.path:
        return f"{name} is settled on {one.good.name} with {users} pods."
    return f"{name} waits: {SAID.get(one.phase, 'the controller has not looked at it yet')}."


def reasons(one: Rollout, now: float) -> list[tuple[str, str]]:
    """Name and value of what keeps it there: the controller's words, the gates, what holds it."""
    found = [
        ("Why", ": ".join(filter(None, (one.reason, one.message)))),
        ("Next stage", _next(one)),
        *_gates(one),
        ("Held by", "; ".join(_holds(one, now))),
    ]
    repository = one.condition("RepositoryAvailable")
    if repository.status == "False":
        found.append(("Repository", repository.message or repository.reason))
    found += [("You can", each) for each in _ways(one)]
    return [(name, value) for name, value in found if value]


def _next(one: Rollout) -> str:
    if one.stage is None or one.needed is None:
        return ""
    left = max(0, one.needed - one.counts.get("proven", 0))
    last = one.stage.percent >= 100
    goal = "it becomes the last known good version" if last else "the next stage begins"
    if not left:
        return f"{goal} at the controller's next look, unless something holds it"
    pods = "1 more pod has" if left == 1 else f"{left} more pods have"
    return f"when {pods} run the candidate for {one.probation or 'the probation'}, {goal}"


def _gates(one: Rollout) -> list[tuple[str, str]]:
    """What would take a candidate back, with the numbers as they are."""
    percent = one.failure_percent
    of_all = of_those = ""
    if percent is not None:
        of_all = f"; more than {percent} % take a candidate back"
        of_those = f"; so do more than {percent} % of those with the candidate that fail by it"
    found = [
        ("Dependants", _failing(one, "failingDependants", "dependants"), of_all),
        ("Its own pods", _failing(one, "failing", "users"), of_those),
    ]
    return [(name, said + limit) for name, said, limit in found if said]


def _failing(one: Rollout, part: str, whole: str) -> str:
    failing, of = one.counts.get(part, 0), one.counts.get(whole, 0)
    return f"{failing} of {of} failing ({100 * failing // of} %)" if of else ""


def _holds(one: Rollout, now: float) -> list[str]:
    until = instants.parse(one.not_before)
    holds = ["it is paused"] if one.paused else []
    if one.pin:
        holds.append(f"it is pinned to {one.pin}")
    if until is not None and until > now:
        holds.append(f"its back-off lasts {instants.age(until - now)} more")
    if one.newest.path and any(each.version.sha256 == one.newest.sha256 for each in one.quarantine):
        holds.append(f"the newest version, {one.newest.name}, is in quarantine")
    return holds


def _ways(one: Rollout) -> list[str]:
    """The commands that would change something now."""
    command, where = "kubectl kubervisor data", f"-n {one.namespace}"
    ways = []
    if one.paused:
        ways.append(f"{command} resume {one.source} {where}")
    if one.pin:
        ways.append(f"{command} unpin {one.source} {where}")
    if one.phase == "RollingOut" and not one.paused:
        ways.append(f"{command} pause {one.source} {where}")
        if one.good.path and not one.pin:
            ways.append(f"{command} pin {one.source} {one.good.name} {where}  # takes it back")
    elif one.quarantine and not one.pin:
        bad = one.quarantine[-1].version.name
        ways.append(f"{command} pin {one.source} {bad} {where}  # tries it once more")
    return ways
