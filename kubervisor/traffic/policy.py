"""What a specification asks for, as frozen values: equal policies mean that nothing needs
restarting.

The API layer makes these from a KubervisorService; decisions read nothing else of the spec.
Durations are seconds, percentages are numbers from 0 to 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubervisor.traffic.detector_policy import DetectorPolicy, ThresholdPolicy


class ActivatorMode(StrEnum):
    """What happens to an ejected pod, in the original's words."""

    PERIODIC = "periodic"
    RETRY_AND_KILL = "retryAndKill"
    RETRY_AND_PAUSE = "retryAndPause"


class KillMode(StrEnum):
    """How a pod is terminated: eviction respects PodDisruptionBudgets."""

    EVICT = "evict"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ActivatorPolicy:
    """How pods come back, and what becomes of those that never recover.

    With `max_period` the hold doubles with each retry up to it; without, it is constant
    (`periodic`) or `period` times the retry count. `probation` (seconds after a return) asks for
    half the minimum activity and one matching step. `return_stagger` (seconds; 0 = off) lets
    max(1, 10 % of members) return per that time. Without `may_terminate` pods are paused at most.
    """

    mode: ActivatorMode = ActivatorMode.PERIODIC
    period: float = 10.0
    max_retries: int = 3
    max_paused: int = 1
    max_period: float | None = None
    jitter_percent: float = 0.0
    probation: float = 0.0
    return_stagger: float = 0.0
    kill_mode: KillMode = KillMode.EVICT
    may_terminate: bool = True


@dataclass(frozen=True, slots=True)
class Matches:
    """m of n: an outlier is one in `need` of the last `of` steps."""

    need: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """One breaker: its detector, how often it judges, its own floor, and the activator of its pods.

    `min_available_count` and `min_available_percent` are None where the spec does not say.
    `on_requests` marks detectors that judge request outcomes: the faults-that-move rule is for
    them. `warm_up` (seconds) is how young a container may be without being judged.
    """

    name: str
    detector: DetectorPolicy
    activator: ActivatorPolicy
    period: float = 5.0
    min_available_count: int | None = None
    min_available_percent: int | None = None
    matches: Matches = Matches()
    warm_up: float = 0.0
    on_requests: bool = False

    def __hash__(self) -> int:
        """By the name, which equal policies share: each step looks its breaker up many times."""
        return hash(self.name)

    @property
    def hold_for(self) -> float:
        """Seconds for which a pod must have been an outlier without a break."""
        return self.detector.hold_for if isinstance(self.detector, ThresholdPolicy) else 0.0


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """What the whole fleet can spare, shared by all breakers of the Service.

    A specification sets at most one of `min_available_count` and `min_available_percent`; the
    larger holds. `max_load_percent` is of what a busy pod carries now (see `load`).
    """

    min_available_count: int | None = None
    min_available_percent: int | None = None
    max_ejected_percent: int | None = None
    panic_threshold_percent: int | None = None
    max_load_percent: int | None = None


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """Everything a KubervisorService asks for.

    `peer_group` names the label that splits the fleet into groups; empty means the default
    (pod-template-hash, else controller-revision-hash, else the whole Service), and it is None where
    the spec has original fields only: then all members are one group.
    """

    service: str
    breakers: tuple[BreakerPolicy, ...]
    default_activator: ActivatorPolicy = ActivatorPolicy()
    budget: BudgetPolicy = BudgetPolicy()
    dry_run: bool = False
    peer_group: str | None = None
