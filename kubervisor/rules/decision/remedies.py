"""What would be done about an object, decided and decided again."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

from kubervisor.instants import render
from kubervisor.rules.decision.budget import still_counted
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.look import Look, because, onward, second, summary, to
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.states import Intent, Reason, Standing, State

LONGEST_BACK_OFF = 600.0
"""Seconds from a failure to the next attempt."""
LONGEST_WAIT = 86_400.0
"""Seconds that a refusal can put off the next attempt: it is asked again then."""
PREVIEW_PERIOD = 60.0
"""Seconds from one preview that may change nothing to the next, on average."""


def preview(look: Look, standing: Standing) -> tuple[Intent, ...] | Refusal:
    """What is still to be done, as it looks now. The actions of a rule are one remedy: where one of
    them is refused, all are, for good where that one is, else for the longest that one wants.
    """
    found = tuple(look.facts.previews())
    left = found[-len(standing.intents) :]  # all of them where none was decided before
    refusals = [one for one in left if isinstance(one, Refusal)]
    if refusals:
        return max(refusals, key=lambda one: (one.is_final, one.after))
    return tuple(one for one in left if isinstance(one, Intent))


def preview_again(look: Look, standing: Standing) -> tuple[Intent, ...] | Standing:
    """The same for intents that were decided earlier; the standing that follows where they are
    refused, or are others than people have approved.
    """
    found = preview(look, standing)
    if isinstance(found, Refusal):
        return refused(look, standing, found)
    if look.policy.needs_approval and digest(found) != digest(standing.intents):
        message = f"what would be done is not what was approved any more: {summary(found)}"
        return to(look, standing, State.TRIGGERED, Reason.APPROVAL_OUTDATED, message)
    return found


def refused(look: Look, standing: Standing, refusal: Refusal) -> Standing:
    """Declined for good, or put off."""
    if refusal.is_final:
        return to(look, standing, State.DECLINED, Reason.ACTION_DECLINED, str(refusal))
    wait = min(refusal.after, LONGEST_WAIT)
    if standing.attempts:
        wait = max(wait, back_off(look.policy, standing.attempts))
    not_before = look.now + wait if wait else 0.0
    return replace(because(standing, Reason.NOT_NOW, str(refusal)), not_before=not_before)


def ask(look: Look, standing: Standing, intents: tuple[Intent, ...], reason: Reason) -> Standing:
    """Asked for an approval of these, from now on."""
    message = f"an approval is asked for: {summary(intents)}"
    return to(look, standing, State.AWAITING_APPROVAL, reason, message, intents)


def decide(look: Look, standing: Standing, intents: tuple[Intent, ...], reason: Reason) -> Standing:
    """To be done as soon as a window is open."""
    if look.facts.window_open_in == 0:
        return to(look, standing, State.PENDING, reason, summary(intents), intents)
    message = until_window(look)
    return to(look, standing, State.AWAITING_WINDOW, Reason.OUTSIDE_WINDOW, message, intents)


def start(look: Look, standing: Standing, reading: Reading) -> Standing:
    """In progress: this counts as an attempt, whatever comes of it."""
    begun = onward(look, standing, State.IN_PROGRESS, Reason.ACTING, summary(standing.intents))
    acted = (*still_counted(standing.acted, look.now), look.now)
    return replace(begun, acted=acted, measured=reading.sizes)


def again_later(
    look: Look, standing: Standing, reason: Reason, message: str, after: float = 0.0
) -> Standing:
    """Pending, to be tried anew after a while that doubles with each attempt."""
    attempts = standing.attempts + 1
    wait = max(min(after, LONGEST_WAIT), back_off(look.policy, attempts))
    pending = onward(look, standing, State.PENDING, reason, message)
    return replace(pending, attempts=attempts, not_before=look.now + wait)


def back_off(policy: RulePolicy, attempts: int) -> float:
    """Seconds from the last of so many failures in a row to the next attempt."""
    return min(LONGEST_BACK_OFF, policy.poll_interval * 2.0 ** min(attempts, 16))


def until_window(look: Look) -> str:
    """What is said while no window is open."""
    seconds = look.facts.window_open_in
    if seconds is None:
        return "no action window of the rule opens within two weeks"
    return f"the next action window opens at {render(round(look.at + seconds), 'seconds')}"


def is_time(look: Look, standing: Standing, reading: Reading) -> bool:
    """Whether a preview that may change nothing is worth its reads at this poll. Nothing is stored
    for that: polls are picked by their instants, which meets any rhythm of polls, and spreads
    objects.
    """
    lot = crc32(f"{second(reading)} {standing.since}".encode()) % PREVIEW_PERIOD
    return lot < look.policy.poll_interval
