"""Who is told what rules do: Events on the rules, the log, and counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubervisor.kube.events import EventType
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_writer import RuleEvents
from kubervisor.rules.controller.naming import object_label
from kubervisor.rules.decision.facts import Move, Notice, Transition
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Reason, Standing, State
from kubervisor.telemetry import rule_metrics
from kubervisor.telemetry.logs import Log

ACTION = "Remediate"
UNAUTHORIZED = "UnauthorizedVolumeAccess"


class RuleNews:
    """Tells what is new once it is stored. Thread-safe."""

    def __init__(self, events: RuleEvents, log: Log) -> None:
        self._events, self._log = events, log

    def tell(
        self, rule: SpecRecord | None, name: str, ref: ObjectRef, before: Standing, move: Move
    ) -> None:
        """Of one look; `rule` is None where the rule is gone: nobody reads its Events any more."""
        _count(name, before, move)
        for one in move.transitions:
            self._log.info(
                "Rule",
                rule=name,
                object=str(ref),
                state=one.target.value,
                reason=one.reason.value,
                message=one.message,
            )
            if rule is not None:
                self._record(rule, EventType.NORMAL, "Transition", _passage(name, ref, one))
        for notice in move.notices:
            self._log.warning("Rule", rule=name, object=str(ref), message=notice.message)
            if rule is not None:
                note = _warning(name, ref, notice)
                self._record(rule, EventType.WARNING, notice.reason.value, note)

    def warn_of_access(self, rule: SpecRecord, messages: Iterable[str]) -> None:
        """Volumes are used by who has no right to; a sentence for each."""
        for message in messages:
            self._log.warning("Unauthorized volume access", rule=rule.name, message=message)
            self._record(rule, EventType.WARNING, UNAUTHORIZED, message)

    def count(self, name: str, states: Sequence[int]) -> None:
        """Keep the gauges of a rule: how many objects are in each state, in the order of these."""
        for state, number in zip(State, states, strict=True):
            rule_metrics.OBJECTS.labels(name, state.value).set(number)
            if state is State.AWAITING_APPROVAL:
                rule_metrics.APPROVALS.labels(name).set(number)

    def _record(self, rule: SpecRecord, type: EventType, reason: str, note: str) -> None:
        self._events.record(rule, type=type, reason=reason, action=ACTION, note=note)


def _passage(rule: str, ref: ObjectRef, one: Transition) -> str:
    """In the original's words: others search for them."""
    label = object_label(ref.kind, ref.uid)
    return f"rule: {rule}:{label} transition from {one.origin.value} => {one.target.value}"


def _warning(rule: str, ref: ObjectRef, notice: Notice) -> str:
    if notice.reason is Reason.ACTION_FAILED:
        return f"failed to execute Action for rule {rule} on {ref}: {notice.message}"
    return notice.message


def _count(rule: str, before: Standing, move: Move) -> None:
    """What became of an action: the first that was in progress, or of the first that is."""
    for one in move.transitions:
        intents = before.intents if one.origin is State.IN_PROGRESS else move.standing.intents
        action = intents[0].action if intents else ""
        outcome = _outcome(one)
        if outcome:
            rule_metrics.ACTIONS.labels(rule, action, outcome).inc()


def _outcome(one: Transition) -> str:
    if one.target is State.IN_PROGRESS:
        return "begun"
    if one.target is State.TAKEN:
        return "taken"
    if one.origin is State.IN_PROGRESS and one.target is State.PENDING:
        return "failed"
    return "refused" if one.target is State.DECLINED else ""
