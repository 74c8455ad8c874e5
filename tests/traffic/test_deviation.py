"""`deviation`: gauges on a logarithmic scale beside their peers'."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.detector_policy import DeviationPolicy, Direction
from kubervisor.traffic.verdict import Judgement
from tests.builders import a_pod, fleet_of
from tests.traffic.measured import SOURCE, instant, judged, outliers, samples, together

INCONCLUSIVE = Judgement.INCONCLUSIVE
UP = DeviationPolicy(SOURCE, instant("latency"))
DOWN = replace(UP, direction=Direction.DOWN)
BOTH = replace(UP, direction=Direction.BOTH)
ALIKE = (0.100, 0.101, 0.099, 0.102, 0.098, 0.100, 0.103, 0.097, 0.100)


def fleet_at(*values: float) -> dict[str, float]:
    return {f"p{index}": value for index, value in enumerate(values)}


@pytest.mark.parametrize(
    ("policy", "values", "expected"),
    [
        pytest.param(UP, (0.2, *ALIKE), ["p0"], id="twice as slow"),
        pytest.param(UP, (0.14, *ALIKE), [], id="1.4 times is less than the least factor"),
        pytest.param(UP, (0.05, *ALIKE), [], id="faster is not feared"),
        pytest.param(DOWN, (0.05, *ALIKE), ["p0"], id="half, downwards"),
        pytest.param(DOWN, (0.2, *ALIKE), [], id="twice, downwards"),
        pytest.param(BOTH, (0.05, 0.2, *ALIKE), ["p0", "p1"], id="both"),
        pytest.param(
            UP, (0.3, 0.3, 0.3, 0.3, *ALIKE[:6]), [f"p{i}" for i in range(4)], id="4 of 10"
        ),
        pytest.param(
            UP, (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2), [], id="a fleet that scatters that much"
        ),
        pytest.param(UP, (0.3, 0.3, 0.3, 0.3, 0.3), [], id="all slow: not the pods"),
        pytest.param(UP, (0.19, 0.1, 0.1), [], id="of three, 1.9 times the others"),
        pytest.param(UP, (0.21, 0.1, 0.1), ["p0"], id="of three, 2.1 times the others"),
        pytest.param(UP, (0.21, 0.1, 0.1, 0.12), ["p0"], id="of four"),
        pytest.param(DOWN, (0.04, 0.1, 0.1), ["p0"], id="of three, downwards"),
        pytest.param(UP, (9, 0.1), [], id="of two nobody knows who is right"),
        pytest.param(UP, (9.0,), [], id="alone"),
        pytest.param(UP, (50, 0, 10, 11, 9, 10), ["p0"], id="a value of 0: linear"),
        pytest.param(UP, (11.4, 0, 10, 11, 9, 10), [], id="a value of 0, and nobody far"),
        pytest.param(UP, (-5, -20, -20, -21, -19, -20), ["p0"], id="negative values"),
        pytest.param(UP, (3, 0, 0, 0, 0, 0), [], id="all peers at 0: nothing is far from it"),
    ],
)
def test_outliers(policy: DeviationPolicy, values: tuple[float, ...], expected: list[str]) -> None:
    assert outliers(judged(policy, samples(fleet_at(*values)))) == expected


def test_the_rest_of_few_pods_asks_for_three_steps_on_end() -> None:
    few = judged(UP, samples(fleet_at(0.3, 0.1, 0.1)))["p0"]
    many = judged(UP, samples(fleet_at(0.3, *ALIKE)))["p0"]

    assert (few.in_a_row, many.in_a_row) == (3, 1)


def test_an_outlier_is_shown_with_its_numbers() -> None:
    found = judged(UP, samples(fleet_at(0.2, *[0.1] * 9)))["p0"]

    assert found.evidence == "0.2, 2 times the median 0.1 of 10 pods; score 6.93, at most 3.5"
    assert found.threshold == pytest.approx(0.15, rel=0.01)
    assert found.facts["baseline"] == 0.1


def test_values_made_of_few_requests_are_not_judged() -> None:
    policy = replace(UP, queries=instant("latency", "requests"))
    requests = dict.fromkeys(fleet_at(*ALIKE), 100.0) | {"slow": 29.0}
    measurement = together(samples({**fleet_at(*ALIKE), "slow": 0.9}), samples(requests))
    found = judged(policy, measurement)

    assert (found["slow"].judgement, found["slow"].evidence) == (
        INCONCLUSIVE,
        "29 requests, needs 30",
    )
    assert found["p0"].facts["peers"] == len(ALIKE)


def test_ejected_pods_are_no_peers() -> None:
    fleet = fleet_of(
        a_pod("p0"), *(a_pod(f"p{i}") for i in range(1, 5)), a_pod("p5").ejected(),
        a_pod("p6").ejected(), a_pod("p7").ejected(), a_pod("p8").ejected(),
    )  # fmt: skip
    values = fleet_at(0.3, 0.1, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3)
    found = judged(UP, samples(values), fleet)

    assert outliers(found) == ["p0", "p5", "p6", "p7", "p8"]
    assert found["p0"].facts["baseline"] == 0.1
