"""What a Quarantine asks for, and what is known of the workload."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Duration = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$", max_length=20)]
"""A time as people write it: 10s, 1m30s."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]


def seconds(duration: Duration) -> float:
    """How long it is.

    >>> seconds("1m30s")
    90.0
    """
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class QuarantineSpec(_Model):
    """Cut a Deployment's pods off where a signal says so."""

    deployment: Name = Field(description="Deployment of this namespace that is watched.")
    threshold: float = Field(
        default=0, ge=0, description="Alerts per second about it that are still nothing."
    )
    measurement_interval: Duration = Field(
        default="1m", description="Over how long alerts are counted."
    )
    holds_for: Duration = Field(
        default="0s", description="How long the signal must be above the threshold."
    )
    calm_for: Duration = Field(
        default="10m", description="How long it must be calm before the pods are let go."
    )
    admit_from: dict[str, str] = Field(
        default_factory=dict,
        max_length=10,
        description="Labels of pods of this namespace that reach the pods all the same.",
    )


class QuarantineStatus(_Model):
    """What the signal said."""

    peak: float | None = Field(
        default=None, description="Most alerts per second since it was suspected last."
    )
    calm_since: datetime | None = Field(
        default=None, description="Since when the signal of the isolated pods is calm."
    )
