"""What changes a rollout's state: the rules, in the order in which they are tried.

Pure. Each says what the state becomes and what people are told, or None where it does not apply.
After one that applies all are tried again, until none does: so a look that follows at once finds
nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubervisor.datarollout.decision.going_out import candidate_chosen, stage_passed
from kubervisor.datarollout.decision.known_good import (
    first_version,
    last_known_good_gone,
    same_bytes_again,
)
from kubervisor.datarollout.decision.state import Change, View, stamp
from kubervisor.datarollout.decision.taking_back import (
    all_back,
    back_off,
    displaced,
    stalled,
    taken_back,
    withdrawn,
)

Rule = Callable[[View, float], Change | None]


def clock_set_back(view: View, now: float) -> Change | None:
    """Instants that lie further ahead than they can are brought near: nothing waits for a day
    because a clock was wrong, or for a back-off that people made shorter.
    """
    state = view.state
    stage_at = min(state.stage_at, stamp(now))
    not_before = min(state.not_before, stamp(now) + back_off(view, state.failures))
    if (stage_at, not_before) == (state.stage_at, state.not_before):
        return None
    return replace(state, stage_at=stage_at, not_before=not_before), None


RULES: tuple[Rule, ...] = (
    clock_set_back,
    taken_back,
    first_version,
    same_bytes_again,
    last_known_good_gone,
    displaced,
    withdrawn,
    all_back,
    stage_passed,
    stalled,
    candidate_chosen,
)
"""Evidence of harm goes before everything that people or the repository want."""
