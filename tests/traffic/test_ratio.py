"""`ratio`: who fails more often than the peers, beyond what chance explains."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from kubervisor.traffic.detector_policy import NoData
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.policy import ActivatorPolicy
from kubervisor.traffic.verdict import Judgement
from tests.builders import NOW, a_pod, fleet_of
from tests.traffic.measured import (
    RATIO,
    RAW_RATIO,
    counter,
    failing,
    instant,
    judged,
    of_series,
    outliers,
    samples,
    together,
)

OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE


def fleet_failing(*failures: float, events: float = 1200) -> dict[str, tuple[float, float]]:
    return {f"p{index:02}": (k, events) for index, k in enumerate(failures)}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(fleet_failing(*[12] * 10), [], id="all alike"),
        pytest.param(fleet_failing(*[0] * 10), [], id="nobody fails"),
        pytest.param(fleet_failing(600, *[12] * 9), ["p00"], id="one fails half"),
        pytest.param(fleet_failing(107, *[12] * 9), ["p00"], id="one fails 8.9 %, the others 1 %"),
        pytest.param(fleet_failing(107, 12, 12), ["p00"], id="the same, one of three"),
        pytest.param(fleet_failing(96, *[36] * 49), ["p00"], id="8 % at a base of 3 %, fifty pods"),
        pytest.param(fleet_failing(36, *[12] * 9), [], id="3 % beside 1 %: pods differ that much"),
        pytest.param(fleet_failing(600, 12), ["p00"], id="the weaker of two"),
        pytest.param(fleet_failing(40, 12), [], id="two that differ a little"),
        pytest.param(
            fleet_failing(*[600] * 4, *[12] * 6),
            ["p00", "p01", "p02", "p03"],
            id="four of ten do not mask one another",
        ),
        pytest.param(fleet_failing(*[720] * 10), [], id="all fail alike: not the pods"),
        pytest.param(
            fleet_failing(420, 500, 480, 390, 450), [], id="all fail about 40 %: not the pods"
        ),
        pytest.param(
            fleet_failing(*[6, 6, 8, 9, 10, 12, 14, 16, 20, 48]),
            [],
            id="a healthy fleet that varies",
        ),
        pytest.param(
            fleet_failing(15, *[0] * 9, events=30), ["p00"], id="half of 30 requests, low traffic"
        ),
        pytest.param(fleet_failing(2, *[0] * 9, events=10), [], id="fewer failures than needed"),
        pytest.param(
            {"busy": (12_000, 1_200_000), "p1": (600, 1200), "p2": (12, 1200), "p3": (12, 1200)},
            ["p1"],
            id="one pod with a thousand times the load",
        ),
    ],
)
def test_outliers(counts: dict[str, tuple[float, float]], expected: list[str]) -> None:
    assert outliers(judged(RATIO, failing(counts))) == expected


def test_the_worst_comes_first() -> None:
    found = judged(RATIO, failing(fleet_failing(200, 600, *[12] * 8)))

    assert found["p01"].score > found["p00"].score > found["p02"].score


def test_an_outlier_is_shown_with_its_numbers() -> None:
    found = judged(RATIO, failing(fleet_failing(600, *[12] * 9)))["p00"]

    assert found.evidence.startswith(
        "600 of 1200 requests (50 %) failed in 60 s; 9 peers 1 %; chance "
    )
    assert found.evidence.endswith("at most 2.0e-07")
    assert (found.value, found.threshold, found.activity) == (50.0, 4.0, 20.0)
    facts = {name: found.facts[name] for name in ("n", "k", "baseline", "peers", "window")}
    assert facts == {"n": 1200, "k": 600, "baseline": 1.0, "peers": 9, "window": 60}
    assert found.facts["p"] < found.facts["alpha"]


def test_a_pod_that_is_fine_is_shown_with_its_numbers() -> None:
    found = judged(RATIO, failing(fleet_failing(*[12] * 4)))["p00"]

    assert found.evidence == "12 of 1200 requests (1 %) failed in 60 s; 4 peers 1 %"
    assert found.facts == {"n": 1200, "k": 12, "baseline": 1.0, "peers": 4, "window": 60}


@pytest.mark.parametrize(
    ("measurement", "why"),
    [
        pytest.param(
            failing({"p": (9, 9), "q": (0, 99)}), "9 requests in 60 s, needs 10", id="few"
        ),
        pytest.param(
            together(samples({"p": 5, "q": 1}), samples({"q": 100})),
            "failures are counted, and no total to compare them with",
            id="failures without a total",
        ),
        pytest.param(
            together(samples({"p": -1}), samples({"p": 100, "q": 100})),
            "a sample is negative: a counter was reset within the window",
            id="a negative sample",
        ),
        pytest.param(
            together(samples({"p": 500}), samples({"p": 100, "q": 100})),
            "500 failures of 100 events: the expressions do not belong together",
            id="more failures than events",
        ),
        pytest.param(
            failing({"p": (50, 100)}),
            "50 of 100 requests (50 %) failed in 60 s; no peer to compare with",
            id="alone",
        ),
    ],
)
def test_what_cannot_be_judged(measurement: Measurement, why: str) -> None:
    found = judged(RATIO, measurement)["p"]

    assert (found.judgement, found.evidence) == (INCONCLUSIVE, why)


def test_extrapolation_may_give_a_few_more_failures_than_events() -> None:
    measurement = together(samples({"p": 105.3, "q": 0}), samples({"p": 101.2, "q": 100}))

    assert judged(RATIO, measurement)["p"].value == 100.0


def test_a_pod_with_a_total_and_no_failures_has_none() -> None:
    assert judged(RATIO, together(samples({}), samples({"p": 100, "q": 100})))["p"].value == 0.0


def test_a_pod_with_neither_is_inconclusive() -> None:
    fleet = fleet_of(a_pod("p"), a_pod("q"), a_pod("silent"))
    found = judged(RATIO, failing({"p": (1, 100), "q": (1, 100)}), fleet)

    assert (found["silent"].judgement, found["silent"].evidence) == (INCONCLUSIVE, "no samples")


def test_samples_of_another_namespace_are_dropped() -> None:
    elsewhere = together(
        samples({"p": 90}, namespace="other"), samples({"p": 100}, namespace="other")
    )
    fleet = fleet_of(a_pod("p"), a_pod("q"))

    assert judged(RATIO, elsewhere, fleet)["p"].evidence == "no samples"


@pytest.mark.parametrize("errors", [12.0, 600.0], ids=["at a glance", "looked at closely"])
def test_samples_that_say_two_namespaces_are_nobodys(errors: float) -> None:
    """As those of another namespace, however closely they are looked at."""
    places = {"namespace": "shop", "kubernetes_namespace": "elsewhere"}
    two = together(samples({"p": errors}, **places), samples({"p": 1200.0}, **places))

    found = judged(RATIO, two, fleet_of(a_pod("p"), a_pod("q")))

    assert [finding.said for finding in found.values()] == ["no samples"] * 2


def test_several_series_of_a_pod_are_summed() -> None:
    measurement = together(samples({"p": [30, 20]}), samples({"p": [60, 40], "q": [99, 1]}))

    assert judged(RATIO, measurement)["p"].value == 50.0


BY_CODE = replace(RATIO, queries=instant("requests"), code_label="code", bad_codes="5..|429")


def test_one_query_with_codes() -> None:
    vectors = [samples({"p": n, "q": m}, code=code) for code, n, m in (
        ("200", 60, 97), ("429", 10, 0), ("503", 30, 1), ("404", 0, 2)
    )]  # fmt: skip
    measurement = replace(vectors[0], samples=tuple(s for v in vectors for s in v.samples))

    found = judged(BY_CODE, measurement)

    assert (found["p"].value, found["q"].value) == (40.0, 1.0)


class TestPeers:
    NINE: ClassVar = {f"p{index}": (12.0, 1200.0) for index in range(9)}

    def test_an_ejected_pod_leaves_the_baseline_and_is_judged_by_it(self) -> None:
        pods = [a_pod(name) for name in ("p0", "p1", "p2")]
        fleet = fleet_of(*pods, a_pod("out").ejected())
        counts = {"p0": (12.0, 1200.0), "p1": (12.0, 1200.0), "p2": (100.0, 1200.0)}
        found = judged(RATIO, failing({**counts, "out": (600, 1200)}), fleet)

        assert outliers(found) == ["out", "p2"]
        assert found["p2"].facts["peers"] == 2

    def test_a_version_is_compared_within_itself(self) -> None:
        old = [a_pod(f"o{index}").of_version("a") for index in range(5)]
        new = [a_pod(f"n{index}").of_version("b") for index in range(3)]
        counts = {pod.name: (12.0, 1200.0) for pod in old}
        counts |= {pod.name: (300.0, 1200.0) for pod in new}

        assert outliers(judged(RATIO, failing(counts), fleet_of(*old, *new), peer_group="")) == []
        assert len(outliers(judged(RATIO, failing(counts), fleet_of(*old, *new)))) == 3

    @pytest.mark.parametrize("size", [1, 2])
    def test_a_group_of_one_or_two_is_compared_with_the_rest(self, size: int) -> None:
        old = [a_pod(f"o{index}").of_version("a") for index in range(5)]
        new = [a_pod(f"n{index}").of_version("b") for index in range(size)]
        counts = {pod.name: (12.0, 1200.0) for pod in old}
        counts |= {pod.name: (300.0, 1200.0) for pod in new}
        found = judged(RATIO, failing(counts), fleet_of(*old, *new), peer_group="")

        assert outliers(found) == [pod.name for pod in new]
        assert found["n0"].facts["peers"] == 5

    def test_who_is_out_and_has_no_peer_is_inconclusive(self) -> None:
        fleet = fleet_of(a_pod("p").held_by_hand())
        found = judged(RATIO, failing({"p": (50, 100)}), fleet)["p"]

        assert found.judgement is INCONCLUSIVE
        assert found.evidence.endswith("no peer to compare with")

    def test_on_probation_half_the_activity_suffices(self) -> None:
        back = a_pod("back").returned(NOW - 100)
        fleet = fleet_of(back, *(a_pod(name) for name in self.NINE))
        counts = failing({**self.NINE, "back": (6, 6)})

        assert judged(RATIO, counts, fleet)["back"].judgement is INCONCLUSIVE
        watched = ActivatorPolicy(probation=300.0)
        assert judged(RATIO, counts, fleet, activator=watched)["back"].judgement is OUTLIER


def ramp(start: int, per_scrape: int, scrapes: int = 13) -> list[float]:
    return [float(start + per_scrape * index) for index in range(scrapes)]


def counters(failures: dict[str, list[float]], events: int = 100) -> Measurement:
    """Twelve scrapes of five seconds: `events` in each."""
    return together(
        of_series(
            *(counter(pod, values, code="500") for pod, values in failures.items() if values)
        ),
        of_series(*(counter(pod, ramp(5000, events), code="200") for pod in failures)),
    )


class TestRawSamples:
    FLEET: ClassVar = {f"p{index}": ramp(70, 1) for index in range(5)}

    def test_counts_are_exact_over_the_window_that_there_is(self) -> None:
        found = judged(RAW_RATIO, counters(self.FLEET))["p0"]

        assert found.facts == {
            "n": 1200, "k": 12, "baseline": pytest.approx(1.0), "peers": 5, "window": 60
        }  # fmt: skip

    def test_a_hard_fault_shows_in_the_last_part_of_the_window(self) -> None:
        """Ten seconds of it: 50 of 1,200 in the whole window are less than pods may differ."""
        late = [*ramp(70, 1, 11), 105.0, 130.0]
        found = judged(RAW_RATIO, counters({**self.FLEET, "late": late}))["late"]

        assert found.judgement is OUTLIER
        assert found.facts["window"] == 30

    def test_series_of_failures_born_in_the_window_count_from_zero(self) -> None:
        born = ramp(60, 60, 5)
        found = judged(RAW_RATIO, counters({**self.FLEET, "new": born}))["new"]

        assert (found.facts["k"], found.judgement) == (300, OUTLIER)

    def test_evidence_counts_from_the_last_return_on(self) -> None:
        failed_before = [*ramp(0, 50, 9), 400.0, 400.0, 400.0, 401.0]
        back = a_pod("back").returned(NOW - 20)
        fleet = fleet_of(back, *(a_pod(name) for name in self.FLEET))
        found = judged(RAW_RATIO, counters({**self.FLEET, "back": failed_before}), fleet)["back"]

        assert (found.judgement, found.facts["k"], found.facts["n"]) == (FINE, 1, 400)
        assert found.facts["window"] == 20

    def test_a_pod_is_not_judged_during_its_warm_up(self) -> None:
        young = a_pod("young").started(NOW - 50)
        fleet = fleet_of(young, *(a_pod(name) for name in self.FLEET))
        measurement = counters({**self.FLEET, "young": ramp(0, 50)})
        found = judged(RAW_RATIO, measurement, fleet, warm_up=60.0)["young"]

        assert found.judgement is INCONCLUSIVE
        assert "its containers are younger than 60 s" in found.evidence


class TestSilence:
    FLEET = fleet_of(a_pod("p"), a_pod("q"), a_pod("silent"))
    COUNTS = failing({"p": (1, 100), "q": (1, 100)})

    @pytest.mark.parametrize(
        ("policy", "judgement", "steps"),
        [
            pytest.param(NoData.IGNORE, INCONCLUSIVE, 1, id="Ignore"),
            pytest.param(NoData.SUSPECT, OUTLIER, 3, id="Suspect"),
            pytest.param(NoData.FAIL, OUTLIER, 1, id="Fail"),
        ],
    )
    def test_what_a_silent_pod_is(self, policy: NoData, judgement: Judgement, steps: int) -> None:
        found = judged(replace(RATIO, no_data=policy), self.COUNTS, self.FLEET)["silent"]

        assert (found.judgement, found.in_a_row) == (judgement, steps)

    @pytest.mark.parametrize("policy", list(NoData))
    def test_nobody_is_an_outlier_where_nobody_reports(self, policy: NoData) -> None:
        found = judged(replace(RATIO, no_data=policy), failing({}), self.FLEET)

        assert outliers(found) == []

    def test_two_silent_pods_are_not_suspected(self) -> None:
        fleet = fleet_of(*self.FLEET.pods, a_pod("mute"))
        suspecting = replace(RATIO, no_data=NoData.SUSPECT)

        assert outliers(judged(suspecting, self.COUNTS, fleet)) == []

    def test_a_pod_out_of_traffic_may_be_silent(self) -> None:
        fleet = fleet_of(a_pod("p"), a_pod("q"), a_pod("silent").ejected())

        assert outliers(judged(replace(RATIO, no_data=NoData.FAIL), self.COUNTS, fleet)) == []
