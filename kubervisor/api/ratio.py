"""The detector that judges outcomes of requests against the peers'."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.fields import (
    Amount,
    Duration,
    Expression,
    Number,
    Pattern,
    Rule,
    Share,
    Text,
    Uint,
)
from kubervisor.api.measured import (
    COUNTER,
    Measured,
    counts,
    expression_of,
    is_counter,
    plain_with_scrape,
    window_between,
)
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import Query, RatioPolicy
from kubervisor.traffic.promql import reach

_EXPRESSIONS = ("errors", "total", "promQL")


def _is_one_way(ratio: Ratio) -> bool:
    first = [ratio.errors is not None, ratio.total is not None]
    second = [field is not None for field in (ratio.prom_ql, ratio.code_label, ratio.bad_codes)]
    return (all(first) and not any(second)) or (all(second) and not any(first))


def _has_window(ratio: Ratio) -> bool:
    """A value that looks at an instant says nothing of when its events were."""
    written = (expression_of(ratio, name) for name in _EXPRESSIONS)
    return ratio.window is not None or all(
        is_counter(promql) or reach(promql) for promql in written if promql
    )


_WINDOWS = " && ".join(
    f"(!has(self.{name}) || self.{name}.contains('[') || self.{name}.matches(r'''{COUNTER}'''))"
    for name in _EXPRESSIONS
)


class Ratio(Measured):
    """Outliers are pods of whose requests more fail than of their peers', beyond chance.

    Give either errors and total, or promQL with codeLabel and badCodes.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *Measured.rules,
        Rule(
            cel="has(self.errors) == has(self.total) && has(self.promQL) == has(self.codeLabel) && "
            "has(self.promQL) == has(self.badCodes) && has(self.errors) != has(self.promQL)",
            holds=_is_one_way,
            message="must have either errors and total, or promQL, codeLabel and badCodes; write "
            'promQL: http_requests_total, codeLabel: code, badCodes: "5.."',
        ),
        plain_with_scrape(*_EXPRESSIONS),
        window_between("1s", "1h"),
        Rule(
            cel=f"has(self.window) || has(self.scrape) || ({_WINDOWS})",
            holds=_has_window,
            message="must have a window where an expression is neither a plain counter nor has a "
            "range; write window: 60s if it counts the last 60 seconds",
        ),
    )
    errors: Expression | None = Field(
        default=None,
        description="PromQL expression that counts the requests that failed, per pod: a plain "
        "counter selector, whose raw samples over the window are counted exactly, or anything "
        "else, evaluated as it is. A pod with a total and no errors has none. Unset: promQL is "
        "given.",
        examples=['http_requests_total{code=~"5.."}'],
    )
    total: Expression | None = Field(
        default=None,
        description="PromQL expression that counts all requests, per pod, like errors. Unset: "
        "promQL is given.",
        examples=["http_requests_total"],
    )
    prom_ql: Expression | None = Field(
        default=None,
        alias="promQL",
        description="PromQL expression that counts requests per pod and code, like errors. Unset: "
        "errors and total are given.",
        examples=["http_requests_total"],
    )
    code_label: Text | None = Field(
        default=None,
        description="Label of promQL's samples that holds the outcome. Unset: errors and total "
        "are given.",
        examples=["code"],
    )
    bad_codes: Pattern | None = Field(
        default=None,
        description="Regular expression of the codes that are failures; it must match a whole "
        "code. Characters, `.`, classes, groups, `|` and `* + ? {n,m}`: what can be matched in "
        "linear time. Unset: errors and total are given.",
        examples=["5.."],
    )
    window: Duration | None = Field(
        default=None,
        description="Duration from 1s to 1h over which a plain counter is counted. For any other "
        "expression: how far back it counts, where it has no range of its own. Unset: 60s, or "
        "the expression's own range.",
        examples=["60s"],
    )
    alpha: Annotated[Number, Field(gt=0, le=0.5)] = Field(
        default=default_of(RatioPolicy, "alpha"),
        description="Chance that a fleet without a fault has an outlier in one step.",
        examples=[1e-6],
    )
    minimum_events: Uint = Field(
        default=default_of(RatioPolicy, "minimum_events"),
        description="Failures of a pod in the window below which it is no outlier.",
        examples=[3],
    )
    minimum_activity: Amount = Field(
        default=default_of(RatioPolicy, "minimum_activity"),
        description="Requests of a pod in the window below which it is not judged.",
        examples=[10],
    )
    minimum_effect: Share = Field(
        default=default_of(RatioPolicy, "minimum_effect"),
        description="Share of requests, 0 to 1, by which more of the pod's must fail than of its "
        "peers'.",
        examples=[0.03],
    )

    @property
    def on_requests(self) -> bool:
        """Its events are requests."""
        return True

    def policy(self) -> RatioPolicy:
        """What the pure core judges by."""
        written = (expression_of(self, name) for name in _EXPRESSIONS)
        return RatioPolicy(
            source=self.ref,
            queries=tuple(self._counts(promql) for promql in written if promql),
            pod_label=self.pod_label,
            code_label=self.code_label or "",
            bad_codes=self.bad_codes or "",
            alpha=self.alpha,
            minimum_events=self.minimum_events,
            minimum_activity=self.minimum_activity,
            minimum_effect=self.minimum_effect,
            no_data=self.no_data,
        )

    def _counts(self, promql: str) -> Query:
        return counts(promql, self.window, scraped=self.scrape is not None)
