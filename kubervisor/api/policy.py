"""From a specification to the policy that decisions read: the second line of defence.

Objects may be older than the schema, or the schema may be switched off; what it refuses is refused
here too, with the path of the field.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from kubervisor.api.problems import spec_error
from kubervisor.api.spec import Activator, Breaker, Budget, KubervisorServiceSpec
from kubervisor.errors import SpecError
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy, BudgetPolicy, ServicePolicy

_LABEL_VALUE_LENGTH = 63  # the object's name becomes the value of the label kubervisor/name


def to_policy(
    spec: Mapping[str, object] | KubervisorServiceSpec, *, name: str = ""
) -> ServicePolicy:
    """The policy that `spec` (the JSON object under `spec`) asks for, all defaults filled in.

    `name` is the KubervisorService's own name, where there is one to check.

    A specification with the original's fields only gets the original's rules: one matching step
    suffices, one peer group, no panic guard, no cap, no jitter, no probation. Raises SpecError: its
    message starts with the path of the field and says what to write.
    """
    if len(name) > _LABEL_VALUE_LENGTH:
        raise SpecError(
            f"metadata.name: must have at most {_LABEL_VALUE_LENGTH} characters, because it "
            "becomes a label value; write a shorter name"
        )
    parsed = spec if isinstance(spec, KubervisorServiceSpec) else parse_spec(spec)
    default = _activator(parsed.default_activator)
    return ServicePolicy(
        service=parsed.service,
        breakers=tuple(_breaker(breaker, default) for breaker in parsed.breakers),
        default_activator=default,
        budget=_budget(parsed.budget or Budget()),
        dry_run=parsed.dry_run,
        peer_group=parsed.peer_group,
    )


def parse_spec(spec: object) -> KubervisorServiceSpec:
    """The specification as a model. Raises SpecError as `to_policy` does."""
    if not isinstance(spec, Mapping):
        raise SpecError("spec: must be an object; write spec with service and breakers")
    try:
        return KubervisorServiceSpec.model_validate(dict(spec))
    except ValidationError as error:
        raise spec_error(KubervisorServiceSpec, error) from error


def _breaker(breaker: Breaker, default: ActivatorPolicy) -> BreakerPolicy:
    ratio = breaker.min_pods_available_ratio
    return BreakerPolicy(
        name=breaker.name,
        detector=breaker.detector,
        activator=_activator(breaker.activator) if breaker.activator else default,
        period=breaker.evaluation_period,
        min_available_count=breaker.min_pods_available_count,
        min_available_percent=None if ratio is None else min(100, ratio),
    )


def _activator(activator: Activator) -> ActivatorPolicy:
    return ActivatorPolicy(
        mode=activator.mode,
        period=activator.period,
        max_retries=activator.max_retry_count,
        max_paused=activator.max_pause_count,
        max_period=activator.max_period,
        jitter_percent=activator.jitter_percent,
        probation=activator.probation,
        return_stagger=activator.return_stagger,
        kill_mode=activator.kill_mode,
    )


def _budget(budget: Budget) -> BudgetPolicy:
    least = budget.min_available
    return BudgetPolicy(
        min_available_count=least if isinstance(least, int) else None,
        min_available_percent=int(least.removesuffix("%")) if isinstance(least, str) else None,
        max_ejected_percent=budget.max_ejected_percent,
        panic_threshold_percent=budget.panic_threshold_percent,
    )
