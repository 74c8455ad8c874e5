"""The specification of a KubervisorService: what a user may ask for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from kubervisor.api.activator import Activator
from kubervisor.api.breaker import Breaker
from kubervisor.api.fields import (
    ApiModel,
    CountOrPercent,
    DnsLabel,
    LabelKey,
    LoadPercent,
    Percent,
    Switch,
    unset_means,
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
        "to be outliers, it ejects none: the measurement is suspect, not the fleet. "
        f"{unset_means('50', 'no such guard')}",
        examples=[50],
    )
    max_load_percent: LoadPercent | None = Field(
        default=None,
        description="Percent of what a busy pod (the 95th percentile) carries now. No ejection "
        "whose load, spread over the pods that stay, would exceed it. Only for breakers that "
        "count requests. Unset: no such guard.",
        examples=[150],
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
        "among themselves; pods without it are one group. Unset: pod-template-hash, else "
        "controller-revision-hash; all members are one group where every detector is one of the "
        "original's.",
        examples=["pod-template-hash"],
    )
    dry_run: Switch = Field(
        default=False,
        description="When true, everything is judged and reported and no pod is changed; pods "
        "that are out return first.",
        examples=[True],
    )
