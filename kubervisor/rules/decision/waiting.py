"""What is decided and has not begun: it waits for an answer, for a window, or for its turn."""

from __future__ import annotations

from dataclasses import replace

from kubervisor.rules.decision.approvals import DECLINED, expires_at, is_answer, withdrawn
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import Answer, Reading
from kubervisor.rules.decision.look import (
    Look,
    because,
    cleared,
    in_the_dark,
    left_alone,
    onward,
    summary,
    to,
)
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.remedies import (
    ask,
    decide,
    preview,
    preview_again,
    refused,
    start,
    until_window,
)
from kubervisor.rules.decision.states import Intent, Reason, Standing, State


def awaiting_approval(look: Look, standing: Standing) -> Standing:
    """Until people answer, or have not for too long: then they are asked anew."""
    approval, now = look.facts.approval, look.now
    if (out := _out_of_it(look, standing)) is not None:
        return out
    if approval is None:
        return standing
    if approval.answer is Answer.DECLINED:
        return to(look, standing, State.DECLINED, Reason.APPROVAL_DECLINED, DECLINED)
    is_late = now >= expires_at(look.policy, standing)
    is_approved = approval.answer is Answer.APPROVED and is_answer(approval, look.policy, standing)
    reading = look.facts.reading
    if not (is_late or is_approved) or now < standing.not_before or reading is None:
        return standing
    if not reading.met:
        return in_the_dark(standing, reading)
    return _ask_anew(look, standing) if is_late else _approved(look, standing)


def _ask_anew(look: Look, standing: Standing) -> Standing:
    found = preview(look, standing)
    if isinstance(found, Refusal):
        return refused(look, standing, found)
    return ask(look, standing, found, Reason.APPROVAL_EXPIRED)


def _approved(look: Look, standing: Standing) -> Standing:
    """An approval is good for what was shown: it is decided again, and must be the same."""
    if (behind := left_alone(look, standing)) is not None:
        return behind
    found = preview(look, standing)
    if isinstance(found, Refusal):
        return refused(look, standing, found)
    if digest(found) != standing.digest:
        return ask(look, standing, found, Reason.APPROVAL_OUTDATED)
    return decide(look, standing, found, Reason.APPROVED)


def awaiting_window(look: Look, standing: Standing) -> Standing:
    """Until a window opens; what is done then is decided again."""
    if (out := _out_of_it(look, standing) or withdrawn(look, standing)) is not None:
        return out
    if look.facts.window_open_in != 0:
        return because(standing, Reason.OUTSIDE_WINDOW, until_window(look))
    reading = look.facts.reading
    if look.now < standing.not_before or reading is None:
        return standing
    if not reading.met:
        return in_the_dark(standing, reading)
    if (behind := left_alone(look, standing)) is not None:
        return behind
    found = preview_again(look, standing)
    if isinstance(found, Standing):
        return found
    now_open = onward(look, standing, State.PENDING, Reason.WINDOW_OPEN, summary(found))
    return _with_intents(now_open, found)


def pending(look: Look, standing: Standing) -> Standing:
    """Until it may begin. After a failure that takes a new reading and a new preview."""
    if (out := _out_of_it(look, standing) or withdrawn(look, standing)) is not None:
        return out
    if look.facts.window_open_in != 0:
        message = until_window(look)
        return onward(look, standing, State.AWAITING_WINDOW, Reason.OUTSIDE_WINDOW, message)
    has_failed = standing.attempts > 0
    reading = look.reading_after(standing.since) if has_failed else look.facts.reading
    if look.now < standing.not_before or reading is None:
        return standing
    if not reading.met:
        return in_the_dark(standing, reading)
    return _in_turn(look, standing, reading)


def _in_turn(look: Look, standing: Standing, reading: Reading) -> Standing:
    permission = look.facts.may_act()
    if permission.reason is not None:
        return because(standing, permission.reason, permission.message)
    if standing.attempts == 0:
        return start(look, standing, reading)
    found = preview_again(look, standing)
    if isinstance(found, Standing):
        return found
    return start(look, _with_intents(standing, found), reading)


def _out_of_it(look: Look, standing: Standing) -> Standing | None:
    """Where it goes if there is nothing to wait with, or nothing to wait for any more."""
    reading = look.facts.reading
    if reading is not None and reading.met is False:
        return cleared(look, standing, reading)
    if standing.intents:
        return None
    message = "what was decided is not stored any more: it is decided anew"
    return to(look, standing, State.TRIGGERED, Reason.OBJECT_CHANGED, message)


def _with_intents(standing: Standing, found: tuple[Intent, ...]) -> Standing:
    """The digest stays that of all intents, as people approved them, while these are the same."""
    if digest(found) == digest(standing.intents):
        return replace(standing, intents=found)
    return replace(standing, intents=found, digest=digest(found))
