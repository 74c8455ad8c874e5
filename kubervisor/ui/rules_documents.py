"""The JSON of remediation rules: of each what its objects say, capped and cut."""

from __future__ import annotations

from kubervisor.ui.documents import Answer, Condition, Document

MOST_RULES, MOST_OBJECTS, MOST_APPROVALS = 200, 500, 200
MOST_READ = 5000
"""Objects that are counted; those that are shown are the gravest of them."""
MOST_PASSED, MOST_ACTIONS, MOST_INVOLVED = 10, 8, 10


class Action(Document):
    """An action with its parameters, as one text."""

    name: str
    params: str


class Rule(Document):
    """An AutopilotRule. `level` is ok, notice, alarm or unknown; counts are of objects.

    `states` are the objects that are listed, by state.
    """

    name: str
    level: str
    ready: bool
    reason: str
    message: str
    kind: str
    conditions: list[str]
    actions: list[Action]
    needs_approval: bool
    dry_run: bool
    weight: int
    objects: int | None
    triggered: int | None
    acting: int | None
    states: dict[str, int]
    wrong: list[Condition]


class Passed(Document):
    """A state that was passed."""

    at: float | None
    state: str
    message: str


class About(Document):
    """Where a rule stands about one object."""

    rule: str
    namespace: str
    kind: str
    name: str
    state: str
    since: float | None
    reason: str
    message: str
    values: list[str]
    intended: list[str]
    not_before: float | None
    passed: list[Passed]


class Preview(Document):
    """What an action would do, and to what."""

    action: str
    params: str
    message: str
    involved: list[str]


class Approval(Document):
    """What a rule asks for; `state` is that of its answer, `expired` where it came too late."""

    namespace: str
    name: str
    rule: str
    state: str
    asked: float | None
    expires: float | None
    previews: list[Preview]


class Rules(Answer):
    """All rules, and as much as there is room for of where they stand and what they ask."""

    rules: tuple[Rule, ...]
    objects: tuple[About, ...]
    approvals: tuple[Approval, ...]
