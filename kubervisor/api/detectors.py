"""The detectors a breaker may name: exactly one of them.

A new detector is one model with a `policy()` and one field of `Detectors`.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from kubervisor.api.fields import Address, ApiModel, Rule
from kubervisor.api.level_detectors import Deviation, Trend
from kubervisor.api.original_detectors import ContinuousValueDeviation, DiscreteValueOutOfList
from kubervisor.api.presets import Preset
from kubervisor.api.ratio import Ratio
from kubervisor.api.threshold import Threshold
from kubervisor.api.watchdog import Watchdog

_ELSE = "Unset: another detector of the breaker judges."


class Detectors(ApiModel):
    """What a breaker judges by: exactly one of these fields."""

    discrete_value_out_of_list: DiscreteValueOutOfList | None = Field(
        default=None,
        description=f"Judge by the share of events whose label value is out of a list. {_ELSE}",
    )
    continuous_value_deviation: ContinuousValueDeviation | None = Field(
        default=None,
        description=f"Judge by the distance of a value from the fleet's. {_ELSE}",
    )
    custom_service: Address | None = Field(
        default=None,
        description="Address host[:port][/path] of a service of yours, without a scheme. It is "
        "asked by GET once per evaluation period and answers with the list of pods that are "
        "outliers; pods that are not members of the Service are ignored. The administrator's "
        f"allow patterns must admit it. {_ELSE}",
        examples=["detector.demo:8080/outliers"],
    )
    ratio: Ratio | None = Field(
        default=None,
        description=f"Judge by the share of requests that fail, against the peers'. {_ELSE}",
    )
    threshold: Threshold | None = Field(
        default=None,
        description=f"Judge by a bound that no pod may cross. {_ELSE}",
    )
    deviation: Deviation | None = Field(
        default=None,
        description="Judge by the distance of a level, such as a latency, from the peers'. "
        f"{_ELSE}",
    )
    trend: Trend | None = Field(
        default=None,
        description=f"Judge by where a level is going, such as memory that leaks. {_ELSE}",
    )
    watchdog: Watchdog | None = Field(
        default=None,
        description="Judge by what the pods' own watchdogs say. It comes with the pods, so no "
        f"source is asked, and a new word is judged at once. {_ELSE}",
    )
    preset: Preset | None = Field(
        default=None,
        description="Judge by `ratio`, with the query, the labels and the codes of a well-known "
        f"exporter. Write source or prometheusService beside it. {_ELSE}",
        examples=["http"],
    )


_names = [field.alias for field in Detectors.model_fields.values() if field.alias]


def _exactly_one(breaker: Any) -> bool:
    return sum(getattr(breaker, name) is not None for name in Detectors.model_fields) == 1


ONE_DETECTOR = Rule(
    cel="[" + ", ".join(f"has(self.{name})" for name in _names) + "].exists_one(found, found)",
    holds=_exactly_one,
    message=f"must have exactly one detector; write one of {', '.join(_names)}",
)
