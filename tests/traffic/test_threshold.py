"""`threshold`: a bound that somebody knows, for values and for shares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.detector_policy import NoData, ThresholdPolicy
from kubervisor.traffic.detectors.wilson import lower_bound, upper_bound
from kubervisor.traffic.evidence import Memory, is_matched, remember
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy
from kubervisor.traffic.verdict import Judgement, Verdict
from tests.builders import NOW, PodDraft, a_pod, fleet_of
from tests.traffic.measured import (
    SOURCE,
    counter,
    failing,
    instant,
    judged,
    of_series,
    outliers,
    raw,
    samples,
    together,
)

OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE
ABOVE = ThresholdPolicy(SOURCE, instant("queue"), above=100.0)
BELOW = ThresholdPolicy(SOURCE, instant("speed"), below=10.0)
SHARE = ThresholdPolicy(SOURCE, instant("errors", "total"), above=0.5)


@pytest.mark.parametrize(
    ("policy", "values", "expected"),
    [
        pytest.param(ABOVE, {"p": 101, "q": 100}, ["p"], id="above"),
        pytest.param(ABOVE, {"p": 5e9, "q": 6e9}, ["p", "q"], id="all of them: panic is for that"),
        pytest.param(BELOW, {"p": 9.9, "q": 10}, ["p"], id="below"),
        pytest.param(ABOVE, {"p": [1, 200], "q": 1}, ["p"], id="its worst series, above"),
        pytest.param(BELOW, {"p": [1, 200], "q": 11}, ["p"], id="its worst series, below"),
        pytest.param(ABOVE, {"p": float("inf"), "q": 1}, [], id="infinity is no value"),
    ],
)
def test_values(
    policy: ThresholdPolicy, values: dict[str, float | list[float]], expected: list[str]
) -> None:
    assert outliers(judged(policy, samples(values))) == expected


def test_a_value_is_shown_with_its_bound() -> None:
    found = judged(ABOVE, samples({"p": 250}))["p"]

    assert found.evidence == "250, must not be above 100"
    assert (found.value, found.threshold, found.score) == (250, 100, 150)


def test_the_newest_raw_sample_is_the_value_unless_it_is_older_than_the_return() -> None:
    policy = replace(ABOVE, queries=raw("queue"))
    measurement = of_series(counter("p", [300, 90]), counter("q", [90, 300], last=NOW - 20))
    fleet = fleet_of(a_pod("p"), a_pod("q").returned(NOW - 10))

    found = judged(policy, measurement, fleet)

    assert (found["p"].value, found["q"].evidence) == (90, "no samples")


@pytest.mark.parametrize(
    ("failures", "events", "judgement"),
    [
        pytest.param(55, 100, FINE, id="55 of 100 may be 50 %"),
        pytest.param(600, 1000, OUTLIER, id="600 of 1,000 are not"),
        pytest.param(6, 7, OUTLIER, id="6 of 7"),
        pytest.param(3, 4, INCONCLUSIVE, id="too few events"),
        pytest.param(0, 1000, FINE, id="none"),
    ],
)
def test_shares_must_be_beyond_the_bound_beyond_chance(
    failures: float, events: float, judgement: Judgement
) -> None:
    assert judged(SHARE, failing({"p": (failures, events)}))["p"].judgement is judgement


def test_a_share_is_shown_with_its_confidence() -> None:
    found = judged(SHARE, failing({"p": (600, 1000)}))["p"]

    assert found.evidence == (
        "0.6 of 1000 in 60 s, with 95 % confidence above 0.5743; must not be above 0.5"
    )


def test_a_share_below() -> None:
    served = replace(SHARE, above=None, below=0.9)
    found = judged(served, failing({"p": (80, 100), "q": (88, 100)}))

    assert (found["p"].judgement, found["q"].judgement) == (OUTLIER, FINE)


def test_raw_counters_are_counted_exactly() -> None:
    policy = replace(SHARE, queries=raw("errors", "total"))
    measurement = together(of_series(counter("p", [7, 97])), of_series(counter("p", [500, 600])))

    assert judged(policy, measurement)["p"].value == 0.9


def test_a_silent_pod_with_fail() -> None:
    fleet = fleet_of(a_pod("p"), a_pod("silent"))

    assert outliers(judged(replace(ABOVE, no_data=NoData.FAIL), samples({"p": 1}), fleet)) == [
        "silent"
    ]


@pytest.mark.parametrize(
    ("failures", "events", "low", "high"),
    [(0, 10, 0.0, 0.2129), (10, 10, 0.7871, 1.0), (50, 100, 0.4189, 0.5811)],
)
def test_bounds_of_a_share(failures: float, events: float, low: float, high: float) -> None:
    assert lower_bound(failures, events) == pytest.approx(low, abs=1e-4)
    assert upper_bound(failures, events) == pytest.approx(high, abs=1e-4)


class TestHold:
    """`for`: the value must have crossed the bound without a break."""

    BREAKER = BreakerPolicy("queue", replace(ABOVE, hold_for=30.0), ActivatorPolicy())

    def matched(self, *steps: float, pod: PodDraft | None = None) -> bool:
        """Whether the pod counts at the last of these values, ten seconds apart."""
        pod = pod or a_pod("p")
        memory = Memory()
        first = NOW - 10 * (len(steps) - 1)
        for index, value in enumerate(steps):
            finding = judged(ABOVE, samples({"p": value}))["p"]
            memory = remember(
                memory, Verdict("queue", first + 10 * index, 0.0, (finding,)), steps=1
            )
        return is_matched(memory, pod, self.BREAKER, NOW)

    def test_not_before_the_time_is_over(self) -> None:
        assert not self.matched(1, 200, 200, 200)
        assert self.matched(200, 200, 200, 200)

    def test_a_break_begins_it_anew(self) -> None:
        assert not self.matched(200, 200, 1, 200, 200)

    def test_what_was_before_the_return_does_not_count(self) -> None:
        back = a_pod("p").returned(NOW - 15)

        assert not self.matched(*[200] * 8, pod=back)
