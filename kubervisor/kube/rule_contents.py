"""What people are shown of rules, of where they stand and of what they ask."""

from __future__ import annotations

import msgspec

from kubervisor.kube.conditions import Condition


class Part(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Part of an object as stored; what else is in it is not decoded."""


class Expression(Part):
    """A metric expression and what it is compared with; the original's had other names too."""

    key: str = ""
    key_alias: str = ""
    operator: str = ""
    values: list[str] = []

    def __str__(self) -> str:
        values = ", ".join(self.values)
        return " ".join(
            part for part in (self.key or self.key_alias, self.operator, values) if part
        )


class Conditions(Part):
    """When a rule triggers."""

    expressions: list[Expression] = []
    type: str = ""


class ActionCall(Part):
    """An action with its parameters."""

    name: str = ""
    params: dict[str, str] | None = None


class RuleSpec(Part):
    """What is asked for."""

    weight: int = 0
    enforcement: str | None = None
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    actions: list[ActionCall] = []
    object_kind: str | None = None
    dry_run: bool = False


class RuleStatus(Part):
    """What the controller said last; counts are None where it has not counted."""

    observed_generation: int = 0
    objects: int | None = None
    triggered: int | None = None
    acting: int | None = None
    conditions: list[Condition] = []


class Named(Part):
    """The name of an object, and of its kind where several are possible."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class Intended(Part):
    """An action that is decided."""

    action: str = ""
    summary: str = ""


class Passed(Part):
    """A state that was passed."""

    last_process_timestamp: str | None = None
    state: str = ""
    message: str = ""
    action_approval_name: str = ""


class ObjectStatus(Part):
    """Where a rule stands about one object."""

    object: Named = msgspec.field(default_factory=Named)
    state: str = ""
    since: str | None = None
    reason: str = ""
    message: str = ""
    values: list[str] = []
    met_since: str | None = None
    intents: list[Intended] = []
    attempts: int = 0
    not_before: str | None = None
    acted: list[str] = []
    items: list[Passed] = []


class ApprovalSpec(Part):
    """The answer, where there is one."""

    approval_state: str | None = None


class Expected(Part):
    """What comes of an action."""

    message: str = ""


class Preview(Part):
    """What an action would do, and to what."""

    action: ActionCall = msgspec.field(default_factory=ActionCall)
    expected_result: Expected = msgspec.field(default_factory=Expected)
    involved_objects: list[Named] = []


class ApprovalStatus(Part):
    """What is asked."""

    rule: Named = msgspec.field(default_factory=Named)
    action_previews: list[Preview] = []
    expires_at: str | None = None


class Rule(Part):
    """An AutopilotRule; `readable` is False where nothing but its name could be read."""

    name: str
    generation: int
    created_at: str | None
    spec: RuleSpec
    status: RuleStatus
    readable: bool = True

    def condition(self, kind: str) -> Condition | None:
        """A condition, None where the controller has not written it."""
        return next((one for one in self.status.conditions if one.type == kind), None)


class RuleObject(Part):
    """An AutopilotRuleObject: where the rule named in its label stands about an object."""

    namespace: str
    name: str
    rule: str
    status: ObjectStatus
    readable: bool = True


class Approval(Part):
    """An ActionApproval: what a rule asks for."""

    namespace: str
    name: str
    created_at: str | None
    state: str
    status: ApprovalStatus
    readable: bool = True
