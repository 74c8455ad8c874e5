"""From a specification to the policy that decisions read: the second line of defence.

Objects may be older than the schema, or the schema may be switched off; what it refuses is refused
here too, with the path of the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import ValidationError

from kubervisor.api.activator import Activator
from kubervisor.api.breaker import Breaker
from kubervisor.api.problems import spec_error
from kubervisor.api.spec import Budget, KubervisorServiceSpec
from kubervisor.errors import SpecError
from kubervisor.traffic import keys
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy, BudgetPolicy, ServicePolicy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What fields of the Service and its activators mean that a specification leaves out."""

    jitter_percent: float
    probation: float
    return_stagger: float
    max_period: float | None
    panic_threshold_percent: int | None
    peer_group: str | None


_ORIGINAL = _Defaults(0.0, 0.0, 0.0, None, None, None)
_NEW = _Defaults(
    jitter_percent=20.0,
    probation=60.0,
    return_stagger=10.0,
    max_period=300.0,
    panic_threshold_percent=50,
    peer_group="",
)


def to_policy(
    spec: Mapping[str, object] | KubervisorServiceSpec, *, name: str = ""
) -> ServicePolicy:
    """The policy that `spec` (the JSON object under `spec`) asks for, all defaults filled in.

    `name` is the KubervisorService's own name, where there is one to check.

    A specification with the original's detectors only gets the original's rules: one matching step
    suffices, one peer group, no panic guard, no cap, no jitter, no probation, unless it says
    otherwise. Raises SpecError: its message starts with the path of the field and says what to
    write.
    """
    if len(name) > keys.LONGEST_VALUE:
        raise SpecError(
            f"metadata.name: must have at most {keys.LONGEST_VALUE} characters, because it "
            "becomes a label value; write a shorter name"
        )
    parsed = spec if isinstance(spec, KubervisorServiceSpec) else parse_spec(spec)
    defaults = _NEW if any(breaker.new_detector for breaker in parsed.breakers) else _ORIGINAL
    default = _activator(parsed.default_activator, defaults)
    return ServicePolicy(
        service=parsed.service,
        breakers=tuple(_breaker(breaker, default, defaults) for breaker in parsed.breakers),
        default_activator=default,
        budget=_budget(parsed.budget or Budget(), defaults),
        dry_run=parsed.dry_run,
        peer_group=_given(parsed.peer_group, defaults.peer_group),
    )


def parse_spec(spec: object) -> KubervisorServiceSpec:
    """The specification as a model. Raises SpecError as `to_policy` does."""
    if not isinstance(spec, Mapping):
        raise SpecError("spec: must be an object; write spec with service and breakers")
    try:
        return KubervisorServiceSpec.model_validate(dict(spec))
    except ValidationError as error:
        raise spec_error(KubervisorServiceSpec, error) from error


def _breaker(breaker: Breaker, default: ActivatorPolicy, defaults: _Defaults) -> BreakerPolicy:
    ratio, added = breaker.min_pods_available_ratio, breaker.new_detector
    policy = BreakerPolicy(
        name=breaker.name,
        detector=breaker.detector,
        activator=_activator(breaker.activator, defaults) if breaker.activator else default,
        period=breaker.evaluation_period,
        min_available_count=breaker.min_pods_available_count,
        min_available_percent=None if ratio is None else min(100, ratio),
    )
    if added is None:
        return policy
    return replace(
        policy,
        matches=added.steps,
        warm_up=added.warm_up,
        on_requests=added.on_requests,
    )


def _activator(activator: Activator, defaults: _Defaults) -> ActivatorPolicy:
    return ActivatorPolicy(
        mode=activator.mode,
        period=activator.period,
        max_retries=activator.max_retry_count,
        max_paused=activator.max_pause_count,
        max_period=_given(activator.max_period, _longest(activator.period, defaults)),
        jitter_percent=_given(activator.jitter_percent, defaults.jitter_percent),
        probation=_given(activator.probation, defaults.probation),
        return_stagger=_given(activator.return_stagger, defaults.return_stagger),
        kill_mode=activator.kill_mode,
    )


def _longest(period: float, defaults: _Defaults) -> float | None:
    return None if defaults.max_period is None else max(period, defaults.max_period)


def _given(value: T | None, default: T) -> T:
    return default if value is None else value


def _budget(budget: Budget, defaults: _Defaults) -> BudgetPolicy:
    least = budget.min_available
    return BudgetPolicy(
        min_available_count=least if isinstance(least, int) else None,
        min_available_percent=int(least.removesuffix("%")) if isinstance(least, str) else None,
        max_ejected_percent=budget.max_ejected_percent,
        panic_threshold_percent=_given(
            budget.panic_threshold_percent, defaults.panic_threshold_percent
        ),
        max_load_percent=budget.max_load_percent,
    )
