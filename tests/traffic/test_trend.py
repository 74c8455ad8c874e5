"""`trend`: leaks are found before the breach, and a collector's sawtooth is no leak."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kubervisor.traffic.detector_policy import Query, TrendPolicy
from kubervisor.traffic.measurement import Measurement, Series
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.verdict import Finding, Judgement
from tests.builders import NOW, a_pod, fleet_of
from tests.traffic.measured import SOURCE, judged

STEP, POINTS = 30.0, 61
WINDOW = STEP * (POINTS - 1)
ABOVE = TrendPolicy(SOURCE, (Query("memory", WINDOW, step=STEP),), above=1000.0)
TIMES = NOW - WINDOW + STEP * np.arange(POINTS)
AGE = STEP * np.arange(POINTS)

Floats = NDArray[Any]


def noise(seed: int, scale: float = 4.0) -> Floats:
    drawn: Floats = np.random.default_rng(seed).normal(0.0, scale, POINTS)
    return drawn


def sawtooth(period: float, height: float, seed: int) -> Floats:
    phase = np.random.default_rng(seed).random()
    tooth: Floats = height * ((AGE / period + phase) % 1.0)
    return tooth


def at_rest(pods: int = 5) -> dict[str, Floats]:
    return {f"q{index}": 400 + noise(index) for index in range(pods)}


def over_time(values: dict[str, Floats]) -> Measurement:
    series = [
        Series({"pod": pod}, tuple(TIMES[: len(one)]), tuple(one.tolist()))
        for pod, one in values.items()
    ]
    return Measurement(NOW, WINDOW, series=tuple(series))


def about(
    values: Floats,
    policy: TrendPolicy = ABOVE,
    peers: dict[str, Floats] | None = None,
    fleet: Fleet | None = None,
) -> Finding:
    others = at_rest() if peers is None else peers
    return judged(policy, over_time({"p": values, **others}), fleet)["p"]


LEAK = 400 + 0.25 * AGE + noise(9)


@pytest.mark.parametrize(
    ("values", "judgement"),
    [
        pytest.param(LEAK, Judgement.OUTLIER, id="850, and 0.25 a second: 600 s to go"),
        pytest.param(400 + 0.15 * AGE + noise(9), Judgement.FINE, id="2,200 s to go"),
        pytest.param(400 + noise(9), Judgement.FINE, id="no trend"),
        pytest.param(950 + noise(9), Judgement.FINE, id="no trend, near the bound"),
        pytest.param(950 - 0.2 * AGE + noise(9), Judgement.FINE, id="it falls"),
        pytest.param(LEAK + sawtooth(300, 60, 3), Judgement.OUTLIER, id="a leak below a sawtooth"),
        pytest.param(700 + sawtooth(600, 250, 3), Judgement.FINE, id="a sawtooth near the bound"),
        pytest.param(1100 + noise(9), Judgement.FINE, id="beyond the bound, and no trend"),
    ],
)
def test_leaks(values: Floats, judgement: Judgement) -> None:
    assert about(values).judgement is judgement


def test_an_outlier_is_shown_with_its_numbers() -> None:
    found = about(LEAK)

    assert "a second more than 5 peers over 1.8e+03 s" in found.evidence
    assert found.facts["slope"] == pytest.approx(0.25, rel=0.05)
    assert found.facts["crossing"] == pytest.approx(600, rel=0.1)
    assert found.score == pytest.approx(300, rel=0.2)


def test_what_all_do_is_no_trend() -> None:
    rising = {f"q{index}": 400 + 0.25 * AGE + noise(index) for index in range(5)}

    assert about(LEAK, peers=rising).judgement is Judgement.FINE


def test_downwards() -> None:
    policy = replace(ABOVE, above=None, below=100.0)

    assert about(400 - 0.12 * AGE + noise(9), policy).judgement is Judgement.OUTLIER
    assert about(LEAK, policy).judgement is Judgement.FINE


def test_a_pod_that_is_not_known_for_long_is_not_judged() -> None:
    assert about(LEAK[:40]).judgement is Judgement.INCONCLUSIVE


def test_what_was_before_the_return_does_not_count() -> None:
    fleet = fleet_of(a_pod("p").returned(NOW - 600), *(a_pod(name) for name in at_rest()))
    found = about(LEAK, fleet=fleet)

    assert found.evidence == "known for 600 s since its start or return, needs 1620"


def test_a_pod_alone_has_no_peers() -> None:
    assert about(LEAK, peers={}).evidence == "no peer to compare with"


@pytest.mark.parametrize("period", [300.0, 600.0, 900.0, 1500.0])
def test_a_sawtooth_at_the_bound_is_no_leak(period: float) -> None:
    """Whatever its phase, and though every tooth points beyond the bound."""
    verdicts = [about(760 + sawtooth(period, 200, seed) + noise(seed)) for seed in range(25)]

    assert {found.judgement for found in verdicts} == {Judgement.FINE}


def test_no_suspect_no_libraries() -> None:
    """100 MB that only a leak is worth."""
    program = (
        "import sys; from kubervisor.traffic import detectors; "
        "print(sorted({'pandas', 'scipy.stats', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
