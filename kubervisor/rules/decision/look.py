"""One look at one object: what is seen, and how a standing becomes the next one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from kubervisor.instants import render
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import Facts, Reading
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.states import Intent, Reason, Standing, State


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of one object at the instant `at`; `now` is that in whole seconds."""

    policy: RulePolicy
    facts: Facts
    at: float

    @property
    def now(self) -> float:
        return float(math.floor(self.at))

    def reading_after(self, since: float) -> Reading | None:
        """The reading, where it was taken after the second `since`: one that may be older than what
        happened then is no evidence of what came of it.
        """
        reading = self.facts.reading
        return reading if reading is not None and reading.at >= since + 1 else None


def to(
    look: Look,
    standing: Standing,
    state: State,
    reason: Reason,
    message: str,
    intents: tuple[Intent, ...] = (),
) -> Standing:
    """Into another state, with new intents or none: no attempt of these has failed, and nothing
    puts them off.
    """
    is_over = state in (State.NORMAL, State.TAKEN, State.DECLINED)
    return replace(
        standing,
        state=state,
        since=look.now,
        reason=reason,
        message=message,
        values=() if state is State.NORMAL else standing.values,
        met_since=None if is_over else standing.met_since,
        intents=intents,
        digest=digest(intents) if intents else "",
        attempts=0,
        not_before=0.0,
        generation=look.policy.generation if state is State.TRIGGERED else standing.generation,
    )


def onward(look: Look, standing: Standing, state: State, reason: Reason, message: str) -> Standing:
    """Into another state with the same intents and attempts."""
    return replace(standing, state=state, since=look.now, reason=reason, message=message)


def because(standing: Standing, reason: Reason, message: str) -> Standing:
    """The same state for this reason; the very same standing where it was so before."""
    if (standing.reason, standing.message) == (reason, message):
        return standing
    return replace(standing, reason=reason, message=message)


def in_the_dark(standing: Standing, reading: Reading) -> Standing:
    """The same state while nobody knows whether the condition holds; what is said of it stays while
    the reason does.
    """
    why = reading.why or Reason.NO_DATA
    return standing if standing.reason == why else because(standing, why, reading.message)


def cleared(look: Look, standing: Standing, reading: Reading) -> Standing:
    """The condition does not hold any more, and nothing is in progress."""
    return to(look, standing, State.NORMAL, Reason.CONDITION_CLEARED, reading.message)


def left_alone(look: Look, standing: Standing) -> Standing | None:
    """The same state, where the object is left alone for this rule's cool-down or another's,
    or another rule goes first; None: neither. A cool-down does not lie between the attempts at one
    action. A budget is asked when an action begins, and not before.
    """
    until = max(standing.acted, default=-math.inf) + look.policy.cool_down
    if look.now < until and standing.attempts == 0:
        message = (
            f"the cool-down of the rule itself lasts until {render(math.ceil(until), 'seconds')}"
        )
        return because(standing, Reason.COOLING_DOWN, message)
    permission = look.facts.may_act()
    if permission.reason in (Reason.OTHER_RULE, Reason.COOLING_DOWN):
        return because(standing, permission.reason, permission.message)
    return None


def second(reading: Reading) -> float:
    """The second in which it was taken."""
    return float(math.floor(reading.at))


def summary(intents: tuple[Intent, ...]) -> str:
    """What would be done, in one line."""
    return "; ".join(one.summary for one in intents)
