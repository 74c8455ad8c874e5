"""Every detector is told in a sentence, and offers the settings that its samples can be put to."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log10

import pytest

from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    CustomPolicy,
    DetectorPolicy,
    DeviationPolicy,
    Direction,
    DiscretePolicy,
    ThresholdPolicy,
    TrendPolicy,
    Trust,
    WatchdogPolicy,
)
from kubervisor.traffic.detectors import REGISTRY, judge
from kubervisor.traffic.verdict import Finding, Judgement
from kubervisor.traffic.watchdogs import Level
from kubervisor.ui.detectors import describe
from kubervisor.ui.samples import margin_of
from kubervisor.ui.scores import numbers_of
from kubervisor.ui.service_documents import Breaker
from tests.builders import NOW, a_breaker, a_pod, fleet_of
from tests.traffic.measured import RATIO, SOURCE, failing, instant

SHARE = ThresholdPolicy(SOURCE, instant("errors", "total"), above=0.1)
WATCHDOG = WatchdogPolicy(frozenset({"disk", "net"}), Level.WARNING, Trust.POSTED)
EACH: dict[str, DetectorPolicy] = {
    "tolerance": DiscretePolicy(SOURCE, "q", "code", "pod", good=frozenset({"200"})),
    "maxDeviationPercent": ContinuousPolicy(SOURCE, "q", "pod"),
    "": CustomPolicy(SOURCE),
    " ": WATCHDOG,
    "alpha minimumEffect": RATIO,
    "above": SHARE,
    "below": ThresholdPolicy(SOURCE, instant("q"), below=-3.0),
    "maximumScore": DeviationPolicy(SOURCE, instant("q"), direction=Direction.BOTH),
    "alpha": TrendPolicy(SOURCE, instant("q"), above=5.0),
}


def told(detector: DetectorPolicy, **spec: object) -> Breaker:
    policy = replace(a_breaker("errors"), detector=detector)
    return describe(policy, 0, spec, answering=True, problem="")


@pytest.mark.parametrize("knobs", EACH)
def test_it_has_a_rule_and_its_knobs(knobs: str) -> None:
    breaker = told(EACH[knobs])
    assert [knob.name for knob in breaker.knobs] == knobs.split()
    assert breaker.rule.startswith("An outlier")
    for knob in breaker.knobs:
        assert knob.min < knob.max
        assert knob.min <= knob.value <= knob.max
        assert knob.field == f"spec.breakers[0].{breaker.detector}.{knob.name}"


def test_none_is_forgotten() -> None:
    assert {type(detector) for detector in EACH.values()} == set(REGISTRY)


def test_shares_are_told_from_percentages_and_the_query_s_own_unit() -> None:
    units = {knobs: told(detector).unit for knobs, detector in EACH.items()}
    assert (units["above"], units["below"], units["alpha minimumEffect"]) == ("share", "", "%")


def test_a_preset_is_named_as_it_is_written() -> None:
    breaker = told(RATIO, breakers=[{"name": "errors", "preset": "http"}])
    assert breaker.path == "spec.breakers[0].preset"


def test_the_name_of_a_source_is_told_and_nothing_else_of_it() -> None:
    assert told(RATIO).source == "main"


def findings(*failures: int, alpha: float = RATIO.alpha) -> tuple[Finding, ...]:
    """Of pods with 600 requests each."""
    pods = [a_pod(f"p{number}") for number in range(len(failures))]
    breaker = replace(a_breaker(), detector=replace(RATIO, alpha=alpha))
    counts = {pod.name: (float(k), 600.0) for pod, k in zip(pods, failures, strict=True)}
    return tuple(judge(breaker, failing(counts), fleet_of(*pods), now=NOW).findings)


@pytest.mark.parametrize(("of_the_margin", "is_outlier"), [(0.9, True), (1.1, False)])
def test_the_margin_puts_another_alpha_to_a_finding(of_the_margin: float, is_outlier: bool) -> None:
    counts = (3, 3, 2, 4, 45)
    sick = findings(*counts)[-1]
    margin = margin_of(sick)
    assert margin == pytest.approx(log10(sick.facts["p"] / sick.facts["alpha"]))
    again = findings(*counts, alpha=RATIO.alpha * 10 ** (margin * of_the_margin))[-1]
    assert (again.judgement is Judgement.OUTLIER) == is_outlier


def test_what_was_not_tested_has_no_margin() -> None:
    assert all(isnan(margin_of(finding)) for finding in findings(0, 1, 0, 1))


def test_numbers_that_a_detector_has_not_are_none() -> None:
    numbers = numbers_of(findings(3, 3, 2, 4, 60)[-1])
    assert (numbers.n, numbers.k, numbers.value) == (600.0, 60.0, 10.0)
    assert (numbers.factor, numbers.limit, numbers.bound) == (None, None, None)
