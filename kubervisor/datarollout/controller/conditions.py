"""The conditions of a DataRollout: whether it is well, whether it moves, and why.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubervisor import instants
from kubervisor.api.status import Condition
from kubervisor.datarollout.decision.state import Phase, Reason, RolloutPlan

TROUBLE = frozenset(
    [
        Reason.DEPENDANTS_FAILING,
        Reason.CANDIDATE_FAILING,
        Reason.DEPLOYERS_FAILING,
        Reason.STALLED,
        Reason.REPOSITORY_UNAVAILABLE,
        Reason.LAST_KNOWN_GOOD_GONE,
    ]
)
"""Reasons for which a rollout is not Ready."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands in the way of a whole DataRollout: the reason of Ready, and a sentence."""

    reason: str
    message: str


_ANSWERED = Finding("Answered", "The data repository gives its manifest.")


def conditions(
    stored: Mapping[str, Any],
    generation: int,
    plan: RolloutPlan,
    repository: str,
    finding: Finding | None,
    now: float,
) -> list[Condition]:
    """Ready, which sums up, Progressing and RepositoryAvailable."""
    moves = plan.state.phase in (Phase.ROLLING_OUT, Phase.ROLLING_BACK)
    well = finding is None and plan.reason not in TROUBLE
    why = finding or Finding(plan.reason.value, plan.message)
    answer = Finding("RepositoryUnavailable", repository) if repository else _ANSWERED
    return [
        condition(stored, kind, holds, said.reason, said.message, generation, now)
        for kind, holds, said in (
            ("Ready", well, why),
            ("Progressing", moves and plan.reason is not Reason.STALLED, _reason(plan)),
            ("RepositoryAvailable", not repository, answer),
        )
    ]


def _reason(plan: RolloutPlan) -> Finding:
    return Finding(plan.reason.value, plan.message)


def condition(
    stored: Mapping[str, Any],
    kind: str,
    holds: bool,
    reason: str,
    message: str,
    generation: int,
    now: float,
) -> Condition:
    """It keeps the instant of its last change where it says the same as before."""
    status = "True" if holds else "False"
    before = stored_conditions(stored).get(kind, {})
    same = before.get("status") == status
    since = before.get("lastTransitionTime") if same else None
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=since if isinstance(since, str) else instants.render(now, "seconds"),
        observed_generation=generation,
    )


def stored_conditions(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The conditions of a stored status by their types."""
    found = stored.get("conditions")
    entries = found if isinstance(found, list) else ()
    return {one["type"]: one for one in entries if isinstance(one, dict) and "type" in one}
