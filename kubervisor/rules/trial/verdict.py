"""What came of trying one rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from kubervisor.rules.decision.conflicts import Stake, rival
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.states import Standing, State
from kubervisor.rules.trial.course import Course, acts
from kubervisor.rules.trial.looking import Look


class Code(IntEnum):
    """Exit codes, for CI."""

    NOTHING = 0
    FAILED = 1
    USAGE = 2
    ACTS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule in a file: what is wrong with it, or why there is no answer, or what it would do.

    `courses` are None where no stretch of time was asked for.
    """

    file: str
    rule: str
    policy: RulePolicy | None = None
    problems: tuple[str, ...] = ()
    failure: str = ""
    notes: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()
    courses: tuple[Course, ...] | None = None

    @property
    def code(self) -> Code:
        """What it is to CI."""
        if self.problems or self.failure:
            return Code.FAILED
        did = any(one.acts for one in self.looks) or acts(self.courses or ())
        return Code.ACTS if did else Code.NOTHING


def code_of(verdicts: Iterable[Verdict]) -> Code:
    """That of all: what failed counts most."""
    codes = {one.code for one in verdicts}
    return next((code for code in (Code.FAILED, Code.ACTS) if code in codes), Code.NOTHING)


def in_turn(verdicts: Iterable[Verdict], now: float) -> list[Verdict]:
    """The same, where several rules would act on one object: who waits for whom."""
    listed = list(verdicts)
    stakes = {
        (number, look.ref.uid): Stake(one.policy, look.ref, _held(one.policy, now))
        for number, one in enumerate(listed)
        for look in one.looks
        if one.policy is not None and look.acts
    }

    def with_rivals(number: int, look: Look) -> Look:
        mine = stakes.get((number, look.ref.uid))
        if mine is None:
            return look
        others = [stake for key, stake in stakes.items() if key[1] == look.ref.uid]
        said = rival(mine, others, now).message
        return replace(look, before=(*look.before, said)) if said else look

    return [
        replace(one, looks=tuple(with_rivals(number, look) for look in one.looks))
        for number, one in enumerate(listed)
    ]


def _held(policy: RulePolicy, now: float) -> Standing:
    """As it stands once its condition has held long enough."""
    since = now - policy.hold_for
    return Standing(State.TRIGGERED, since, met_since=since, generation=policy.generation)
