"""The detectors that compare a level with the peers': where it is, and where it is going."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.fields import Amount, Duration, Expression, Level, Number, Rule
from kubervisor.api.measured import (
    EACH_STEP,
    ONE_BOUND,
    Measured,
    counts,
    level,
    plain_with_scrape,
    window_between,
)
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import (
    DeviationPolicy,
    Direction,
    Query,
    TrendPolicy,
)
from kubervisor.traffic.policy import Matches
from kubervisor.traffic.promql import reach

POINTS = 60
"""Points of a trend: enough for a slope, few enough to compare each with each."""


class Deviation(Measured):
    """Outliers are pods whose value is too far from their peers', on a logarithmic scale.

    For latencies, queue lengths and other positive gauges; prefer a high quantile to a mean.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *Measured.rules,
        plain_with_scrape("promQL", "requests"),
    )
    prom_ql: Expression = Field(
        alias="promQL",
        description="PromQL expression that gives one positive value per pod.",
        examples=["max by (namespace, pod) (http_request_duration_seconds{quantile='0.95'})"],
    )
    requests: Expression | None = Field(
        default=None,
        description="PromQL expression that counts the requests behind each pod's value. Unset: a "
        "value counts however few requests it is made of.",
        examples=["sum by (namespace, pod) (increase(http_request_duration_seconds_count[60s]))"],
    )
    direction: Direction = Field(
        default=default_of(DeviationPolicy, "direction"),
        description="To which side of its peers a pod may not stray.",
        examples=["up"],
    )
    maximum_score: Annotated[Number, Field(gt=0, le=1000)] = Field(
        default=default_of(DeviationPolicy, "maximum_score"),
        description="Robust standard deviations from the peers' median within which a pod is fine.",
        examples=[3.5],
    )
    minimum_factor: Annotated[Number, Field(ge=1, le=1e6)] = Field(
        default=default_of(DeviationPolicy, "minimum_factor"),
        description="How many times the peers' median the value must be at least.",
        examples=[1.5],
    )
    minimum_activity: Amount = Field(
        default=default_of(DeviationPolicy, "minimum_activity"),
        description="With requests: requests behind a pod's value below which it is not judged.",
        examples=[30],
    )

    def policy(self) -> DeviationPolicy:
        """What the pure core judges by."""
        scraped = self.scrape is not None
        queries = [level(self.prom_ql)]
        if self.requests is not None:
            queries.append(counts(self.requests, None, scraped=scraped))
        return DeviationPolicy(
            source=self.ref,
            queries=tuple(queries),
            pod_label=self.pod_label,
            direction=self.direction,
            maximum_score=self.maximum_score,
            minimum_factor=self.minimum_factor,
            minimum_activity=self.minimum_activity,
            no_data=self.no_data,
        )


class Trend(Measured):
    """Outliers are pods whose value leaves their peers' steadily and will cross a bound soon.

    For slow leaks. Each step reads the whole window again: evaluate every 30 s or more seldom.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *Measured.rules,
        ONE_BOUND,
        plain_with_scrape("promQL"),
        window_between("1m", "24h"),
        Rule(
            cel="!has(self.horizon) || (duration(self.horizon) >= duration('1s') && "
            "duration(self.horizon) <= duration('24h'))",
            holds=lambda trend: 1 <= trend.horizon <= 86_400,
            message="must have a horizon from 1s to 24h; write horizon: 15m",
        ),
    )
    prom_ql: Expression = Field(
        alias="promQL",
        description="PromQL expression that gives one value per pod, evaluated at points over the "
        "window.",
        examples=["process_resident_memory_bytes"],
    )
    above: Level | None = Field(
        default=None,
        description="The bound that a rising value must not cross. Unset: below is given.",
        examples=[1.5e9],
    )
    below: Level | None = Field(
        default=None,
        description="The bound that a falling value must not cross. Unset: above is given.",
        examples=[1e8],
    )
    window: Duration = Field(
        default=1800.0,
        description="Duration from 1m to 24h over which the trend is measured. A pod younger than "
        "that, or back in traffic for less, is not judged.",
        examples=["30m"],
    )
    horizon: Duration = Field(
        default=default_of(TrendPolicy, "horizon"),
        description="Duration from 1s to 24h. A pod is an outlier when its trend reaches the bound "
        "within this time.",
        examples=["15m"],
    )
    alpha: Annotated[Number, Field(gt=0, le=0.5)] = Field(
        default=default_of(TrendPolicy, "alpha"),
        description="Significance of the trend: chance that a value without one seems to have it.",
        examples=[1e-4],
    )

    @property
    def default_steps(self) -> Matches:
        """Its window is all the memory it needs."""
        return EACH_STEP

    def policy(self) -> TrendPolicy:
        """What the pure core judges by."""
        window = self.window + reach(self.prom_ql)
        return TrendPolicy(
            source=self.ref,
            queries=(Query(self.prom_ql, window, step=self.window / POINTS),),
            pod_label=self.pod_label,
            above=self.above,
            below=self.below,
            horizon=self.horizon,
            alpha=self.alpha,
            no_data=self.no_data,
        )
