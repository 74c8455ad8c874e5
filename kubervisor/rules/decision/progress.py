"""An action in progress: what came of a step, and what is next."""

from __future__ import annotations

from dataclasses import replace

from kubervisor.rules.decision.look import Look, because, summary, to
from kubervisor.rules.decision.outcomes import Did, Done, Failed, Outcome, Refusal, Wait
from kubervisor.rules.decision.remedies import again_later
from kubervisor.rules.decision.states import Reason, Standing, State


def in_progress(look: Look, standing: Standing) -> Standing:
    """What has begun goes on to its end, whatever became of the condition, the approval, the rule
    or the window meanwhile; only what a step says ends it.
    """
    outcome = look.facts.outcome
    if not standing.intents:
        message = "what was begun is not stored any more: the object is left alone for a while"
        return to(look, standing, State.TAKEN, Reason.OBJECT_CHANGED, message)
    return standing if outcome is None else _after(look, standing, outcome)


def _after(look: Look, standing: Standing, outcome: Outcome) -> Standing:
    match outcome:
        case Did(note):
            return _noted(standing, dict(note))
        case Wait(message):
            return because(standing, Reason.ACTING, message)
        case Done(message):
            return _done(look, standing, message)
        case Failed(message):
            return again_later(look, standing, Reason.ACTION_FAILED, message)
        case Refusal(is_final=True):
            return to(look, standing, State.DECLINED, Reason.ACTION_DECLINED, str(outcome))
        case Refusal(after=after):
            return again_later(look, standing, Reason.NOT_NOW, str(outcome), after)


def _noted(standing: Standing, note: dict[str, str]) -> Standing:
    first, *rest = standing.intents
    return replace(standing, intents=(replace(first, progress={**first.progress, **note}), *rest))


def _done(look: Look, standing: Standing, message: str) -> Standing:
    left = standing.intents[1:]
    if left:
        return replace(because(standing, Reason.ACTING, summary(left)), intents=left)
    return to(look, standing, State.TAKEN, Reason.ACTION_TAKEN, message)
