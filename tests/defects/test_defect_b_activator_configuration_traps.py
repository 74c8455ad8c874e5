"""A partial activator left the original's object dead or crashed it all; so did zero counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubervisor.api.policy import to_policy
from kubervisor.traffic.policy import ActivatorMode, ActivatorPolicy
from playground import detector_prometheus as answers
from playground.detector import Detector
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet import Fleet
from playground.fleet_api import Json
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served
from tests.integration.specs import continuous, custom, discrete, guarding


@pytest.mark.parametrize(
    ("partial", "filled"),
    [
        pytest.param({}, ActivatorPolicy(), id="an empty activator has all defaults"),
        pytest.param(
            {"mode": "retryAndKill"},
            ActivatorPolicy(ActivatorMode.RETRY_AND_KILL, period=10, max_retries=3, max_paused=1),
            id="a mode alone has the other defaults",
        ),
        pytest.param(
            {"period": 4, "maxPauseCount": 0},
            ActivatorPolicy(period=4, max_paused=0),
            id="zero is a value and no gap to fill",
        ),
    ],
)
def test_a_partial_activator_is_defaulted(partial: Json, filled: ActivatorPolicy) -> None:
    spec = guarding("shop", custom("detector.demo", activator=partial))
    assert to_policy(spec).breakers[0].activator == filled


def _outliers_by_value(fleet: Fleet, prometheus: PrometheusStandIn) -> None:
    first, *others = fleet.pods()
    labels = {"namespace": fleet.namespace, "code": "500"}
    # For `discrete`, a count of failures; for `continuous`, ten times the fleet's value.
    failing = ({"pod": first.name, **labels}, 10)
    fine = [({"pod": pod.name, **labels, "code": "200"}, 1) for pod in others]
    prometheus.answer = answers.vector([failing, *fine])


@pytest.mark.parametrize("breaker", [discrete, continuous], ids=["discrete", "continuous"])
def test_a_partial_retry_activator_guards_and_survives_an_ejection(
    guard: Guard, prometheus: PrometheusStandIn, breaker: Callable[..., Json]
) -> None:
    with guard.fleet("partial", 3) as fleet:
        spec = breaker(prometheus.address, activator={"mode": "retryAndKill"})
        guard.apply("partial", guarding("partial", spec))
        guard.wait_guarding("partial")
        _outliers_by_value(fleet, prometheus)
        fleet.wait(lambda f: f.out() == (f.pods()[0],), PATIENCE, "the outlier is out")
        # Its activator decides at each step: more evaluations, and the loops still run.
        evaluations(prometheus, 3)
        guard.delete("partial")


def test_no_activity_at_all_is_judged_by_nobody_and_crashes_nothing(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    with guard.fleet("idle", 3) as fleet:
        zeros = [
            ({"pod": pod.name, "namespace": fleet.namespace, "code": code}, 0)
            for pod in fleet.pods()
            for code in ("200", "500")
        ]
        prometheus.answer = answers.vector(zeros)
        guard.apply("idle", guarding("idle", discrete(prometheus.address, min_activity=0)))
        guard.wait_condition("idle", "SourcesAvailable", "True", "SourceAnswers")
        evaluations(prometheus, 3)
        assert fleet.out() == ()
        assert "ZeroDivisionError" not in guard.controller.page("/metrics")
        guard.delete("idle")


def test_a_pod_has_the_activator_of_the_breaker_that_ejected_it_and_no_other(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("own", 4) as fleet, Detector() as quick_detector:
        quick = custom(quick_detector.address, name="quick", activator={"period": 1})
        slow = custom(detector.address, name="slow", activator={"period": 600})
        # The default one would end every pod that was ejected once.
        kill = {"mode": "retryAndKill", "period": 1, "maxRetryCount": 0}
        guard.apply("own", guarding("own", quick, slow, defaultActivator=kill))
        guard.wait_guarding("own")
        of_quick, of_slow = fleet.serving()[:2]
        quick_detector.outliers(of_quick)
        detector.outliers(of_slow)
        fleet.wait(lambda f: len(f.out()) == 2, PATIENCE, "both are out")
        quick_detector.outliers()
        fleet.wait(lambda f: is_served(f, of_quick), PATIENCE, "the quick one is back")
        evaluations(detector, 4)
        assert [pod.name for pod in fleet.out()] == [of_slow.name]
        guard.delete("own")
