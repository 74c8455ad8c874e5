"""The status of an AutopilotRule.

Pure. The same facts make the same status, to the byte: what does not change is not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubervisor import instants
from kubervisor.api.autopilot_rule import AutopilotRuleStatus
from kubervisor.api.status import Condition
from kubervisor.rules.decision.states import Standing, State

QUIET = frozenset([State.INITIALIZING, State.NORMAL])


@dataclass(frozen=True, slots=True)
class Finding:
    """What a condition of a rule says: whether it holds, the reason, a sentence."""

    holds: bool
    reason: str
    message: str


FOLLOWED = Finding(True, "Followed", "The rule is followed.")


def rule_status(
    stored: Mapping[str, Any],
    generation: int,
    finding: Finding,
    objects: int,
    standings: Iterable[Standing],
    now: float,
) -> dict[str, Any]:
    """The whole status as JSON; `stored` is the one it follows."""
    states = Counter(one.state for one in standings)
    triggered = sum(count for state, count in states.items() if state not in QUIET)
    said = (
        f"{triggered} of {objects} objects: {_told(states)}" if triggered else "No object triggers."
    )
    status = AutopilotRuleStatus(
        observed_generation=generation,
        objects=objects,
        triggered=triggered,
        acting=states[State.IN_PROGRESS],
        conditions=[
            _condition(stored, "Ready", finding, generation, now),
            _condition(
                stored,
                "Triggered",
                Finding(triggered > 0, "ConditionMet" if triggered else "NoneTriggered", said),
                generation,
                now,
            ),
        ],
    )
    return status.wire()


def _told(states: Mapping[State, int]) -> str:
    return ", ".join(
        f"{states[state]} {state.value}" for state in State if states[state] and state not in QUIET
    )


def _condition(
    stored: Mapping[str, Any], kind: str, said: Finding, generation: int, now: float
) -> Condition:
    """It keeps the instant of its last change where it says the same as before."""
    status = "True" if said.holds else "False"
    found = stored.get("conditions")
    before: Mapping[str, Any] = next(
        (one for one in found or () if isinstance(one, dict) and one.get("type") == kind), {}
    )
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return Condition(
        type=kind,
        status=status,
        reason=said.reason,
        message=said.message,
        last_transition_time=since if isinstance(since, str) else instants.render(now, "seconds"),
        observed_generation=generation,
    )
