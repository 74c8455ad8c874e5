"""Trials: a query whose samples are not the fleet's is found out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from kubervisor.runtime.report import Reporter
from kubervisor.runtime.trials import TRIED_AGAIN, TRUSTED, Trials
from kubervisor.traffic.detector_policy import CustomPolicy, Query, RatioPolicy, SourceRef
from kubervisor.traffic.measurement import Measurement, Sample
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy
from tests.builders import NOW, a_fleet

FLEET = a_fleet(3)
MAIN = SourceRef(name="main")
RATIO = BreakerPolicy("errors", RatioPolicy(MAIN, (Query("up"),)), ActivatorPolicy())


class Bench:
    """Notes what is reported, on a clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.trials = Trials(cast("Reporter", self), lambda: self.now)

    def tried(self, breaker: str, mismatch: str) -> None:
        assert breaker == "errors"
        self.told.append(mismatch)

    def look(self, measurement: Measurement, breaker: BreakerPolicy = RATIO) -> list[str]:
        """What this answer led to."""
        self.told.clear()
        self.trials.look(breaker, measurement, FLEET)
        return list(self.told)


def samples(names: Iterable[str], label: str = "pod") -> Measurement:
    return Measurement(NOW, samples=tuple(Sample({label: name}, 1.0, NOW) for name in names))


GOOD = samples(pod.name for pod in FLEET.pods)
WRONG_LABEL = samples((pod.name for pod in FLEET.pods), label="pod_name")


def test_an_answer_of_the_fleets_is_looked_at_once_and_then_now_and_then() -> None:
    bench = Bench()

    assert bench.look(GOOD) == [""]
    assert bench.look(WRONG_LABEL) == [], "it is trusted for a while"
    bench.now += TRUSTED
    assert bench.look(WRONG_LABEL) != []


def test_a_mismatch_says_what_to_do_and_ends_when_the_answers_are_right() -> None:
    bench = Bench()

    (why,) = bench.look(WRONG_LABEL)
    assert "0 of 3 samples have the label pod" in why
    bench.now += TRIED_AGAIN
    assert bench.look(GOOD) == [""]


def test_a_query_of_which_nothing_can_be_told_is_tried_soon_again() -> None:
    bench = Bench()

    assert bench.look(Measurement(NOW)) == [""]
    bench.now += TRIED_AGAIN
    assert bench.look(WRONG_LABEL) != [""]


def test_a_query_is_trusted_that_counted_events_of_all() -> None:
    bench = Bench()
    bench.trials.look(RATIO, WRONG_LABEL, FLEET, all_counted=True)

    assert bench.told == [""]
    assert bench.look(WRONG_LABEL) == []


def test_a_changed_breaker_is_tried_at_once() -> None:
    bench = Bench()
    bench.look(GOOD)
    bench.trials.keep([])

    assert bench.look(WRONG_LABEL) != []


@pytest.mark.parametrize("measurement", [GOOD, WRONG_LABEL])
def test_what_a_custom_detector_names_is_not_tried(measurement: Measurement) -> None:
    custom = BreakerPolicy("errors", CustomPolicy(MAIN), ActivatorPolicy())

    assert Bench().look(measurement, custom) == []
