"""One look of the lifecycle, as its tests make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    Facts,
    Move,
    Permission,
    Reading,
)
from kubervisor.rules.decision.lifecycle import advance
from kubervisor.rules.decision.outcomes import Outcome, Refusal
from kubervisor.rules.decision.policy import RulePolicy, Windows
from kubervisor.rules.decision.reading import unknown
from kubervisor.rules.decision.states import Intent, Reason, Standing, State
from tests.rules.policies import RESIZE, met, policy

NOW = 1_000_000.0
GROW = Intent(RESIZE, "grow from 10Gi to 20Gi", {"to": "20Gi"})
GROW_MORE = Intent(RESIZE, "grow from 10Gi to 30Gi", {"to": "30Gi"})
NOTIFY = Intent("webhook", "call the team", {"url": "https://team"})
AT_LIMIT = Refusal("AtMaximumSize", "it has its maxsize", is_final=True)
BUSY = Refusal("ResizeInProgress", "it is being resized")
LATER = Refusal("ProviderCoolDown", "the provider wants to rest", after=7200.0)
WINDOWS = Windows(ZoneInfo("UTC"))
POLLS = 200
APPROVING = policy(needs_approval=True)
FREE = Permission()


@dataclass
class Seen:
    """What a look sees; everything allows to act unless said."""

    reading: Reading | None = None
    approval: ApprovalView | None = None
    permission: Permission = FREE
    previews: Sequence[Intent | Refusal] = (GROW,)
    window: float | None = 0.0
    outcome: Outcome | None = None
    previewed: int = 0

    def facts(self) -> Facts:
        return Facts(
            self.reading,
            self.approval,
            lambda: self.permission,
            self._preview,
            self.window,
            self.outcome,
        )

    def _preview(self) -> Sequence[Intent | Refusal]:
        self.previewed += 1
        return self.previews


def look(rule: RulePolicy, standing: Standing, now: float = NOW, **seen: Any) -> Move:
    """One look, by a reading of that instant that says the condition holds, unless told."""
    sight = Seen(**({"reading": met(now)} | seen))
    move = advance(rule, standing, sight.facts(), now)
    again = advance(rule, move.standing, replace(sight, outcome=None).facts(), now)
    assert again.standing is move.standing, "a second look changes nothing"
    assert sight.previewed <= 2
    return move


def passed(move: Move) -> list[tuple[State, Reason]]:
    return [(one.target, one.reason) for one in move.transitions]


def standing(state: State, since: float = NOW - 100, **changes: Any) -> Standing:
    """As the lifecycle leaves it there."""
    made = Standing(state, since, generation=1)
    if state not in (State.INITIALIZING, State.NORMAL, State.TAKEN, State.DECLINED):
        made = replace(made, met_since=since - 30, values=("60",))
    decided = (State.AWAITING_APPROVAL, State.AWAITING_WINDOW, State.PENDING, State.IN_PROGRESS)
    if state in decided:
        made = replace(made, intents=(GROW,), digest=digest([GROW]))
    return replace(made, **changes)


def approval(answer: Answer, asked: float = NOW - 100, *intents: Intent) -> ApprovalView:
    return ApprovalView(answer, digest(intents or [GROW]), asked + APPROVING.approval_expiry)


DARK = unknown(Reason.STALE_METRIC, "the metrics are of another size", NOW)


def previews(rule: RulePolicy, before: Standing, every: float) -> int:
    """How many are made at so many polls."""
    made = 0
    for number in range(POLLS):
        now = NOW + number * every
        sight = Seen(reading=met(now), previews=[AT_LIMIT])
        assert not advance(rule, before, sight.facts(), now).transitions
        made += sight.previewed
    return made


def look_once(rule: RulePolicy, before: Standing, **seen: Any) -> Move:
    return advance(rule, before, Seen(**seen).facts(), NOW)
