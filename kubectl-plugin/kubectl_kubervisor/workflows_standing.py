"""Decides what to say of workflows; pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor import instants
from kubectl_kubervisor.text import printable
from kubectl_kubervisor.workflows_objects import Phase, Workflow

HEADERS = ("KIND", "NAME", "PHASE", "SINCE", "READY", "REASON", "NEXT")
WIDE = ("OPERATOR", "FAILURES", "MESSAGE")


def headers(*, wide: bool, with_namespace: bool) -> list[str]:
    """The headers of `row`."""
    names = [*HEADERS, *(WIDE if wide else ())]
    return ["NAMESPACE", *names] if with_namespace else names


def row(one: Workflow, now: float, *, wide: bool, with_namespace: bool) -> list[str]:
    """One line of the table."""
    ready = one.condition("Ready")
    cells = [
        one.kind.kind or "-",
        one.name,
        one.phase or "-",
        instants.since(one.since, now) if one.since else "-",
        ready.status,
        ready.reason or "-",
        ",".join(following(one)) or "-",
    ]
    if wide:
        cells += [one.kind.operator or "-", str(one.failures), why(one) or "-"]
    return [one.namespace, *cells] if with_namespace else cells


def following(one: Workflow) -> tuple[str, ...]:
    """The phases that may follow, as far as its kind says which; none of a final phase."""
    rules = one.rules
    if rules is None or rules.final:
        return ()
    named = (*rules.next, *((rules.on_timeout,) if rules.on_timeout else ()))
    return tuple(name for name in dict.fromkeys(named) if name != one.phase)


def why(one: Workflow) -> str:
    """What it says of itself: of what is wrong, else of its phase."""
    ready = one.condition("Ready")
    return one.message if ready.true else ready.message or one.message


def details(one: Workflow, now: float) -> list[tuple[str, str]]:
    """Name and value of what there is to say of one, beyond what it went through."""
    ready = one.condition("Ready")
    said = ": ".join(filter(None, (ready.reason, ready.message)))
    found = [
        ("Workflow", f"{one.kind.kind} {one.namespace}/{one.name}"),
        ("Phase", _phase(one, now)),
        ("Why", one.message),
        ("Ready", f"{ready.status}, {said}" if said else ready.status),
        ("Next", _next(one)),
        ("Ends", _ends(one, one.rules, now) if one.rules else ""),
        ("Failures", f"{one.failures} in a row" if one.failures else ""),
        ("Spec", "" if one.observed >= one.generation else "changed since the last sync"),
        ("Deleted", "it is being deleted" if one.deleting else ""),
        *((printable(name), value) for name, value in one.says),
        ("Operator", one.kind.operator),
        ("Age", instants.since(one.created, now)),
    ]
    return [(name, value) for name, value in found if value]


def timeline(one: Workflow, now: float) -> Sequence[Sequence[str]]:
    """The phases that it went through, the newest first: how long ago, for how long, and why."""
    begins = [instants.parse(each.since) for each in one.history]
    ends = [*begins[1:], None if _rests(one) else now]
    return [
        (
            "<unknown>" if begun is None else instants.age(now - begun),
            "-" if begun is None or ended is None else instants.age(ended - begun),
            each.phase,
            each.message,
        )
        for each, begun, ended in reversed(list(zip(one.history, begins, ends, strict=False)))
    ]


def _rests(one: Workflow) -> bool:
    return one.condition("Complete").true or bool(one.rules and one.rules.final)


def _phase(one: Workflow, now: float) -> str:
    if not one.phase:
        return "none yet: its operator has not looked at it"
    since = instants.parse(one.since)
    lasting = "" if since is None else f" for {instants.age(now - since)}"
    return f"{one.phase}{lasting}" + (", which is final" if _rests(one) else "")


def _next(one: Workflow) -> str:
    return " or ".join(one.rules.next) if one.rules and not one.rules.final else ""


def _ends(one: Workflow, rules: Phase, now: float) -> str:
    begun = instants.parse(one.since)
    if begun is None or not rules.timeout:
        return ""
    left = begun + rules.timeout - now
    when = f"in {instants.age(left)}" if left > 0 else "now"
    return f"{when}, after {instants.age(rules.timeout)}: it goes to {rules.on_timeout or '?'}"
