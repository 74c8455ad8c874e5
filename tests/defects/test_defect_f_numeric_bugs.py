"""The original cut samples to unsigned integers: negative, NaN and fractional ones misjudged."""

from __future__ import annotations

import math

import pytest

from kubervisor.api.policy import to_policy
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement, Sample
from kubervisor.traffic.verdict import Finding, Judgement
from playground.fleet_api import Json
from tests.builders import NOW, a_pod, fleet_of
from tests.integration.specs import continuous, discrete, guarding

OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE
NAN, INFINITE = math.nan, math.inf


def finding(breaker: Json, samples: list[tuple[str, float]]) -> Finding:
    """The word on pod `web-0` when its samples have these codes and values."""
    vector = tuple(Sample({"pod": "web-0", "code": code}, value, NOW) for code, value in samples)
    policy = to_policy(guarding("shop", breaker)).breakers[0]
    fleet = fleet_of(a_pod("web-0"))
    (found,) = judge(policy, Measurement(NOW, samples=vector), fleet, now=NOW).findings
    return found


@pytest.mark.parametrize(
    ("samples", "judgement"),
    [
        pytest.param([("200", 10), ("500", -3)], INCONCLUSIVE, id="a negative count of failures"),
        pytest.param([("200", -3), ("500", 10)], INCONCLUSIVE, id="a negative count of successes"),
        pytest.param([("200", 1), ("500", 9), ("503", NAN)], OUTLIER, id="NaN hides no failures"),
        pytest.param([("200", INFINITE), ("500", 9)], OUTLIER, id="nor does infinity"),
        pytest.param([("500", NAN)], INCONCLUSIVE, id="NaN alone tells nothing"),
        pytest.param([("500", INFINITE)], INCONCLUSIVE, id="infinity alone tells nothing"),
        pytest.param([("200", 0.2), ("500", 1.9)], OUTLIER, id="rates below 1 count"),
        pytest.param([("200", 2.1), ("500", 0.9)], OUTLIER, id="30 % is above 20 %"),
        pytest.param([("200", 80), ("500", 20)], FINE, id="exactly the tolerance is fine"),
        pytest.param([("200", 79.9), ("500", 20.1)], OUTLIER, id="20.1 % is above 20 %"),
        pytest.param([("200", 999), ("500", 251)], OUTLIER, id="20.08 % is above 20 %"),
        pytest.param([("500", 0.7), ("500", 0.7)], INCONCLUSIVE, id="activity of 1.4 is below 2"),
        pytest.param([("500", 1.2), ("500", 0.8)], OUTLIER, id="activity of 2 suffices"),
        pytest.param([("500", 0)], INCONCLUSIVE, id="no failures and no successes"),
    ],
)
def test_counts_are_judged_as_they_are(
    samples: list[tuple[str, float]], judgement: Judgement
) -> None:
    assert finding(discrete("prometheus.demo"), samples).judgement is judgement


@pytest.mark.parametrize(
    ("values", "judgement"),
    [
        pytest.param([1.5], FINE, id="exactly the deviation is fine"),
        pytest.param([1.51], OUTLIER, id="above"),
        pytest.param([0.49], OUTLIER, id="below"),
        pytest.param([-5], OUTLIER, id="a negative value is far from 1"),
        pytest.param([NAN], INCONCLUSIVE, id="NaN is no value"),
        pytest.param([INFINITE], INCONCLUSIVE, id="infinity is no value"),
        pytest.param([9, 1], OUTLIER, id="the worst of several series, first"),
        pytest.param([1, 9], OUTLIER, id="the worst of several series, last"),
        pytest.param([9, NAN], OUTLIER, id="NaN hides no deviation"),
        pytest.param([], INCONCLUSIVE, id="no sample"),
    ],
)
def test_deviations_are_judged_by_the_worst_finite_value(
    values: list[float], judgement: Judgement
) -> None:
    samples = [("", value) for value in values]
    assert finding(continuous("prometheus.demo"), samples).judgement is judgement


def test_evidence_names_the_exact_share_and_the_tolerance() -> None:
    evidence = finding(discrete("prometheus.demo"), [("200", 999), ("500", 251)]).evidence
    assert "20.08 %" in evidence
    assert "tolerance 20 %" in evidence
