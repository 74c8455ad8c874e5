"""How pods come back into traffic: what a user may ask for."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.fields import (
    YEAR,
    ApiModel,
    Duration,
    Number,
    Rule,
    Seconds,
    Uint,
    unset_means,
)
from kubervisor.traffic.policy import ActivatorMode, KillMode


class Activator(ApiModel):
    """How an ejected pod comes back into traffic, and what becomes of one that never recovers."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.maxPeriod) || double(duration(self.maxPeriod).getMilliseconds()) >= "
            "1000.0 * (has(self.period) ? self.period : 10.0)",
            holds=lambda activator: (
                activator.max_period is None or activator.max_period >= activator.period
            ),
            message="must have a maxPeriod of at least period; write a longer maxPeriod",
        ),
    )
    mode: ActivatorMode = Field(
        default=ActivatorMode.PERIODIC,
        description="`periodic` returns the pod after each period. `retryAndKill` waits period "
        "times the number of ejections and terminates the pod after maxRetryCount of them; "
        "`retryAndPause` pauses it instead while fewer than maxPauseCount pods are paused.",
        examples=["periodic"],
    )
    period: Annotated[Seconds, Field(le=YEAR)] = Field(
        default=10.0,
        description="Seconds, more than 0.01. How long a pod stays out of traffic.",
        examples=[10],
    )
    max_retry_count: Uint = Field(
        default=3,
        description="Number of ejections after which the pod is given up: the next one "
        "terminates or pauses it. No effect with `periodic`.",
        examples=[3],
    )
    max_pause_count: Uint = Field(
        default=1,
        description="Number of pods of the Service that may be paused at once; with "
        "`retryAndPause`, further pods are terminated.",
        examples=[1],
    )
    max_period: Duration | None = Field(
        default=None,
        description="Duration such as 10m. When set, the time out of traffic doubles with each "
        "ejection of the pod, from period up to this. Unset: 5m where a breaker has a new "
        "detector; else constant with `periodic`, and period times the number of ejections in the "
        "other modes.",
        examples=["10m"],
    )
    jitter_percent: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="Percent of the time out of traffic by which it is lengthened at random, so "
        f"that pods ejected together do not return together. {unset_means('20', '0')}",
        examples=[10],
    )
    probation: Duration | None = Field(
        default=None,
        description="Duration such as 1m after a return during which one matching step and half "
        f"the minimum activity suffice to eject the pod again. {unset_means('1m', '0s')}",
        examples=["1m"],
    )
    return_stagger: Duration | None = Field(
        default=None,
        description="Duration such as 10s. At most one pod, or 10 % of the members if that is "
        "more, returns per this time. 0s returns all that are due at once. "
        f"{unset_means('10s', '0s')}",
        examples=["10s"],
    )
    kill_mode: KillMode = Field(
        default=KillMode.EVICT,
        description="How a pod is terminated: `evict` respects PodDisruptionBudgets, `delete` "
        "does not.",
        examples=["evict"],
    )
