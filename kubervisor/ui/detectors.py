"""What a breaker judges by, for people: its rule in one sentence, and what may be tried instead.

A knob is offered where the samples kept are enough to put another limit to them, in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    CustomPolicy,
    DetectorPolicy,
    DeviationPolicy,
    Direction,
    DiscretePolicy,
    RatioPolicy,
    ThresholdPolicy,
    TrendPolicy,
    Trust,
    WatchdogPolicy,
    WithoutQueries,
)
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.watchdogs import Level
from kubervisor.ui.documents import cut
from kubervisor.ui.service_documents import Breaker, Knob, Matches

MOST_QUERIES = 4
_LEAST_ALPHA, _MOST_ALPHA = 1e-12, 0.5


@dataclass(frozen=True, slots=True)
class _Sort:
    """What is particular to one kind of detector; the fields of `knobs` are without their path."""

    name: str
    rule: str
    unit: str = ""
    side: str = "above"
    relative: bool = False
    knobs: tuple[Knob, ...] = ()
    fixed: dict[str, float | str] = field(default_factory=dict)


def describe(
    policy: BreakerPolicy, index: int, spec: Mapping[str, Any], *, answering: bool, problem: str
) -> Breaker:
    """The breaker at `index` of a specification; `problem` is why its source gives no answer."""
    sort = _sort(policy.detector)
    path = f"spec.breakers[{index}].{_written(spec, index, sort.name)}"
    return Breaker(
        name=policy.name,
        detector=sort.name,
        path=path,
        source=_source(policy.detector),
        queries=[cut(query) for query in _queries(policy.detector)[:MOST_QUERIES]],
        period=policy.period,
        window=_window(policy.detector),
        matches=Matches(policy.matches.need, policy.matches.of),
        hold_for=policy.hold_for,
        warm_up=policy.warm_up,
        unit=sort.unit,
        side=sort.side,
        relative=sort.relative,
        rule=sort.rule,
        knobs=[_placed(knob, path) for knob in sort.knobs],
        fixed=sort.fixed,
        answering=answering,
        problem=cut(problem),
    )


def _sort(detector: DetectorPolicy) -> _Sort:
    match detector:
        case DiscretePolicy():
            return _discrete(detector)
        case ContinuousPolicy():
            return _continuous(detector)
        case CustomPolicy():
            return _Sort("customService", f"An outlier is whoever {detector.source} names")
        case WatchdogPolicy():
            return _watchdog(detector)
        case RatioPolicy():
            return _ratio(detector)
        case ThresholdPolicy():
            return _threshold(detector)
        case DeviationPolicy():
            return _deviation(detector)
        case TrendPolicy():
            return _trend(detector)


def _watchdog(policy: WatchdogPolicy) -> _Sort:
    whose = " or ".join(sorted(policy.names)[:MOST_QUERIES]) or "any watchdog"
    more = len(policy.names) - MOST_QUERIES
    whose += f" or one of {more} more" if more > 0 else ""
    said = policy.level.value + (" or worse" if policy.level is not Level.ERROR else "")
    posted = ", posted words too" if policy.trust is Trust.POSTED else ""
    return _Sort("watchdog", f"An outlier is a pod of which {cut(whose, 300)} says {said}{posted}")


def _discrete(policy: DiscretePolicy) -> _Sort:
    most = policy.tolerance_percent
    return _Sort(
        "discreteValueOutOfList",
        f"An outlier has {cut(policy.key, 80)} out of the list in more than {most:g} % of at least "
        f"{policy.minimum_activity:g} samples",
        unit="%",
        knobs=(_knob("tolerance", "Tolerance", most, 0, 100, unit="%"),),
    )


def _continuous(policy: ContinuousPolicy) -> _Sort:
    most = policy.max_deviation_percent
    return _Sort(
        "continuousValueDeviation",
        f"An outlier's value is more than {most:g} % from the fleet's",
        unit="%",
        knobs=(
            _knob("maxDeviationPercent", "Largest deviation", most, 0, max(200, 2 * most), "%"),
        ),
    )


def _ratio(policy: RatioPolicy) -> _Sort:
    effect = 100 * policy.minimum_effect
    return _Sort(
        "ratio",
        f"An outlier fails at least {policy.minimum_events} of at least "
        f"{policy.minimum_activity:g} requests and {effect:g} percentage points more than its "
        f"peers, with a chance of at most {policy.alpha:.2g}, which all pairs of pods share",
        unit="%",
        relative=True,
        knobs=(
            _alpha(policy.alpha),
            _knob("minimumEffect", "Smallest excess over the peers", effect, 0, 100, "%"),
        ),
        fixed={
            "alpha": policy.alpha,
            "minimumEvents": policy.minimum_events,
            "minimumEffect": effect,
            "minimumActivity": policy.minimum_activity,
        },
    )


def _threshold(policy: ThresholdPolicy) -> _Sort:
    shares = len(policy.queries) > 1
    side, bound = ("above", policy.above) if policy.above is not None else ("below", policy.below)
    assert bound is not None, "the rule of one bound holds"
    sure = ", with 95 % confidence" if shares else ""
    held = f", for {policy.hold_for:g} s on end" if policy.hold_for else ""
    low, high = (0.0, 1.0) if shares else sorted((bound - 2 * abs(bound), bound + 2 * abs(bound)))
    return _Sort(
        "threshold",
        f"An outlier's value is {side} {bound:g}{sure}{held}",
        unit="share" if shares else "",
        side=side,
        knobs=(_knob(side, "Threshold", bound, low, high if high > low else low + 1),),
        fixed={"minimumActivity": policy.minimum_activity},
    )


def _deviation(policy: DeviationPolicy) -> _Sort:
    most, factor = policy.maximum_score, policy.minimum_factor
    side = {Direction.UP: "above", Direction.DOWN: "below", Direction.BOTH: "both"}
    where = {Direction.UP: "above", Direction.DOWN: "below", Direction.BOTH: "from"}
    return _Sort(
        "deviation",
        f"An outlier is more than {most:g} robust standard deviations {where[policy.direction]} "
        f"its peers' median, and by a factor of {factor:g} at least",
        side=side[policy.direction],
        relative=True,
        knobs=(_knob("maximumScore", "Robust standard deviations", most, 0, max(20.0, 2 * most)),),
        fixed={"minimumFactor": factor, "direction": policy.direction.value},
    )


def _trend(policy: TrendPolicy) -> _Sort:
    side, bound = ("above", policy.above) if policy.above is not None else ("below", policy.below)
    return _Sort(
        "trend",
        f"An outlier leaves its peers' median with a chance of at most {policy.alpha:.2g} and is "
        f"to be {side} {bound:g} within {policy.horizon:g} s",
        side=side,
        knobs=(_alpha(policy.alpha),),
        fixed={"alpha": policy.alpha, "horizon": policy.horizon},
    )


def _alpha(value: float) -> Knob:
    label = "Chance of a false alarm (alpha)"
    return Knob("alpha", "alpha", label, value, _LEAST_ALPHA, _MOST_ALPHA, "log", "")


def _knob(name: str, label: str, value: float, least: float, most: float, unit: str = "") -> Knob:
    return Knob(name, name, label, value, least, most, "linear", unit)


def _placed(knob: Knob, path: str) -> Knob:
    return Knob(
        knob.name,
        f"{path}.{knob.name}",
        *(knob.label, knob.value, knob.min, knob.max, knob.scale, knob.unit),
    )


def _source(detector: DetectorPolicy) -> str:
    """Whom it asks; "" where nobody."""
    return "" if isinstance(detector, WatchdogPolicy) else str(detector.source)


def _queries(detector: DetectorPolicy) -> tuple[str, ...]:
    if isinstance(detector, WithoutQueries):
        return ()
    return tuple(query.promql for query in detector.queries)


def _window(detector: DetectorPolicy) -> float:
    """Seconds that a measurement reaches back."""
    if isinstance(detector, WithoutQueries):
        return 0.0
    return max(query.window for query in detector.queries)


def _written(spec: Mapping[str, Any], index: int, detector: str) -> str:
    """The key under which the detector is written: a preset stands for one."""
    breakers = spec.get("breakers")
    written = breakers[index] if isinstance(breakers, list) and index < len(breakers) else None
    return "preset" if isinstance(written, dict) and "preset" in written else detector
