"""What rules do about objects: previews, and one step after another."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.errors import (
    ApiError,
    ApiUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    SourceError,
    Throttled,
)
from kubervisor.rules.actions.action import Action, Do, Target, World
from kubervisor.rules.actions.quantities import parse
from kubervisor.rules.controller.deeds import Deeds
from kubervisor.rules.decision.outcomes import Did, Failed, Outcome, Refusal, Wait
from kubervisor.rules.decision.policy import ObjectRef, RulePolicy
from kubervisor.rules.decision.states import Intent, Reason, Sizes
from kubervisor.telemetry import rule_metrics

BEGAN = "began"
"""Noted of an intent once a deed of it was done: it is carried on then, whatever fails."""


class Acting:
    """Thread-safe."""

    def __init__(self, actions: Mapping[str, Action], world: World, deeds: Deeds) -> None:
        self._actions, self._world, self._deeds = actions, world, deeds

    def preview(
        self, policy: RulePolicy, target: Target, sizes: Sizes | None, now: float
    ) -> tuple[Intent | Refusal, ...]:
        """What each action of the rule would do now, or why it does not. `sizes` are those by which
        it was judged: where the claim has another capacity now, which the watch has not shown yet,
        it was judged by what was. Raises ApiError.
        """
        if sizes is not None and self._capacity(target.ref) != sizes.claim:
            why = f"the capacity of {target.ref} has just changed: metrics of now are awaited"
            return (Refusal(Reason.STALE_METRIC, why),)
        return tuple(
            self._actions[call.name].preview(target, call.params, self._world, now)
            for call in policy.actions
        )

    def step(self, target: ObjectRef, intent: Intent, now: float) -> Outcome:
        """Look at an action in progress, and do what is next. Raises ApiError where that could not
        be found out, and LeadershipLost.
        """
        action = self._actions.get(intent.action)
        if action is None:
            return Failed(f"there is no action {intent.action} in this version")
        step = action.step(target, intent, self._world, now)
        return self._do(step, intent) if isinstance(step, Do) else step

    def _capacity(self, ref: ObjectRef) -> int:
        """Bytes of a claim as it is stored now, 0 where it has none."""
        claim = self._world.get(ref.kind, ref.namespace, ref.name) or {}
        found = (claim.get("status") or {}).get("capacity") or {}
        return parse(found["storage"]) if "storage" in found else 0

    def _do(self, step: Do, intent: Intent) -> Outcome:
        try:
            self._deeds.do(step.deed)
        except Throttled as error:
            return Refusal(error.reason, str(error), after=error.retry_after)
        except (ApiError, SourceError) as error:
            rule_metrics.WRITE_ERRORS.labels("action", error.reason).inc()
            return _failed(error, intent)
        return Did({BEGAN: "true", **step.note})


def _failed(error: ApiError | SourceError, intent: Intent) -> Outcome:
    """A deed that was refused before anything was done is not tried again as it is. What has begun
    is brought to its end; and what may have been done is looked at.
    """
    if isinstance(error, (Conflict, ApiUnavailable)):
        return Wait(str(error))
    is_refused = isinstance(error, (Forbidden, Invalid, SourceError))
    if is_refused and BEGAN not in intent.progress:
        return Failed(str(error))
    return Wait(str(error))
