"""The states of a rule about an object, and what is remembered between two looks.

The names of states are the original's; others select on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


class State(StrEnum):
    """Where a rule stands about one object."""

    INITIALIZING = "Initializing"
    NORMAL = "Normal"
    TRIGGERED = "Triggered"
    AWAITING_APPROVAL = "ActionAwaitingApproval"
    AWAITING_WINDOW = "ActionAwaitingWindow"
    PENDING = "ActiveActionsPending"
    IN_PROGRESS = "ActiveActionsInProgress"
    TAKEN = "ActiveActionsTaken"
    DECLINED = "ActionsDeclined"


class Reason(StrEnum):
    """Why, in one word: of statuses, Events, logs and metrics."""

    STARTED = "Started"
    CONDITION_MET = "ConditionMet"
    CONDITION_CLEARED = "ConditionCleared"
    HELD_LONG_ENOUGH = "HeldLongEnough"
    APPROVAL_NEEDED = "ApprovalNeeded"
    APPROVED = "Approved"
    APPROVAL_DECLINED = "ApprovalDeclined"
    APPROVAL_EXPIRED = "ApprovalExpired"
    APPROVAL_DELETED = "ApprovalDeleted"
    APPROVAL_OUTDATED = "ApprovalOutdated"
    OUTSIDE_WINDOW = "OutsideActionWindow"
    WINDOW_OPEN = "ActionWindowOpen"
    BUDGET_EXHAUSTED = "ActionBudgetExhausted"
    OTHER_RULE = "RuleConflict"
    COOLING_DOWN = "CoolingDown"
    COOL_DOWN_OVER = "CoolDownOver"
    STALE_METRIC = "StaleMetric"
    NO_DATA = "NoData"
    DRY_RUN = "DryRun"
    NOT_NOW = "NotNow"
    ACTING = "Acting"
    ACTION_TAKEN = "ActionTaken"
    ACTION_FAILED = "FailedAction"
    ACTION_DECLINED = "ActionDeclined"
    ACTION_NOT_SUPPORTED = "ActionNotSupported"
    OBJECT_CHANGED = "ObjectChanged"
    RULE_CHANGED = "RuleChanged"


@dataclass(frozen=True, slots=True)
class Intent:
    """One action, decided: what would be (or is being) done. `goal` says it exactly, and is all
    that the action goes by later; `progress` is what it noted meanwhile.
    """

    action: str
    summary: str
    goal: Mapping[str, str]
    progress: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Sizes:
    """A claim's capacity at one instant, in bytes: as a metric said it, and as the claim did."""

    metric: int
    claim: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands about one object, as it is stored. Instants are whole Unix seconds.

    `since`: when `state` began, or when the approval was asked for anew. `reason`, `message` and
    `values` change when the fact does, never with a number that is another at each look.
    `met_since`: since when the condition has held without a break, None where it does not or
    nobody knows. `intents` are set from ActionAwaitingApproval, ActionAwaitingWindow or
    ActiveActionsPending on: what is still to be done, in that order; the first is the one in
    progress, and those that are done are taken out. `digest` is that of all of them, as they were
    decided. `attempts` failed in a row. `not_before`: nothing is tried before (a retry, a
    provider's wait). `acted` are the instants at which actions began in the last hour, and the last
    one in any case, oldest first. `generation` is the rule's when it triggered. `measured` is what
    the claim's capacity was when the last action began, None where no metric said it.
    """

    state: State
    since: float
    reason: str = ""
    message: str = ""
    values: tuple[str, ...] = ()
    met_since: float | None = None
    intents: tuple[Intent, ...] = ()
    digest: str = ""
    attempts: int = 0
    not_before: float = 0.0
    acted: tuple[float, ...] = ()
    generation: int = 0
    measured: Sizes | None = None
