"""From an AutopilotRule as stored to the policy that decisions read, or to what is wrong with it.

Objects may be older than the schema, or the schema may be another's: what it refuses is refused
here too, with the path of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import ValidationError

from kubervisor.api.autopilot_condition import Expression as WrittenExpression
from kubervisor.api.autopilot_fields import Selector
from kubervisor.api.autopilot_rule import LONGEST_NAME, AutopilotRuleSpec
from kubervisor.api.problems import spec_error
from kubervisor.rules import expressions, reading_actions
from kubervisor.rules.actions.action import Action
from kubervisor.rules.actions.resize import Resize
from kubervisor.rules.decision.policy import (
    ActionCall,
    Expression,
    NoData,
    ObjectKind,
    Operator,
    RulePolicy,
    RuleType,
    Windows,
)
from kubervisor.rules.decision.selector import LabelOperator, LabelSelector, Requirement
from kubervisor.rules.reading_windows import read_windows
from kubervisor.rules.sample_labels import metric_labels

T = TypeVar("T")

SPEC_INVALID = "SpecInvalid"
ACTION_NOT_SUPPORTED = "ActionNotSupported"


@dataclass(frozen=True, slots=True)
class Problems:
    """Why a rule cannot be followed: the reason of its condition Ready, and sentences that name the
    field and say what to write.
    """

    reason: str
    sentences: tuple[str, ...]

    @property
    def message(self) -> str:
        """All of it as one text."""
        return ". Also ".join(self.sentences)


class Record(Protocol):
    """An AutopilotRule as stored; `kube.records.SpecRecord` is one."""

    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def created_at(self) -> float: ...
    @property
    def spec(self) -> Mapping[str, object]: ...


def read_rule(record: Record, actions: Mapping[str, Action]) -> RulePolicy | Problems:
    """The policy that the rule asks for, all defaults filled in; else what is wrong with it.

    `actions` are those that this process has, by name; whether an administrator enables them is
    told by the caller.
    """
    if len(record.name) > LONGEST_NAME:
        return _wrong(
            f"metadata.name: must have at most {LONGEST_NAME} characters, because it becomes a "
            "label value; write a shorter name"
        )
    try:
        spec = AutopilotRuleSpec.model_validate(dict(record.spec))
    except ValidationError as error:
        return _wrong(str(spec_error(AutopilotRuleSpec, error)))
    unsupported = reading_actions.unsupported(spec.actions)
    if unsupported:
        return Problems(ACTION_NOT_SUPPORTED, unsupported)
    return _Reader(spec, actions).policy(record)


def _wrong(*sentences: str) -> Problems:
    return Problems(SPEC_INVALID, sentences)


class _Reader:
    """Reads one specification and collects what is wrong with it."""

    def __init__(self, spec: AutopilotRuleSpec, actions: Mapping[str, Action]) -> None:
        self._spec, self._actions = spec, actions
        self._problems: list[str] = []

    def policy(self, record: Record) -> RulePolicy | Problems:
        spec, conditions = self._spec, self._spec.conditions
        self._problems += reading_actions.problems(spec.actions, self._actions)
        kind = self._kind()
        policy = RulePolicy(
            name=record.name,
            uid=record.uid,
            generation=record.generation,
            created_at=record.created_at,
            kind=kind,
            labels=metric_labels(spec.metric_labels, kind),
            selector=_selector(spec.selector),
            namespace_selector=_selector(spec.namespace_selector),
            expressions=tuple(
                self._expression(f"spec.conditions.expressions[{index}]", one)
                for index, one in enumerate(conditions.expressions)
            ),
            actions=tuple(ActionCall(call.name, dict(call.params)) for call in spec.actions),
            type=RuleType.VOLUME_ACCESS if self._watches_access else RuleType.METRICS,
            source=conditions.provider,
            required_matches=conditions.required_matches,
            hold_for=float(conditions.for_),
            poll_interval=float(spec.poll_interval),
            cool_down=float(spec.actions_cool_down_period),
            weight=spec.weight,
            needs_approval=spec.enforcement == "approvalRequired"
            or reading_actions.need_approval(spec.actions, self._actions),
            approval_expiry=float(spec.approval_expiry),
            action_windows=self._windows(),
            capacity=self._capacity(kind),
            no_data=NoData(spec.no_data),
            dry_run=spec.dry_run,
        )
        return _wrong(*self._problems) if self._problems else policy

    @property
    def _watches_access(self) -> bool:
        return self._spec.conditions.type == "volumeAccess"

    def _kind(self) -> ObjectKind:
        if not self._watches_access and not self._spec.actions:
            self._problems.append(
                "spec.actions: must have at least one action; only a rule whose conditions have "
                "type: volumeAccess reports without acting"
            )
        choose = reading_actions.kind_of_access if self._watches_access else reading_actions.kind_of
        try:
            return choose(self._spec.object_kind, self._spec.actions, self._actions)
        except ValueError as error:
            self._problems.append(str(error))
            return ObjectKind.CLAIM

    def _expression(self, where: str, one: WrittenExpression) -> Expression:
        values = tuple(one.values)
        if one.operator in ("InRange", "NotInRange") and float(values[0]) > float(values[1]):
            self._problems.append(
                f"{where}.values: must have the lower end first; write "
                f'["{values[1]}", "{values[0]}"]'
            )
        operator = Operator(one.operator) if one.operator else Operator.EXISTS
        return Expression(self._promql(where, one), operator, values)

    def _promql(self, where: str, one: WrittenExpression) -> str:
        alias = one.key_alias
        if one.expression is not None:
            self._problems.append(
                f"{where}.expression: queries for Datadog are not supported; write key with a "
                "PromQL expression, operator and values"
            )
        elif one.key is not None:
            return self._checked(f"{where}.key", one.key)
        elif alias in expressions.POOL_ALIASES:
            self._problems.append(
                f"{where}.keyAlias: {alias} is about Portworx storage pools, which Kubervisor does "
                "not act on; write a key about the objects of the rule"
            )
        elif alias not in expressions.ALIASES:
            known = ", ".join(expressions.ALIASES)
            self._problems.append(f"{where}.keyAlias: must be one of {known}, is {alias!r}")
        return expressions.ALIASES.get(alias or "", "")

    def _checked(self, where: str, promql: str) -> str:
        return self._or_problem(where, lambda: expressions.plain(promql), "")

    def _windows(self) -> Windows | None:
        wished = self._spec.action_window
        if wished is None or not wished.enabled:
            return None
        return self._or_problem("spec.actionWindow", lambda: read_windows(wished), None)

    def _or_problem(self, where: str, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except ValueError as error:
            self._problems.append(f"{where}: {error}")
            return otherwise

    def _capacity(self, kind: ObjectKind) -> str:
        written = self._spec.capacity_key
        if kind is not ObjectKind.CLAIM:
            return ""
        if written is None:
            resizes = any(call.name == Resize.name for call in self._spec.actions)
            return expressions.CAPACITY if resizes else ""
        return self._checked("spec.capacityKey", written) if written else ""


def _selector(written: Selector) -> LabelSelector:
    return LabelSelector(
        dict(written.match_labels),
        tuple(
            Requirement(one.key, LabelOperator(one.operator), frozenset(one.values))
            for one in written.match_expressions
        ),
    )
