"""What is simulated: a fleet, its traffic, its scrapes and what goes wrong with it.

Durations are seconds; in a file they may be strings such as `30s`. Percentages run from 0 to 100.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.alias_generators import to_camel

from kubervisor.api.fields import Duration

_DURATION: TypeAdapter[float] = TypeAdapter(Duration)


def _seconds(value: object) -> object:
    return _DURATION.validate_python(value) if isinstance(value, str) else value


Span = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="forbid",
    )


class Traffic(_Part):
    """What clients send: `rps` requests a second to each pod while all serve, `error_percent` of
    them failing with no fault at all.

    `error_cv` is how much pods differ in that (coefficient of variation, drifting over half an
    hour), `burst` the standard deviation of the logarithm of the load within a minute, `diurnal`
    its swing over a day, `weight_cv` how unevenly clients stick to pods. `latency` is the seconds
    a request takes at no load, `utilisation` the share of a pod's capacity that `rps` uses, in
    percent.
    """

    rps: Annotated[float, Field(gt=0)] = 20.0
    error_percent: Share = 1.0
    error_cv: Annotated[float, Field(ge=0, le=3)] = 0.5
    burst: Annotated[float, Field(ge=0, le=2)] = 0.3
    diurnal: Annotated[float, Field(ge=0, le=1)] = 0.3
    weight_cv: Annotated[float, Field(ge=0, le=3)] = 0.0
    latency: Annotated[float, Field(gt=0)] = 0.05
    utilisation: Annotated[float, Field(ge=0, le=95)] = 40.0


class Memory(_Part):
    """The gauge `process_resident_memory_bytes`: `base` plus a sawtooth of `sawtooth` bytes that
    falls every `period` (each pod at its own phase, as a garbage collector does), with `noise`
    (standard deviation in percent of `base`).
    """

    base: Annotated[float, Field(gt=0)] = 400e6
    sawtooth: Annotated[float, Field(ge=0)] = 0.0
    period: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 600.0
    noise: Share = 1.0


class Scrapes(_Part):
    """How Prometheus looks: every `interval`, each pod at its own phase."""

    interval: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 5.0


class Fault(_Part):
    """What goes wrong with `pods` (numbers from 0, or `all`) from `start` on, for `duration`.

    `error_percent` of their requests fail, they are `slow` times as slow, their memory grows by
    `leak` bytes a second. With `on` the fault comes and goes: `on` seconds of it, then `off`
    without. `stagger` starts the n-th pod n times that later. With `moves` the fault is a client's:
    it follows the traffic to another pod, `moves` seconds after its pod left.

    The rest goes wrong with what is measured: `missing` percent of the scrapes, all of them
    (`silent`), counters and container start anew (`restart`), sample times off by `skew`.

    `outlier` says whether taking these pods out is right; False for what no ejection can cure.
    """

    name: str = ""
    pods: tuple[Annotated[int, Field(ge=0)], ...] | Literal["all"] = (0,)
    start: Span = 0.0
    duration: Span = math.inf
    error_percent: Share = 0.0
    slow: Annotated[float, Field(gt=0)] = 1.0
    leak: float = 0.0
    on: Span = 0.0
    off: Span = 0.0
    stagger: Span = 0.0
    moves: Span | None = None
    missing: Share = 0.0
    silent: bool = False
    restart: bool = False
    skew: float = 0.0
    outlier: bool = True

    @property
    def is_of_measurement(self) -> bool:
        """True where what is measured suffers, besides the pods or instead of them."""
        return bool(self.missing or self.silent or self.restart or self.skew)

    def members(self, pods: int) -> tuple[int, ...]:
        """The numbers of the pods concerned, in a fleet of `pods`."""
        return tuple(range(pods)) if self.pods == "all" else self.pods

    def starts(self, pods: int) -> dict[int, float]:
        """When it begins for each pod concerned."""
        return {
            pod: self.start + place * self.stagger for place, pod in enumerate(self.members(pods))
        }


class Scenario(_Part):
    """A fleet of `pods` over `duration`, in steps of `tick`.

    `new` are the pods of a newer version: `{pod-template-hash: new}` instead of `old`.
    """

    name: str = "scenario"
    pods: Annotated[int, Field(ge=1, le=1000)] = 10
    new: tuple[Annotated[int, Field(ge=0)], ...] = ()
    duration: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=30 * 86400)] = 600.0
    tick: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 1.0
    traffic: Traffic = Traffic()
    memory: Memory = Memory()
    scrapes: Scrapes = Scrapes()
    faults: tuple[Fault, ...] = ()

    @property
    def ticks(self) -> int:
        """How many steps there are."""
        return math.ceil(self.duration / self.tick)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for index, fault in enumerate(self.faults):
            strange = [pod for pod in fault.members(self.pods) if pod >= self.pods]
            if strange:
                raise ValueError(
                    f"faults[{index}].pods: there is no pod {strange[0]}; "
                    f"write numbers from 0 to {self.pods - 1}"
                )
        if self.scrapes.interval < self.tick or self.scrapes.interval % self.tick:
            raise ValueError(
                f"scrapes.interval: must be a multiple of tick ({self.tick:g} s); "
                f"write a shorter tick"
            )
        return self
