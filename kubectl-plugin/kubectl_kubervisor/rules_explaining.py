"""Decides what to say of why a rule stands where it does about an object; pure."""

from __future__ import annotations

from kubectl_kubervisor import instants
from kubectl_kubervisor.rules_objects import Approval, Standing
from kubectl_kubervisor.rules_standing import SAID, left, short_action

_IS_GOING_ON = frozenset({"ActionAwaitingApproval", "ActionAwaitingWindow", "ActiveActionsPending"})


def verdict(one: Standing, now: float) -> str:
    """Where the rule stands, in a sentence."""
    kind = f"{one.kind} " if one.kind else ""
    about = f"{kind}{one.namespace}/{one.about or one.name}"
    state = one.state or "Initializing"
    since = instants.parse(one.since)
    lasting = "" if since is None else f" for {instants.age(now - since)}"
    meant = SAID.get(state, "")
    return f"Rule {one.rule} about {about}: {state}{lasting}" + (f", {meant}." if meant else ".")


def reasons(one: Standing, asked: Approval | None, now: float) -> list[tuple[str, str]]:
    """Name and value of what keeps it there: the controller's words, values, what holds it."""
    acted = [at for at in map(instants.parse, one.acted) if at is not None]
    found = [
        ("Why", ": ".join(filter(None, (one.reason, one.message)))),
        ("Values", ", ".join(one.values)),
        ("Condition", _held(one, now)),
        *((_what(one), f"{short_action(each.action)}: {each.summary}") for each in one.intended),
        ("Approval", _asked(asked, now)),
        ("Tries", f"{one.attempts} failed" if one.attempts else ""),
        ("Not before", _not_before(one, now)),
        ("Acted", ", ".join(f"{instants.age(now - at)} ago" for at in acted)),
        *(("You can", way) for way in _ways(one, asked)),
    ]
    return [(name, value) for name, value in found if value]


def _held(one: Standing, now: float) -> str:
    met = instants.parse(one.met_since)
    return "" if met is None else f"has held for {instants.age(now - met)} without a break"


def _what(one: Standing) -> str:
    return "Would do" if one.state in _IS_GOING_ON else "Does"


def _asked(asked: Approval | None, now: float) -> str:
    if asked is None:
        return ""
    until = left(asked, now)
    ends = f", expires in {until}" if until and asked.state == "pending" else ""
    return f"{asked.name}, {asked.state}{ends}"


def _not_before(one: Standing, now: float) -> str:
    until = instants.parse(one.not_before)
    return "" if until is None or until <= now else f"{instants.age(until - now)} from now"


def _ways(one: Standing, asked: Approval | None) -> list[str]:
    """The commands that would change something now."""
    if asked is None:
        return []
    if asked.state == "pending" and one.state == "ActionAwaitingApproval":
        command, where = "kubectl kubervisor", f"{asked.name} -n {asked.namespace}"
        return [f"{command} approve {where}", f"{command} decline {where}"]
    if asked.state == "declined":
        return [f"kubectl delete actionapproval {asked.name} -n {asked.namespace}  # asks anew"]
    return []
