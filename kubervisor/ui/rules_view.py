"""Rules, their objects and approvals as their page has them, from what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kubervisor import instants
from kubervisor.kube import rule_contents as stored
from kubervisor.ui.documents import cut
from kubervisor.ui.rules_documents import (
    MOST_ACTIONS,
    MOST_INVOLVED,
    MOST_PASSED,
    About,
    Action,
    Approval,
    Passed,
    Preview,
    Rule,
)
from kubervisor.ui.shown import LONGEST_MESSAGE, UNREADABLE, condition_of, line

_DECLINED, _BY_A_PERSON = "ActionsDeclined", "ApprovalDeclined"
_ON_THE_WAY = frozenset(
    {
        "Triggered",
        "ActionAwaitingApproval",
        "ActionAwaitingWindow",
        "ActiveActionsPending",
        "ActiveActionsInProgress",
        "ActiveActionsTaken",
    }
)


def rule_of(one: stored.Rule, objects: Sequence[stored.RuleObject]) -> Rule:
    """All about one rule and its objects."""
    spec, status, ready = one.spec, one.status, one.condition("Ready")
    wrong = ready if ready is not None and ready.status == "False" else None
    message = ready.message if ready else ""
    return Rule(
        name=line(one.name),
        level=level_of(one, objects),
        ready=ready is not None and ready.status == "True",
        reason=line(ready.reason) if ready else "",
        message=cut(message if one.readable else UNREADABLE, LONGEST_MESSAGE),
        kind=line(spec.object_kind or ""),
        conditions=[line(str(each)) for each in spec.conditions.expressions[:MOST_ACTIONS]]
        or ([line(spec.conditions.type)] if spec.conditions.type else []),
        actions=[Action(line(a.name), _params(a)) for a in spec.actions[:MOST_ACTIONS]],
        needs_approval=spec.enforcement == "approvalRequired",
        dry_run=spec.dry_run,
        weight=spec.weight,
        objects=status.objects,
        triggered=status.triggered,
        acting=status.acting,
        states=dict(Counter(line(each.status.state) or "Initializing" for each in objects)),
        wrong=[condition_of(wrong, good=False)] if wrong else [],
    )


def level_of(one: stored.Rule, objects: Iterable[stored.RuleObject]) -> str:
    """How grave it is: alarm, notice, ok, or unknown where nobody has looked at it yet."""
    gravities = {_gravity(each.status) for each in objects}
    ready = one.condition("Ready")
    if not one.readable or (ready is not None and ready.status == "False"):
        return "alarm"
    if ready is None:
        return "unknown"
    if 0 in gravities:
        return "alarm"
    return "notice" if 1 in gravities else "ok"


def by_rule(objects: Iterable[stored.RuleObject]) -> dict[str, list[stored.RuleObject]]:
    """The objects of each rule, by its name."""
    found: dict[str, list[stored.RuleObject]] = {}
    for one in objects:
        found.setdefault(one.rule, []).append(one)
    return found


def gravest_first(objects: Iterable[stored.RuleObject]) -> list[stored.RuleObject]:
    """Those that people want to see first: what a limit refuses, then what is on its way."""
    return sorted(objects, key=lambda one: (_gravity(one.status), one.rule, one.namespace))


def _gravity(status: stored.ObjectStatus) -> int:
    if status.state == _DECLINED:
        return 1 if status.reason == _BY_A_PERSON else 0
    return 1 if status.state in _ON_THE_WAY else 2


def about_of(one: stored.RuleObject) -> About:
    """Where a rule stands about one object."""
    status = one.status
    return About(
        rule=line(one.rule),
        namespace=line(one.namespace),
        kind=line(status.object.kind),
        name=line(status.object.name or one.name),
        state=line(status.state) or "Initializing",
        since=instants.parse(status.since),
        reason=line(status.reason),
        message=cut(status.message if one.readable else UNREADABLE, LONGEST_MESSAGE),
        values=[line(value) for value in status.values[:MOST_ACTIONS]],
        intended=[cut(each.summary, LONGEST_MESSAGE) for each in status.intents[:MOST_ACTIONS]],
        not_before=instants.parse(status.not_before),
        passed=[
            Passed(
                instants.parse(each.last_process_timestamp),
                line(each.state),
                cut(each.message, LONGEST_MESSAGE),
            )
            for each in reversed(status.items[-MOST_PASSED:])
        ],
    )


def approval_of(one: stored.Approval, now: float) -> Approval:
    """What a rule asks for, at the instant `now`."""
    expires = instants.parse(one.status.expires_at)
    is_over = one.state == "pending" and expires is not None and expires <= now
    return Approval(
        namespace=line(one.namespace),
        name=line(one.name),
        rule=line(one.status.rule.name),
        state="expired" if is_over else line(one.state),
        asked=instants.parse(one.created_at),
        expires=expires,
        previews=[
            Preview(
                line(each.action.name),
                _params(each.action),
                cut(each.expected_result.message, LONGEST_MESSAGE),
                [_named(named) for named in each.involved_objects[:MOST_INVOLVED]],
            )
            for each in one.status.action_previews[:MOST_ACTIONS]
        ],
    )


def _named(one: stored.Named) -> str:
    where = f"{one.namespace}/{one.name}" if one.namespace else one.name
    return line(f"{one.kind} {where}")


def _params(one: stored.ActionCall) -> str:
    return line(", ".join(f"{name}: {value}" for name, value in sorted((one.params or {}).items())))
