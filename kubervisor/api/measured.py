"""What the detectors of request outcomes and of levels have in common: a source, and the rules of
evidence.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pydantic import Field

from kubervisor.api.fields import ApiModel, Duration, Rule, Steps, Text, seconds_of
from kubervisor.api.sources import PrometheusSource, Scrape
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import (
    DetectorPolicy,
    NoData,
    Query,
    RatioPolicy,
    ScrapeRef,
    SourceRef,
)
from kubervisor.traffic.policy import Matches
from kubervisor.traffic.promql import parse_selector, plain_selector, reach

WINDOW = 60.0
"""Seconds over which counters are counted: 4 scrapes of 15 s. Shorter finds a hard fault sooner,
longer a slight one."""

TWO_OF_THREE = Matches(need=2, of=3)
EACH_STEP = Matches()

# What `traffic.promql.is_plain_selector` reads, for the API server: a name, and braces with
# anything but braces outside of strings. It lets some nonsense pass that `to_policy` refuses.
_STRINGS = r"""("([^"\\]|\\.)*"|'([^'\\]|\\.)*'|`[^`]*`)"""
_BRACES = rf"""\{{([^"'`{{}}]|{_STRINGS})*\}}"""
PLAIN = rf"^\s*([A-Za-z_:][A-Za-z0-9_:]*\s*)?({_BRACES}\s*)?$"
COUNTER = PLAIN.replace(":", "")


class Matching(ApiModel):
    """m of n: in how many of the last steps a pod must be an outlier to be ejected."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.need) ? self.need : 2) <= (has(self.of) ? self.of : 3)",
            holds=lambda matches: matches.need <= matches.of,
            message="must not need more steps than it looks at; write {need: 2, of: 3}",
        ),
    )
    need: Steps = Field(
        default=TWO_OF_THREE.need, description="Steps that must agree.", examples=[2]
    )
    of: Steps = Field(
        default=TWO_OF_THREE.of,
        description="Steps that are looked at. A step that could not judge the pod is none of "
        "them.",
        examples=[3],
    )


class Measured(PrometheusSource):
    """A detector that asks Prometheus, or reads the pods' own metrics pages."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="[has(self.prometheusService), has(self.source), has(self.scrape)]"
            ".exists_one(found, found)",
            holds=lambda measured: (
                [measured.prometheus_service, measured.source, measured.scrape].count(None) == 2
            ),
            message="must have exactly one of prometheusService, source and scrape; write "
            "source: main, or scrape: {port: 8080}",
        ),
    )
    scrape: Scrape | None = Field(
        default=None,
        description="Read the pods' own metrics pages instead of asking Prometheus. Expressions "
        "are plain selectors then. Unset: Prometheus is asked.",
    )
    pod_label: Text = Field(
        default=default_of(RatioPolicy, "pod_label"),
        description="Label of the samples that holds the name of the pod. Samples whose label "
        "`namespace` names another namespace are dropped. No effect with scrape.",
        examples=["pod"],
    )
    matches: Matching | None = Field(
        default=None,
        description="How often a pod must be an outlier to be ejected. Unset: in 2 of the last 3 "
        "steps; in one with `trend`, and with `threshold` where `for` is set: those look back "
        "themselves.",
    )
    warm_up: Duration = Field(
        default=60.0,
        description="Duration after the start of its containers in which a pod is not judged: "
        "first requests are slow, caches empty.",
        examples=["60s"],
    )
    no_data: NoData = Field(
        default=default_of(RatioPolicy, "no_data"),
        description="What a Ready pod without samples is while its peers have some. `Ignore`: not "
        "judged. `Suspect`: an outlier once it has been silent for three steps in which all "
        "its peers had samples. `Fail`: an outlier.",
        examples=["Ignore"],
    )

    @property
    def ref(self) -> SourceRef | ScrapeRef:
        """Whom to ask."""
        return self.scrape.ref if self.scrape else self.source_ref

    @property
    def steps(self) -> Matches:
        """M of n."""
        if self.matches is None:
            return self.default_steps
        return Matches(need=self.matches.need, of=self.matches.of)

    @property
    def default_steps(self) -> Matches:
        """M of n where the specification does not say."""
        return TWO_OF_THREE

    @property
    def on_requests(self) -> bool:
        """Whether it judges outcomes of requests: a client may carry their fault along."""
        return False

    @abstractmethod
    def policy(self) -> DetectorPolicy:
        """What the pure core judges by."""


ONE_BOUND = Rule(
    cel="has(self.above) != has(self.below)",
    holds=lambda measured: (measured.above is None) != (measured.below is None),
    message="must have exactly one of above and below; write above: 0.5",
)


def window_between(least: str, most: str) -> Rule:
    """The rule that `window`, where it is set, lies between two durations."""
    low, high = seconds_of(least), seconds_of(most)
    return Rule(
        cel=f"!has(self.window) || (duration(self.window) >= duration('{least}') && "
        f"duration(self.window) <= duration('{most}'))",
        holds=lambda measured: measured.window is None or low <= measured.window <= high,
        message=f"must have a window from {least} to {most}; write another window",
    )


def plain_with_scrape(*names: str) -> Rule:
    """The rule that these expressions are plain selectors where the pods' pages are read.

    Fields are named as in JSON; those that are not set keep the rule.
    """
    each = " && ".join(f"(!has(self.{n}) || self.{n}.matches(r'''{PLAIN}'''))" for n in names)
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    message = (
        f"must have plain selectors in {listed} where scrape is given, such as "
        'http_requests_total{code=~"5.."}'
    )

    def holds(measured: Measured) -> bool:
        if measured.scrape is None:
            return True
        for name in names:
            expression = expression_of(measured, name)
            try:
                parse_selector(expression or "any")
            except ValueError as error:
                raise ValueError(f"{message}; the expression in {name} {error}") from error
        return True

    return Rule(f"!has(self.scrape) || ({each})", holds, message)


def expression_of(measured: Measured, name: str) -> str | None:
    """The expression in the field that JSON calls `name`."""
    field = next(n for n, known in type(measured).model_fields.items() if known.alias == name)
    expression: str | None = getattr(measured, field)
    return expression


def is_counter(promql: str) -> bool:
    """Whether the raw samples of a counter can be asked for: a plain selector of no recording rule.

    By convention a colon in a metric's name marks a recording rule; its values are rates or sums.
    """
    selector = plain_selector(promql)
    return selector is not None and ":" not in selector.name


def counts(promql: str, window: float | None, *, scraped: bool) -> Query:
    """The query for counts of events: exact, from a counter's raw samples, where that can be."""
    if scraped or is_counter(promql):
        return Query(promql, window or WINDOW, raw=True)
    return Query(promql, max(reach(promql), window or 0.0))


def level(promql: str) -> Query:
    """The query for a value as it is now."""
    return Query(promql, reach(promql))
