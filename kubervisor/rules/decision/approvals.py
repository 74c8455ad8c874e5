"""The question put to people, and which answer is the answer to it."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    ApprovalWish,
    Transition,
    WishKind,
)
from kubervisor.rules.decision.look import Look, to
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.states import Reason, Standing, State

DECLINED = "the approval was declined: delete the ActionApproval to be asked again"


def expires_at(policy: RulePolicy, standing: Standing) -> float:
    """The instant (Unix seconds, whole) from which on an answer comes too late."""
    return float(int(standing.since + policy.approval_expiry))


def is_answer(approval: ApprovalView, policy: RulePolicy, standing: Standing) -> bool:
    """Whether it is about what is asked now: the same actions, and asked as late or later. So an
    approval is good for one action, even where the next one looks the same.
    """
    is_late_enough = approval.expires_at >= expires_at(policy, standing)
    is_open = approval.answer is not Answer.CANCELED
    return is_open and approval.digest == standing.digest and is_late_enough


def withdrawn(look: Look, standing: Standing) -> Standing | None:
    """Where it goes if what was approved is not approved any more, before it has begun."""
    approval = look.facts.approval
    if not look.policy.needs_approval:
        return None
    if approval is None:
        message = "the ActionApproval was deleted before anything was done"
        return to(look, standing, State.TRIGGERED, Reason.APPROVAL_DELETED, message)
    if approval.answer is Answer.DECLINED:
        return to(look, standing, State.DECLINED, Reason.APPROVAL_DECLINED, DECLINED)
    if approval.answer is Answer.APPROVED and approval.digest == standing.digest:
        return None
    message = "what was approved was changed before anything was done"
    return to(look, standing, State.TRIGGERED, Reason.APPROVAL_OUTDATED, message)


def wish(look: Look, standing: Standing, transitions: Iterable[Transition]) -> ApprovalWish | None:
    """What is to become of the ActionApproval, now that the rule stands here; None: nothing."""
    approval = look.facts.approval
    if standing.state is State.AWAITING_APPROVAL:
        if approval is not None and is_answer(approval, look.policy, standing):
            return None
        kind = WishKind.ASK if approval is None else WishKind.RESET
        expiry = expires_at(look.policy, standing)
        return ApprovalWish(kind, standing.intents, standing.digest, expiry)
    is_cleared = any(one.reason is Reason.CONDITION_CLEARED for one in transitions)
    nobody_waits = {Answer.PENDING, Answer.APPROVED} if is_cleared else {Answer.PENDING}
    if approval is not None and approval.answer in nobody_waits:
        return ApprovalWish(WishKind.CANCEL)
    return None
