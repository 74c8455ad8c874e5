"""What a CanaryDeployment says, and what its status tells."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Duration = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$")]
"""A time as people write it: 10s, 1m30s."""

Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=0, le=100)]


def seconds(duration: Duration) -> float:
    """How long it is.

    >>> seconds("1m30s")
    90.0
    """
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))


class Gate(StrEnum):
    """By what a new version is judged."""

    SUCCESS_RATE = "successRate"
    WATCHDOGS = "watchdogs"
    BREAKER = "breaker"


class Router(StrEnum):
    """Through what requests are split."""

    VIRTUAL_SERVICE = "VirtualService"
    HTTP_ROUTE = "HTTPRoute"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class CanaryDeploymentSpec(_Model):
    """A Deployment whose new versions are tried on a share of the requests first."""

    deployment: str = Field(
        default="",
        description="Name of the Deployment; by default that of this object.",
    )
    ports: list[Port] = Field(
        min_length=1,
        description="Ports of its Service whose requests are split.",
    )
    analysis_period: Duration = Field(
        description="How long a new version must do well before it is promoted.",
    )
    success_threshold: float = Field(
        default=100,
        ge=0,
        le=100,
        description="Percentage of requests that must succeed, for the gate successRate.",
    )
    measurement_interval: Duration = Field(
        default="1m",
        description="Over how long the success rate is measured.",
    )
    gate: Gate = Field(
        default=Gate.SUCCESS_RATE,
        description=(
            "What judges a new version: successRate, the requests that the mesh has measured; "
            "watchdogs, the health of its pods; breaker, the KubervisorService of the Service."
        ),
    )
    router: Router = Field(
        default=Router.VIRTUAL_SERVICE,
        description="What splits requests: a VirtualService of Istio, or HTTPRoutes of a mesh.",
    )
    initial_weight: Percent = Field(
        default=10,
        description="Percentage of requests that a new version gets first.",
    )
    step: Percent = Field(
        default=5,
        description="Percentage of requests that are added with each step.",
    )
    step_interval: Duration = Field(
        default="5s",
        description="Time between two steps.",
    )


class Promotion(_Model):
    """How the trial of one version ended."""

    promotion_succeeded: bool = Field(description="Whether it was promoted.")
    observed_generation: int = Field(description="Generation of the Deployment that was tried.")


class CanaryDeploymentStatus(_Model):
    """How far the trial of a new version is, and how earlier ones ended."""

    time_started: datetime | None = Field(
        default=None,
        description="Since when the version that is tried gets requests.",
    )
    trying: int | None = Field(
        default=None,
        description="Generation of the Deployment that is tried.",
    )
    weight: Percent = Field(
        default=0,
        description="Percentage of requests that the version gets which is tried.",
    )
    history: list[Promotion] = Field(
        default_factory=list,
        description="How the last trials ended, the oldest first.",
    )
