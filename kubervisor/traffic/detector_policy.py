"""What a breaker judges by: one frozen value per detector, and the queries that it needs answered.

Durations are seconds, percentages numbers from 0 to 100, shares numbers from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubervisor.traffic.promql import reach
from kubervisor.traffic.watchdogs import Level


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where measurements come from: an administrator's source by name, or an address in the spec.

    Exactly one of the two is set. `address` is `host:port` (Prometheus) or `host[:port][/path]`.
    """

    name: str = ""
    address: str = ""

    def __str__(self) -> str:
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class ScrapeRef:
    """The pods' own metrics pages as the source: read every `interval` seconds."""

    port: int
    path: str = "/metrics"
    interval: float = 1.0

    def __str__(self) -> str:
        return f"scrape :{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression whose answer a detector needs, and how far back its evidence reaches.

    `raw`: the expression is a plain selector, and every raw sample of the last `window` seconds is
    wanted. `step` above 0: the expression is evaluated every `step` seconds over the last `window`.
    Neither: one instant vector. The first two give `Measurement.series`, the last `samples`.
    """

    promql: str
    window: float = 0.0
    raw: bool = False
    step: float = 0.0


class NoData(StrEnum):
    """What a pod without samples is, while its peers have some."""

    IGNORE = "Ignore"  # inconclusive
    SUSPECT = "Suspect"  # an outlier where all its peers report and it is silent for three steps
    FAIL = "Fail"  # an outlier


class Direction(StrEnum):
    """To which side of its peers a value may not stray."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class DiscretePolicy:
    """`discreteValueOutOfList`: the share of a pod's samples whose `key` has a value out of the
    list.

    Exactly one of `good` and `bad` is non-empty.
    """

    source: SourceRef
    query: str
    key: str
    pod_label: str
    good: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    tolerance_percent: float = 50.0
    minimum_activity: float = 2.0

    @property
    def queries(self) -> tuple[Query, ...]:
        """The one query."""
        return (Query(self.query, reach(self.query)),)


@dataclass(frozen=True, slots=True)
class ContinuousPolicy:
    """`continuousValueDeviation`: the sample is the pod's value divided by the fleet's; 1 is
    normal.
    """

    source: SourceRef
    query: str
    pod_label: str
    max_deviation_percent: float = 75.0

    @property
    def queries(self) -> tuple[Query, ...]:
        """The one query."""
        return (Query(self.query, reach(self.query)),)


@dataclass(frozen=True, slots=True)
class CustomPolicy:
    """`customService`: a service of the user's that answers with the outliers."""

    source: SourceRef


@dataclass(frozen=True, slots=True)
class RatioPolicy:
    """`ratio`: the share of a pod's requests that fail, against its peers'.

    `queries` are (errors, total), or one query whose `code_label` tells what failed: the codes that
    `bad_codes` (a regular expression) matches as a whole. They give counts of events per pod over
    the window. `alpha` is the chance that a fleet without a fault has an outlier in one step;
    `minimum_events` failures and `minimum_effect` (a share above the peers') are needed besides.
    """

    source: SourceRef | ScrapeRef
    queries: tuple[Query, ...]
    pod_label: str = "pod"
    code_label: str = ""
    bad_codes: str = ""
    alpha: float = 9e-6
    minimum_events: int = 3
    minimum_activity: float = 10.0
    minimum_effect: float = 0.03
    no_data: NoData = NoData.IGNORE


@dataclass(frozen=True, slots=True)
class ThresholdPolicy:
    """`threshold`: an absolute bound, `above` or `below` (exactly one), held for `hold_for`
    seconds.

    With a second query the value is the share of the first's events in the second's, and its
    lower confidence bound (`above`; the upper one with `below`) must cross.
    """

    source: SourceRef | ScrapeRef
    queries: tuple[Query, ...]
    pod_label: str = "pod"
    above: float | None = None
    below: float | None = None
    hold_for: float = 0.0
    minimum_activity: float = 5.0
    no_data: NoData = NoData.IGNORE


@dataclass(frozen=True, slots=True)
class DeviationPolicy:
    """`deviation`: a gauge (latency, queue length) too far from its peers' on a logarithmic scale.

    `maximum_score` is in robust standard deviations, `minimum_factor` how many times the peers'
    median at least. A second query may count the requests behind each value: fewer than
    `minimum_activity` are not judged.
    """

    source: SourceRef | ScrapeRef
    queries: tuple[Query, ...]
    pod_label: str = "pod"
    direction: Direction = Direction.UP
    maximum_score: float = 3.5
    minimum_factor: float = 1.5
    minimum_activity: float = 30.0
    no_data: NoData = NoData.IGNORE


@dataclass(frozen=True, slots=True)
class TrendPolicy:
    """`trend`: a value that leaves its peers' median steadily and will cross a bound soon.

    Exactly one of `above` and `below` is set; `horizon` (seconds) is how soon. `alpha` is the
    significance of the trend.
    """

    source: SourceRef | ScrapeRef
    queries: tuple[Query, ...]
    pod_label: str = "pod"
    above: float | None = None
    below: float | None = None
    horizon: float = 900.0
    alpha: float = 1e-4
    no_data: NoData = NoData.IGNORE


class Trust(StrEnum):
    """Whose words count."""

    PROBED = "probed"  # those of watchdogs that the pod declares a probe of
    POSTED = "posted"  # those that others posted, too


@dataclass(frozen=True, slots=True)
class WatchdogPolicy:
    """`watchdog`: what the pods' own watchdogs say. An outlier is a pod of which one of `names`, or
    any where there are none, says `level` or worse.
    """

    names: frozenset[str] = frozenset()
    level: Level = Level.ERROR
    trust: Trust = Trust.PROBED


DetectorPolicy = (
    DiscretePolicy
    | ContinuousPolicy
    | CustomPolicy
    | RatioPolicy
    | ThresholdPolicy
    | DeviationPolicy
    | TrendPolicy
    | WatchdogPolicy
)

WithoutQueries = CustomPolicy | WatchdogPolicy
"""Those that measure nothing: pods are named to them, and that needs no traffic."""
