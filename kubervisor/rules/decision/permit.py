"""Whether an action may begin now, as far as other rules, objects and actions go."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor.rules.decision.budget import Limits, Spent, exhausted
from kubervisor.rules.decision.conflicts import Stake, rival
from kubervisor.rules.decision.facts import Permission
from kubervisor.rules.decision.states import Reason


def permit(
    one: Stake, on_object: Iterable[Stake], spent: Spent, limits: Limits, now: float
) -> Permission:
    """First other rules on the object, then its cool-down, then what all rules may do together."""
    permission = rival(one, on_object, now)
    if permission.reason is not None:
        return permission
    limit = exhausted(spent, one.object.namespace, limits)
    return Permission(Reason.BUDGET_EXHAUSTED, limit) if limit else Permission()
