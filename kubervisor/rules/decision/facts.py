"""What a look at one object sees, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from kubervisor.rules.decision.outcomes import Outcome, Refusal
from kubervisor.rules.decision.states import Intent, Reason, Sizes, Standing, State


@dataclass(frozen=True, slots=True)
class Reading:
    """What a poll says of one object, `at` an instant (Unix seconds).

    `met`: whether the condition holds, None where nobody knows; then `why` says in a word why not.
    `values` are those that were compared, one for each expression, "" where there was none.
    `sizes` is the claim's capacity as it was compared.
    """

    met: bool | None
    at: float
    values: tuple[str, ...] = ()
    why: Reason | None = None
    message: str = ""
    sizes: Sizes | None = None


class Answer(StrEnum):
    """What people said to an ActionApproval: its `spec.approvalState`."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """An ActionApproval that is there: the answer, and which question it is the answer to."""

    answer: Answer
    digest: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether an action may begin now. Without a `reason` it may; else that is OTHER_RULE,
    COOLING_DOWN or BUDGET_EXHAUSTED.
    """

    reason: Reason | None = None
    message: str = ""


Previews: TypeAlias = Callable[[], Sequence[Intent | Refusal]]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a look goes by besides the rule and the standing.

    `reading` is that of the last poll, None where none has come since the process started.
    `approval` is None where there is no such object. `window_open_in` is what `open_in` says of the
    rule's windows. `may_act` and `previews` are asked at most once in a look, and only where
    something would be done; `previews` gives one for each action of the rule, in that order. What
    they raise goes through `advance`. `outcome` is what came of a step of the first intent, None
    where none was taken since the standing was stored.
    """

    reading: Reading | None
    approval: ApprovalView | None
    may_act: Callable[[], Permission]
    previews: Previews
    window_open_in: float | None = 0.0
    outcome: Outcome | None = None


class WishKind(StrEnum):
    """What is to become of the ActionApproval."""

    ASK = "ask"  # make it
    RESET = "reset"  # it answers another question: pending again, with these actions
    CANCEL = "cancel"  # nobody waits for the answer any more


@dataclass(frozen=True, slots=True)
class ApprovalWish:
    """How the ActionApproval should be, at each look until it is so. `digest` and `expires_at` are
    stored with it and given back exactly: they say which question an answer is the answer to.
    """

    kind: WishKind
    intents: tuple[Intent, ...] = ()
    digest: str = ""
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Transition:
    """From one state to another, and why."""

    origin: State
    target: State
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to warn people of, once: ACTION_FAILED or OTHER_RULE."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Move:
    """What a look leads to: `standing` is stored first (it is the same object where nothing has
    changed), then the approval is made as wished, then, where `wants_step`, one step of the first
    intent is taken and what came of it is told to `advance` at once.
    """

    standing: Standing
    transitions: tuple[Transition, ...] = ()
    wish: ApprovalWish | None = None
    wants_step: bool = False
    notices: tuple[Notice, ...] = ()
