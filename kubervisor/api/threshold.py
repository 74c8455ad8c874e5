"""The detector that knows a bound."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from kubervisor.api.fields import Amount, Duration, Expression, Level, Rule
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
from kubervisor.traffic.detector_policy import Query, ThresholdPolicy
from kubervisor.traffic.policy import Matches


class Threshold(Measured):
    """Outliers are pods whose value is above, or below, a bound that you know.

    All pods may cross it at once; then the panic guard holds.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *Measured.rules,
        ONE_BOUND,
        plain_with_scrape("promQL", "total"),
        window_between("1s", "1h"),
        Rule(
            cel="!has(self.__for__) || duration(self.__for__) <= duration('24h')",
            holds=lambda threshold: threshold.hold_for <= 86_400,
            message="must have a for of at most 24h; write for: 30s",
        ),
    )
    prom_ql: Expression = Field(
        alias="promQL",
        description="PromQL expression that gives one value per pod. With total: the events "
        "whose share is judged.",
        examples=["queue_length"],
    )
    total: Expression | None = Field(
        default=None,
        description="PromQL expression that counts all events per pod: then the value is the share "
        "of promQL's events in them, from 0 to 1, and it must cross the bound beyond chance. "
        "Plain counter selectors are counted over the window. Unset: the value is promQL's.",
        examples=["http_requests_total"],
    )
    above: Level | None = Field(
        default=None,
        description="A pod is an outlier when its value is more than this. Unset: below is given.",
        examples=[0.5],
    )
    below: Level | None = Field(
        default=None,
        description="A pod is an outlier when its value is less than this. Unset: above is given.",
        examples=[10],
    )
    hold_for: Duration = Field(
        default=default_of(ThresholdPolicy, "hold_for"),
        alias="for",
        description="Duration such as 30s, at most 24h, for which the value must have crossed the "
        "bound without a break.",
        examples=["30s"],
    )
    window: Duration | None = Field(
        default=None,
        description="With total: duration from 1s to 1h over which plain counters are counted. "
        "Unset: 60s, or the expression's own range.",
        examples=["60s"],
    )
    minimum_activity: Amount = Field(
        default=default_of(ThresholdPolicy, "minimum_activity"),
        description="With total: events of a pod below which it is not judged.",
        examples=[5],
    )

    @property
    def default_steps(self) -> Matches:
        """`for` asks for more than m of n does."""
        return EACH_STEP if self.hold_for else super().default_steps

    @property
    def on_requests(self) -> bool:
        """A share is one of requests."""
        return self.total is not None

    def policy(self) -> ThresholdPolicy:
        """What the pure core judges by."""
        return ThresholdPolicy(
            source=self.ref,
            queries=self._queries(),
            pod_label=self.pod_label,
            above=self.above,
            below=self.below,
            hold_for=self.hold_for,
            minimum_activity=self.minimum_activity,
            no_data=self.no_data,
        )

    def _queries(self) -> tuple[Query, ...]:
        if self.total is None:
            return (level(self.prom_ql),)
        scraped = self.scrape is not None
        return tuple(
            counts(promql, self.window, scraped=scraped) for promql in (self.prom_ql, self.total)
        )
