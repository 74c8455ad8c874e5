"""discreteValueOutOfList: the original's tables, with exact ratios and honest numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, nan

import pytest

from kubervisor.traffic.detector_policy import DiscretePolicy, SourceRef
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement, Sample
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Finding, Judgement
from tests.builders import NOW, a_breaker, a_fleet, a_pod, an_activator, fleet_of

GOOD_200 = DiscretePolicy(
    SourceRef(address="prometheus:9090"), "q", "code", "pod", good=frozenset({"200"})
)
BAD_500 = replace(GOOD_200, good=frozenset(), bad=frozenset({"500"}))
OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE
Codes = Mapping[str, float]


def breaker(policy: DiscretePolicy) -> BreakerPolicy:
    return replace(a_breaker(), detector=policy)


def samples(pods: Mapping[str, Codes], **labels: str) -> tuple[Sample, ...]:
    return tuple(
        Sample({"pod": pod, "code": code, **labels}, value, NOW)
        for pod, codes in pods.items()
        for code, value in codes.items()
    )


def findings(
    policy: DiscretePolicy, pods: Mapping[str, Codes], fleet: Fleet | None = None
) -> dict[str, Finding]:
    fleet = fleet or fleet_of(*(a_pod(name) for name in pods))
    verdict = judge(breaker(policy), Measurement(NOW, samples=samples(pods)), fleet, now=NOW)
    return {finding.name: finding for finding in verdict.findings}


def outliers(
    policy: DiscretePolicy, pods: Mapping[str, Codes], fleet: Fleet | None = None
) -> list[str]:
    found = findings(policy, pods, fleet).values()
    return [finding.name for finding in found if finding.judgement is OUTLIER]


def one(policy: DiscretePolicy, codes: Codes) -> Finding:
    return findings(policy, {"A": codes})["A"]


class TestPodsOutOfBounds:
    """The original's GetPodsOutOfBounds on A{ok 10, ko 0}, B{10, 8}, C{0, 10}."""

    PODS: Mapping[str, Codes] = {
        "A": {"200": 10},
        "B": {"200": 10, "500": 8},
        "C": {"500": 10},
    }

    @pytest.mark.parametrize(
        ("tolerance", "expected"),
        [pytest.param(50, ["C"], id="50 %"), pytest.param(10, ["B", "C"], id="10 %")],
    )
    def test_by_tolerance(self, tolerance: float, expected: list[str]) -> None:
        assert outliers(replace(GOOD_200, tolerance_percent=tolerance), self.PODS) == expected

    @pytest.mark.parametrize(
        ("fleet", "expected"),
        [
            pytest.param(fleet_of(a_pod("A"), a_pod("B")), ["B"], id="C is no member"),
            pytest.param(
                fleet_of(a_pod("A"), a_pod("B"), a_pod("C").not_ready()), ["B"], id="C is not Ready"
            ),
            pytest.param(fleet_of(), [], id="no members"),
            pytest.param(
                fleet_of(a_pod("A"), a_pod("B"), a_pod("C").unlabelled()),
                ["B", "C"],
                id="an unlabelled pod does not stop the step (deviation: the original fails)",
            ),
        ],
    )
    def test_by_fleet(self, fleet: Fleet, expected: list[str]) -> None:
        assert outliers(replace(GOOD_200, tolerance_percent=10), self.PODS, fleet) == expected

    def test_no_pods_and_no_samples(self) -> None:
        assert findings(GOOD_200, {}) == {}


@pytest.mark.parametrize(
    ("policy", "codes", "share", "total"),
    [
        pytest.param(GOOD_200, {"200": 1}, 0, "1", id="good 200, one 200"),
        pytest.param(GOOD_200, {"500": 1}, 100, "1", id="good 200, one 500"),
        pytest.param(BAD_500, {"200": 1}, 0, "1", id="bad 500, one 200"),
        pytest.param(BAD_500, {"500": 1}, 100, "1", id="bad 500, one 500"),
        pytest.param(GOOD_200, {"200": 10, "500": 3, "404": 6}, 900 / 19, "19", id="david"),
        pytest.param(GOOD_200, {"200": 20, "500": 8}, 800 / 28, "28", id="cedric"),
        pytest.param(GOOD_200, {"200": 30}, 0, "30", id="dario"),
        pytest.param(
            GOOD_200,
            {"200": 0.5, "500": 0.3},
            37.5,
            "0.8",
            id="fractions (deviation: not cut to 0)",
        ),
        pytest.param(GOOD_200, {"200": 1.99, "500": 0.9}, 90 / 2.89, "2.89", id="fractions add up"),
        pytest.param(
            GOOD_200, {"200": 10, "500": nan}, 0, "10", id="NaN counts for nothing (deviation)"
        ),
        pytest.param(
            GOOD_200, {"200": inf, "500": 10}, 100, "10", id="infinity masks nothing (deviation)"
        ),
    ],
)
def test_the_original_table_of_counters(
    policy: DiscretePolicy, codes: Codes, share: float, total: str
) -> None:
    finding = one(replace(policy, minimum_activity=0.1), codes)

    assert finding.value == pytest.approx(share)
    assert f"of {total} samples" in finding.evidence


@pytest.mark.parametrize(
    "negative", [pytest.param(-3.0, id="-3"), pytest.param(-inf, id="-infinity")]
)
def test_a_negative_sample_is_a_counter_reset_and_no_verdict(negative: float) -> None:
    """Deviation: the original makes 18446744073709551613 of -3 and the pod an outlier for ever."""
    finding = one(GOOD_200, {"200": 10, "500": negative})

    assert finding.judgement is INCONCLUSIVE
    assert "counter was reset" in finding.evidence


@pytest.mark.parametrize(
    ("codes", "judgement"),
    [
        pytest.param({"200": 50, "500": 50}, FINE, id="at the tolerance: strictly above is needed"),
        pytest.param({"200": 49, "500": 51}, OUTLIER, id="just above"),
        pytest.param(
            {"200": 495, "500": 505}, OUTLIER, id="50.5 % (deviation: the original cuts it to 50)"
        ),
        pytest.param({"500": 1}, INCONCLUSIVE, id="fewer samples than needed"),
        pytest.param({"500": 2}, OUTLIER, id="as many as needed"),
        pytest.param({"500": 1.9}, INCONCLUSIVE, id="almost as many"),
        pytest.param({"200": 0, "500": 0}, INCONCLUSIVE, id="zeros"),
        pytest.param({"500": nan}, INCONCLUSIVE, id="only NaN"),
        pytest.param({"500": inf}, INCONCLUSIVE, id="only infinity"),
        pytest.param({}, INCONCLUSIVE, id="no samples"),
    ],
)
def test_at_the_boundaries(codes: Codes, judgement: Judgement) -> None:
    assert one(GOOD_200, codes).judgement is judgement


def test_no_activity_needed_and_none_seen_is_no_division_by_zero() -> None:
    nothing_needed = replace(GOOD_200, minimum_activity=0)

    assert one(nothing_needed, {"200": 0}).judgement is INCONCLUSIVE
    assert one(nothing_needed, {}).judgement is INCONCLUSIVE


def test_no_ratio_is_off_by_a_rounding() -> None:
    for total in range(1, 201):
        for out in range(total + 1):
            policy = replace(GOOD_200, tolerance_percent=7, minimum_activity=1)
            judged = one(policy, {"200": total - out, "500": out}).judgement
            assert (judged is OUTLIER) == (100 * out > 7 * total), (out, total)


def test_a_missing_key_counts_as_an_empty_value() -> None:
    keyless = (Sample({"pod": "A"}, 10, NOW),)

    def judged(policy: DiscretePolicy) -> Judgement:
        measurement = Measurement(NOW, samples=keyless)
        return (
            judge(breaker(policy), measurement, fleet_of(a_pod("A")), now=NOW).findings[0].judgement
        )

    assert judged(GOOD_200) is OUTLIER
    assert judged(BAD_500) is FINE


@pytest.mark.parametrize(
    ("labels", "judgement"),
    [
        ({}, OUTLIER),
        ({"namespace": "shop"}, OUTLIER),
        ({"kubernetes_namespace": "shop"}, OUTLIER),
        ({"namespace": "other"}, INCONCLUSIVE),
        ({"kubernetes_namespace": "other"}, INCONCLUSIVE),
    ],
    ids=str,
)
def test_samples_of_another_namespace_are_dropped(
    labels: dict[str, str], judgement: Judgement
) -> None:
    measurement = Measurement(NOW, samples=samples({"A": {"500": 10}}, **labels))

    (finding,) = judge(breaker(GOOD_200), measurement, fleet_of(a_pod("A")), now=NOW).findings

    assert finding.judgement is judgement


def test_half_the_activity_suffices_on_probation() -> None:
    closely = replace(breaker(GOOD_200), activator=an_activator(probation=60))
    fleet = fleet_of(a_pod("back").returned(NOW - 30), a_pod("other"))
    measurement = Measurement(NOW, samples=samples({"back": {"500": 1}, "other": {"500": 1}}))

    verdict = judge(closely, measurement, fleet, now=NOW)

    assert [f.judgement for f in verdict.findings] == [OUTLIER, INCONCLUSIVE]


def test_ejected_pods_are_judged_too() -> None:
    fleet = fleet_of(a_pod("A").ejected(), a_pod("B"))

    assert outliers(GOOD_200, {"A": {"500": 9}}, fleet) == ["A"]


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ({}, Reason.NO_SAMPLES),
        ({"pricer-00": {"200": 5.0}}, None),
        ({"stranger": {"200": 5.0}}, None),
    ],
)
def test_an_empty_vector_is_an_answer(pods: Mapping[str, Codes], reason: Reason | None) -> None:
    measurement = Measurement(NOW, samples=samples(pods))

    verdict = judge(breaker(GOOD_200), measurement, a_fleet(2), now=NOW)

    assert verdict.reason is reason
    assert verdict.outliers == ()


def test_the_evidence_is_a_sentence_with_its_numbers() -> None:
    assert one(GOOD_200, {"200": 92, "500": 8}).evidence == (
        "8 % of 100 samples have code other than 200, tolerance 50 %"
    )
    assert one(BAD_500, {"500": 1, "200": 2}).evidence == (
        "33.33 % of 3 samples have code in 500, tolerance 50 %"
    )
