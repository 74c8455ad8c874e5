"""The specification of a KubervisorService: what a user may ask for."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from kubervisor.api.detectors import ONE_DETECTOR, Detectors
from kubervisor.api.fields import (
    DAY,
    YEAR,
    ApiModel,
    CountOrPercent,
    DnsLabel,
    Duration,
    LabelKey,
    Number,
    Percent,
    Rule,
    Seconds,
    Switch,
    Uint,
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
        "ejection of the pod, from period up to this. Unset: constant with `periodic`, else "
        "period times the number of ejections.",
        examples=["10m"],
    )
    jitter_percent: Annotated[Number, Field(ge=0, le=100)] = Field(
        default=0.0,
        description="Percent of the time out of traffic by which it is lengthened at random, so "
        "that pods ejected together do not return together.",
        examples=[10],
    )
    probation: Duration = Field(
        default=0.0,
        description="Duration such as 1m after a return during which one matching step and half "
        "the minimum activity suffice to eject the pod again.",
        examples=["1m"],
    )
    return_stagger: Duration = Field(
        default=0.0,
        description="Duration such as 10s. At most one pod, or 10 % of the members if that is "
        "more, returns per this time. 0s returns all that are due at once.",
        examples=["10s"],
    )
    kill_mode: KillMode = Field(
        default=KillMode.EVICT,
        description="How a pod is terminated: `evict` respects PodDisruptionBudgets, `delete` "
        "does not.",
        examples=["evict"],
    )


class Budget(ApiModel):
    """What the whole fleet can spare, shared by all breakers. At least one pod always serves."""

    min_available: CountOrPercent | None = Field(
        default=None,
        description='Number of pods such as 3, or percentage of the members such as "30%", rounded '
        "up. No ejection leaves fewer pods serving. Unset: only the breakers' own minimums hold.",
        examples=["30%"],
    )
    max_ejected_percent: Percent | None = Field(
        default=None,
        description="Percent of the members, rounded down, that may be out of traffic at once, "
        "paused pods included; one pod may always be out of a fleet of 3 or more. Unset: no cap.",
        examples=[20],
    )
    panic_threshold_percent: Percent | None = Field(
        default=None,
        description="Percent of a peer group of 3 or more pods. When a breaker finds this share "
        "to be outliers, it ejects none: the measurement is suspect, not the fleet. Unset: no "
        "such guard.",
        examples=[50],
    )


class Breaker(Detectors):
    """One detector, how often it judges, and how many pods it leaves in traffic."""

    rules: ClassVar[tuple[Rule, ...]] = (ONE_DETECTOR,)
    name: DnsLabel = Field(
        description="Name of the breaker, unique in the list: a DNS label of at most 63 "
        "characters. It is written to the label kubervisor/strategy of the pods it ejects.",
        examples=["response-code"],
    )
    evaluation_period: Annotated[Seconds, Field(le=DAY)] = Field(
        default=5.0,
        description="Seconds from one evaluation to the next, more than 0.01 and at most 86400.",
        examples=[5],
    )
    min_pods_available_count: Uint = Field(
        default=1,
        description="Number of pods that this breaker leaves serving. 0 means 1: the last "
        "serving pod is never ejected.",
        examples=[1],
    )
    min_pods_available_ratio: Uint | None = Field(
        default=None,
        description="Percent of the members, rounded up, that this breaker leaves serving; more "
        "than 100 means 100, and then it ejects nothing. The larger of count and ratio holds. "
        "Unset: the count.",
        examples=[50],
    )
    activator: Activator | None = Field(
        default=None,
        description="Activator of the pods that this breaker ejects, instead of the default one. "
        "Unset: defaultActivator.",
    )


def _unique_names(breakers: list[Breaker]) -> list[Breaker]:
    first: dict[str, int] = {}
    for index, breaker in enumerate(breakers):
        if breaker.name in first:
            raise ValueError(
                f"must have unique names, but [{first[breaker.name]}] and [{index}] are both named "
                f"{breaker.name}; write another name for one of them"
            )
        first[breaker.name] = index
    return breakers


class KubervisorServiceSpec(ApiModel):
    """Which Service to guard, what makes one of its pods an outlier, and how pods come back."""

    service: DnsLabel = Field(
        description="Name of the Service to guard, in the namespace of this object.",
        examples=["pricer"],
    )
    breakers: Annotated[list[Breaker], AfterValidator(_unique_names)] = Field(
        min_length=1,
        max_length=64,
        description="The breakers, 1 to 64, each with a name of its own. They share one budget.",
        examples=[[{"name": "oracle", "customService": "oracle.demo:8080"}]],
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    )
    default_activator: Activator = Field(
        default_factory=Activator,
        description="Activator of the pods whose breaker has none of its own. Default: mode "
        "periodic with a period of 10 seconds.",
    )
    budget: Budget | None = Field(
        default=None,
        description="What the whole fleet can spare. Unset: only the breakers' own minimums hold.",
    )
    peer_group: LabelKey | None = Field(
        default=None,
        description="Key of the pod label that splits the members into groups that are compared "
        "among themselves. Unset: all members are one group.",
        examples=["pod-template-hash"],
    )
    dry_run: Switch = Field(
        default=False,
        description="When true, everything is judged and reported and no pod is changed; pods "
        "that are out return first.",
        examples=[True],
    )
