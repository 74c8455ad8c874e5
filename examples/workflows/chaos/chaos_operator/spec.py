"""What a ChaosExperiment asks for, and what is known of it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Duration = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$", max_length=20)]
"""A time as people write it: 10s, 1m30s."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
Percent = Annotated[int, Field(ge=1, le=100)]


def seconds(duration: Duration) -> float:
    """How long it is.

    >>> seconds("1m30s")
    90.0
    """
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))


class Verdict(StrEnum):
    """How the workload did while the fault lasted."""

    UNKNOWN = ""
    HELD = "Held"
    BROKEN = "Broken"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Abort(_Model):
    """Requests that are answered with an error, and reach nobody."""

    percent: Percent = Field(description="How many of the requests.")
    status: int = Field(default=503, ge=400, le=599, description="The HTTP status they get.")


class Delay(_Model):
    """Requests that wait before they go on."""

    percent: Percent = Field(description="How many of the requests.")
    time: Duration = Field(description="How long they wait.")


class Fault(_Model):
    """What happens to the requests."""

    abort: Abort | None = Field(default=None, description="Some fail.")
    delay: Delay | None = Field(default=None, description="Some wait.")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.abort is None and self.delay is None:
            raise ValueError("a fault has an abort, a delay, or both")
        return self


class ChaosExperimentSpec(_Model):
    """Disturb the requests to one Service, and see whether a workload holds."""

    host: Name = Field(description="Service of this namespace whose requests are disturbed.")
    fault: Fault = Field(description="What happens to the requests.")
    workload: Name = Field(description="Workload that must do well all the same.")
    success_threshold: float = Field(
        default=99,
        ge=0,
        le=100,
        description="Percentage of the requests to the workload that must succeed.",
    )
    measurement_interval: Duration = Field(
        default="1m", description="Over how long the success rate is measured."
    )
    duration: Duration = Field(description="How long the fault lasts, where the workload holds.")

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        if seconds(self.duration) <= seconds(self.measurement_interval):
            raise ValueError("duration must be longer than measurementInterval")
        return self


class ChaosExperimentStatus(_Model):
    """What was measured."""

    before: float | None = Field(
        default=None, description="The workload's success rate before the fault, in percent."
    )
    lowest: float | None = Field(
        default=None, description="Its lowest success rate while the fault lasted, in percent."
    )
    verdict: Verdict = Field(
        default=Verdict.UNKNOWN,
        description="How it did while the fault lasted; empty where it cannot be said.",
    )
