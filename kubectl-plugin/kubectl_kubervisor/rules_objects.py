"""What the commands of rules read of their objects. What cannot be read counts as absent; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kubectl_kubervisor import instants
from kubectl_kubervisor.objects import (
    Condition,
    Json,
    condition_of,
    mapping,
    number,
    sequence,
    text,
    texts,
)

RULE_LABEL = "rule"
"""The label of an AutopilotRuleObject that names its rule, as the original set it."""


class Rule(NamedTuple):
    """An AutopilotRule. None of a count says that the controller has not counted yet."""

    name: str
    created: str
    generation: int
    observed: int
    kind: str
    actions: tuple[str, ...]
    expressions: tuple[str, ...]
    needs_approval: bool
    dry_run: bool
    weight: int
    objects: int | None
    triggered: int | None
    acting: int | None
    conditions: Mapping[str, Condition]

    @property
    def ready(self) -> bool:
        """Ready, and that of the newest spec."""
        return self.condition("Ready").true and self.observed >= self.generation

    def condition(self, kind: str) -> Condition:
        """A condition; Unknown where the controller has not written it."""
        return self.conditions.get(kind, Condition())


class Intended(NamedTuple):
    """One action that would be, or is being, done."""

    action: str
    summary: str


class Passed(NamedTuple):
    """A state that was passed."""

    at: str
    state: str
    message: str
    approval: str


class Standing(NamedTuple):
    """Where a rule stands about one object: an AutopilotRuleObject."""

    namespace: str
    name: str
    rule: str
    kind: str
    about: str
    state: str
    since: str
    reason: str
    message: str
    values: tuple[str, ...]
    met_since: str
    intended: tuple[Intended, ...]
    attempts: int
    not_before: str
    acted: tuple[str, ...]
    history: tuple[Passed, ...]

    @property
    def approval(self) -> str:
        """The name of the approval that it waited for last, "" where there was none."""
        return next((one.approval for one in reversed(self.history) if one.approval), "")


class Preview(NamedTuple):
    """What would be done, and to what."""

    action: str
    params: Mapping[str, str]
    message: str
    involved: tuple[str, ...]


class Approval(NamedTuple):
    """An ActionApproval: what a rule asks for. `digest` binds an answer to what was asked."""

    namespace: str
    name: str
    uid: str
    version: str
    created: str
    state: str
    rule: str
    previews: tuple[Preview, ...]
    digest: str
    expires: str

    def is_over(self, now: float) -> bool:
        """Whether it came too late for an answer."""
        until = instants.parse(self.expires)
        return until is not None and until <= now


def rule(body: Json) -> Rule:
    """An AutopilotRule as the API gives it."""
    meta, spec, status = (mapping(body.get(part)) for part in ("metadata", "spec", "status"))
    actions = [mapping(one) for one in sequence(spec.get("actions"))]
    asked = sequence(mapping(spec.get("conditions")).get("expressions"))
    objects, triggered, acting = (
        number(status[name]) if name in status else None
        for name in ("objects", "triggered", "acting")
    )
    return Rule(
        name=text(meta.get("name")),
        created=text(meta.get("creationTimestamp")),
        generation=number(meta.get("generation")),
        observed=number(status.get("observedGeneration")),
        kind=text(spec.get("objectKind")),
        actions=tuple(text(one.get("name")) for one in actions),
        expressions=tuple(map(_expression, asked)),
        needs_approval=spec.get("enforcement") == "approvalRequired",
        dry_run=spec.get("dryRun") is True,
        weight=number(spec.get("weight")),
        objects=objects,
        triggered=triggered,
        acting=acting,
        conditions=dict(map(condition_of, sequence(status.get("conditions")))),
    )


def standing(body: Json) -> Standing:
    """An AutopilotRuleObject as the API gives it."""
    meta, status = mapping(body.get("metadata")), mapping(body.get("status"))
    about, history = mapping(status.get("object")), sequence(status.get("items"))
    passed = tuple(map(_passed, history))
    last = passed[-1] if passed else Passed("", "", "", "")
    return Standing(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        rule=texts(meta.get("labels")).get(RULE_LABEL, ""),
        kind=text(about.get("kind")),
        about=text(about.get("name")),
        # The original's objects have their history alone.
        state=text(status.get("state")) or last.state,
        since=text(status.get("since")) or last.at,
        reason=text(status.get("reason")),
        message=text(status.get("message")) or last.message,
        values=tuple(map(text, sequence(status.get("values")))),
        met_since=text(status.get("metSince")),
        intended=tuple(map(_intended, sequence(status.get("intents")))),
        attempts=number(status.get("attempts")),
        not_before=text(status.get("notBefore")),
        acted=tuple(map(text, sequence(status.get("acted")))),
        history=passed,
    )


def approval(body: Json) -> Approval:
    """An ActionApproval as the API gives it."""
    meta, spec, status = (mapping(body.get(part)) for part in ("metadata", "spec", "status"))
    return Approval(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        version=text(meta.get("resourceVersion")),
        created=text(meta.get("creationTimestamp")),
        state=text(spec.get("approvalState")) or "pending",
        rule=_named(status.get("rule")),
        previews=tuple(map(_preview, sequence(status.get("actionPreviews")))),
        digest=text(status.get("actionsDigest")),
        expires=text(status.get("expiresAt")),
    )


def _expression(body: object) -> str:
    one = mapping(body)
    key = text(one.get("key")) or text(one.get("keyAlias")) or text(one.get("expression"))
    values = ", ".join(map(text, sequence(one.get("values"))))
    return " ".join(filter(None, (key, text(one.get("operator")), values)))


def _passed(body: object) -> Passed:
    one = mapping(body)
    names = ("lastProcessTimestamp", "state", "message", "actionApprovalName")
    return Passed(*(_named(one.get(name)) for name in names))


def _intended(body: object) -> Intended:
    one = mapping(body)
    return Intended(text(one.get("action")), text(one.get("summary")))


def _preview(body: object) -> Preview:
    one = mapping(body)
    action = mapping(one.get("action"))
    return Preview(
        text(action.get("name")),
        texts(action.get("params")),
        text(mapping(one.get("expectedResult")).get("message")),
        tuple(map(_involved, sequence(one.get("involvedObjects")))),
    )


def _involved(body: object) -> str:
    one = mapping(body)
    kind, namespace, name = (text(one.get(part)) for part in ("kind", "namespace", "name"))
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _named(value: object) -> str:
    """A name that is a text, or an object with a name (and a namespace, which rules have not)."""
    return text(value) or text(mapping(value).get("name"))
