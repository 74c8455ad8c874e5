"""Where a rule stands about an object, as its AutopilotRuleObject stores it.

Pure. A status that cannot be read in part, because a person wrote it, is read in its other parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubervisor import instants
from kubervisor.api.autopilot_rule_object import (
    MOST_ITEMS,
    AutopilotRuleObjectStatus,
    MeasuredSizes,
    ObjectReference,
    RuleObjectIntent,
    RuleObjectItem,
)
from kubervisor.api.status import MAX_MESSAGE
from kubervisor.rules.decision.facts import Transition
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent, Sizes, Standing, State
from kubervisor.text import printable


def as_stored(standing: Standing) -> Standing:
    """What is read of a standing once it was stored: texts that people read in terminals are made
    printable. What was made of an expression with a line break is no other one at each look.
    """
    intents = tuple(replace(one, summary=_shown(one.summary)) for one in standing.intents)
    return replace(standing, message=_shown(standing.message), intents=intents)


def read_standing(status: Mapping[str, Any]) -> Standing | None:
    """What was stored; None where there is no state in it."""
    state = next((one for one in State if one.value == status.get("state")), None)
    if state is None:
        return None
    return Standing(
        state=state,
        since=_instant(status.get("since")) or 0.0,
        reason=_text(status.get("reason")),
        message=_text(status.get("message")),
        values=tuple(map(_text, _list(status.get("values")))),
        met_since=_instant(status.get("metSince")),
        intents=tuple(_intent(one) for one in _list(status.get("intents"))),
        digest=_text(status.get("digest")),
        attempts=_count(status.get("attempts")),
        not_before=_instant(status.get("notBefore")) or 0.0,
        acted=tuple(sorted(filter(None, map(_instant, _list(status.get("acted")))))),
        generation=_count(status.get("generation")),
        measured=_sizes(_dict(status.get("measured"))),
    )


def read_ref(status: Mapping[str, Any]) -> ObjectRef | None:
    """Which object it is about; None where that is not said."""
    found = _dict(status.get("object"))
    ref = ObjectRef(*(_text(found.get(key)) for key in ("kind", "namespace", "name", "uid")))
    return ref if ref.kind and ref.name and ref.uid else None


def status_of(
    stored: Mapping[str, Any],
    ref: ObjectRef,
    standing: Standing,
    passed: Sequence[Transition],
    *,
    approval: str,
    now: float,
) -> dict[str, Any]:
    """The whole status as JSON; `stored` is the one it follows, `passed` are the states that were
    come to since then. `approval` is the name of the ActionApproval, "" where there is none.
    """
    items = [one for one in _list(stored.get("items")) if isinstance(one, dict)]
    at = instants.render(now, "seconds")
    for one in passed:
        item = RuleObjectItem(
            last_process_timestamp=at,
            state=one.target.value,
            message=one.message,
            action_approval_name=approval or None,
        )
        items.append(item.wire())
    status = AutopilotRuleObjectStatus(
        object=ObjectReference(kind=ref.kind, namespace=ref.namespace, name=ref.name, uid=ref.uid),
        state=standing.state.value,
        since=instants.render(standing.since, "seconds"),
        reason=standing.reason or None,
        message=standing.message or None,
        values=list(standing.values) or None,
        met_since=_rendered(standing.met_since),
        intents=[_stored_intent(one) for one in standing.intents] or None,
        digest=standing.digest or None,
        attempts=standing.attempts or None,
        not_before=_rendered(standing.not_before or None),
        acted=[instants.render(one, "seconds") for one in standing.acted] or None,
        generation=standing.generation,
        measured=_measured(standing.measured),
    )
    return {**status.wire(), "items": items[-MOST_ITEMS:]}


def _stored_intent(intent: Intent) -> RuleObjectIntent:
    return RuleObjectIntent(
        action=intent.action,
        summary=intent.summary,
        goal=dict(intent.goal),
        progress=dict(intent.progress) or None,
    )


def _measured(sizes: Sizes | None) -> MeasuredSizes | None:
    return None if sizes is None else MeasuredSizes(metric=sizes.metric, claim=sizes.claim)


def _sizes(found: Mapping[str, Any]) -> Sizes | None:
    sizes = Sizes(_count(found.get("metric")), _count(found.get("claim")))
    return sizes if sizes.metric and sizes.claim else None


def _intent(found: Any) -> Intent:
    entry = _dict(found)
    return Intent(
        action=_text(entry.get("action")),
        summary=_text(entry.get("summary")),
        goal=_texts(entry.get("goal")),
        progress=_texts(entry.get("progress")),
    )


def _shown(text: str) -> str:
    return printable(text[:MAX_MESSAGE])


def _texts(found: Any) -> dict[str, str]:
    return {str(key): value for key, value in _dict(found).items() if isinstance(value, str)}


def _rendered(at: float | None) -> str | None:
    return None if at is None else instants.render(at, "seconds")


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _instant(value: Any) -> float | None:
    return instants.parse(value) if isinstance(value, str) else None
