"""One breaker: its detector, how often it judges, and what it leaves in traffic."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.activator import Activator
from kubervisor.api.detectors import ONE_DETECTOR, Detectors
from kubervisor.api.fields import DAY, Address, DnsLabel, Rule, Seconds, SourceName, Uint
from kubervisor.api.measured import Measured
from kubervisor.api.presets import as_ratio
from kubervisor.api.watchdog import Watchdog
from kubervisor.traffic.detector_policy import CustomPolicy, DetectorPolicy, SourceRef


def _is_beside_preset(breaker: Breaker) -> bool:
    named = [breaker.source is not None, breaker.prometheus_service is not None]
    return any(named) and not all(named) if breaker.preset else not any(named)


_PRESET_HAS_SOURCE = Rule(
    cel="has(self.preset) ? has(self.source) != has(self.prometheusService) : "
    "!has(self.source) && !has(self.prometheusService)",
    holds=_is_beside_preset,
    message="must have exactly one of source and prometheusService beside a preset, and none "
    "beside another detector, which has its own; write source: main",
)


class Breaker(Detectors):
    """One detector, how often it judges, and how many pods it leaves in traffic."""

    rules: ClassVar[tuple[Rule, ...]] = (ONE_DETECTOR, _PRESET_HAS_SOURCE)
    source: SourceName | None = Field(
        default=None,
        description="With preset: name of a source that the administrator configured. Unset: "
        "`prometheusService`, or the detector's own source.",
        examples=["main"],
    )
    prometheus_service: Address | None = Field(
        default=None,
        description="With preset: address of the Prometheus server as host[:port][/path], without "
        "a scheme. Unset: `source`, or the detector's own source.",
        examples=["prometheus.monitoring:9090"],
    )
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

    @property
    def new_detector(self) -> Measured | Watchdog | None:
        """The detector, where it is none of the original's; a preset is the ratio it stands for."""
        if self.preset is not None:
            return as_ratio(
                self.preset, source=self.source, prometheus_service=self.prometheus_service
            )
        return self.ratio or self.threshold or self.deviation or self.trend or self.watchdog

    @property
    def detector(self) -> DetectorPolicy:
        """The one detector, as the pure core knows it."""
        if self.custom_service is not None:
            return CustomPolicy(SourceRef(address=self.custom_service))
        original = self.discrete_value_out_of_list or self.continuous_value_deviation
        chosen = original or self.new_detector
        assert chosen is not None, "the rule of one detector holds"
        return chosen.policy()
