"""Decides what to say of rules, of where they stand, and of what they ask; pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor import instants
from kubectl_kubervisor.rules_objects import Approval, Preview, Rule, Standing

RULE_HEADERS = (
    "RULE",
    "READY",
    "REASON",
    "ABOUT",
    "ACTIONS",
    "OBJECTS",
    "TRIGGERED",
    "ACTING",
    "AGE",
)
RULE_WIDE = ("WEIGHT", "APPROVAL", "CONDITION")
OBJECT_HEADERS = ("RULE", "OBJECT", "STATE", "SINCE", "REASON", "VALUES")
OBJECT_WIDE = ("INTENDED", "MESSAGE")
APPROVAL_HEADERS = ("APPROVAL", "RULE", "STATE", "AGE", "EXPIRES", "WOULD-DO")
SAID = {
    "Initializing": "the rule has not looked at it yet",
    "Normal": "the condition does not hold",
    "Triggered": "the condition holds",
    "ActionAwaitingApproval": "it waits for an approval",
    "ActionAwaitingWindow": "it waits until actions may be taken",
    "ActiveActionsPending": "it is about to act",
    "ActiveActionsInProgress": "it acts",
    "ActiveActionsTaken": "it has acted and cools down",
    "ActionsDeclined": "it does not act",
}
"""What a state means, where the controller gives no sentence of its own."""


def rule_headers(*, wide: bool) -> list[str]:
    """The headers of `rule_row`."""
    return [*RULE_HEADERS, *(RULE_WIDE if wide else ())]


def rule_row(one: Rule, now: float, *, wide: bool) -> list[str]:
    """One line of the table of rules."""
    ready = one.condition("Ready")
    counts = (one.objects, one.triggered, one.acting)
    cells = [
        one.name,
        ready.status,
        "DryRun" if one.dry_run and one.ready else ready.reason or "-",
        one.kind or "-",
        ",".join(map(short_action, one.actions)) or "-",
        *("-" if count is None else str(count) for count in counts),
        instants.since(one.created, now),
    ]
    if wide:
        condition = "; ".join(one.expressions)
        cells += [str(one.weight), "required" if one.needs_approval else "-", condition or "-"]
    return cells


def rule_details(one: Rule, now: float) -> list[tuple[str, str]]:
    """Name and value of what there is to say of one rule, beyond its objects."""
    ready = one.condition("Ready")
    said = ": ".join(filter(None, (ready.reason, ready.message)))
    found = [
        ("Rule", one.name),
        ("Ready", f"{ready.status}, {said}" if said else ready.status),
        ("About", one.kind),
        *(("Condition", each) for each in one.expressions),
        *(("Action", each) for each in one.actions),
        ("Approval", "required" if one.needs_approval else ""),
        ("Dry run", "nothing is written" if one.dry_run else ""),
        ("Weight", str(one.weight) if one.weight else ""),
        ("Objects", _counted(one)),
        ("Age", instants.since(one.created, now)),
    ]
    return [(name, value) for name, value in found if value]


def object_headers(*, wide: bool, with_namespace: bool) -> list[str]:
    """The headers of `object_row`."""
    names = [*OBJECT_HEADERS, *(OBJECT_WIDE if wide else ())]
    return ["NAMESPACE", *names] if with_namespace else names


def object_row(one: Standing, now: float, *, wide: bool, with_namespace: bool) -> list[str]:
    """One line of the table of where rules stand about objects."""
    cells = [
        one.rule or "-",
        object_name(one),
        one.state or "Initializing",
        instants.since(one.since, now),
        one.reason or "-",
        ", ".join(one.values) or "-",
    ]
    if wide:
        cells += ["; ".join(each.summary for each in one.intended) or "-", one.message or "-"]
    return [one.namespace, *cells] if with_namespace else cells


def history_rows(one: Standing, now: float) -> Sequence[Sequence[str]]:
    """The states that were passed, the newest first."""
    return [
        (instants.since(each.at, now), each.state, each.message) for each in reversed(one.history)
    ]


def approval_headers(*, with_namespace: bool) -> list[str]:
    """The headers of `approval_row`."""
    return ["NAMESPACE", *APPROVAL_HEADERS] if with_namespace else list(APPROVAL_HEADERS)


def approval_row(one: Approval, now: float, *, with_namespace: bool) -> list[str]:
    """One line of the table of approvals."""
    cells = [
        one.name,
        one.rule or "-",
        "expired" if one.state == "pending" and one.is_over(now) else one.state,
        instants.since(one.created, now),
        left(one, now) or "-",
        "; ".join(each.message or each.action for each in one.previews) or "-",
    ]
    return [one.namespace, *cells] if with_namespace else cells


def approval_details(one: Approval, now: float) -> list[tuple[str, str]]:
    """Who asks, what would be done, to what, and until when there is an answer to give."""
    found = [
        ("Approval", f"{one.namespace}/{one.name}"),
        ("Asked by", f"rule {one.rule}" if one.rule else ""),
        ("Asked", f"{instants.since(one.created, now)} ago" if one.created else ""),
        ("State", one.state),
    ]
    for each in one.previews:
        found += [("Would do", would_do(each)), ("Involved", ", ".join(each.involved))]
    if one.state == "pending":
        found.append(("Expires", f"in {left(one, now)}" if left(one, now) else ""))
    return [(name, value) for name, value in found if value]


def would_do(one: Preview) -> str:
    """The action in a sentence: the controller's, else its name with its parameters."""
    params = ", ".join(f"{name}: {value}" for name, value in sorted(one.params.items()))
    said = one.message or "it does not say what comes of it"
    return (
        f"{short_action(one.action)} ({params}): {said}"
        if params
        else f"{short_action(one.action)}: {said}"
    )


def left(one: Approval, now: float) -> str:
    """How long it can still be answered, "" where there is no end or it is over."""
    until = instants.parse(one.expires)
    return instants.age(until - now) if until is not None and until > now else ""


def object_name(one: Standing) -> str:
    """What it is about, in one word."""
    kind = one.kind.lower()
    short = {"persistentvolumeclaim": "pvc"}.get(kind, kind)
    return f"{short}/{one.about}" if short and one.about else one.about or one.name


def short_action(name: str) -> str:
    """An action's name without whose it is.

    >>> short_action("openstorage.io.action.volume/resize")
    'volume/resize'
    """
    for prefix in ("openstorage.io.action.", "kubervisor.k8s.io.action.", "kubervisor.k8s.io."):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def _counted(one: Rule) -> str:
    if one.objects is None:
        return ""
    return f"{one.objects}, {one.triggered or 0} triggered, {one.acting or 0} acting"
