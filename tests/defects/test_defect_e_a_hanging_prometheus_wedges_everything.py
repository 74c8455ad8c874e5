"""The original had no query time-out: three hanging sources stopped its whole controller."""

from __future__ import annotations

from playground import detector_prometheus as answers
from playground.detector import Detector
from playground.detector_http import drips, hangs, refused_address
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet import Fleet
from playground.fleet_pod import Pod
from tests.integration.guard import PATIENCE, Guard, evaluations, until
from tests.integration.specs import custom, discrete, guarding


def failing(guard: Guard, name: str, breaker: str) -> float:
    """The gauge that tells of a source without usable answers."""
    labels = f'breaker="{breaker}",namespace="{guard.namespace}",service="{name}"'
    return guard.controller.metric(f"kubervisor_source_failing{{{labels}}}")


def test_hanging_sources_of_three_objects_delay_nobody_else(
    guard: Guard, detector: Detector, prometheus: PrometheusStandIn
) -> None:
    prometheus.answer = hangs
    with guard.fleet("stuck", 3) as stuck, guard.fleet("well", 3) as well:
        names = ["hangs-0", "hangs-1", "hangs-2"]
        for name in names:
            guard.put_service(name, {"app": "stuck", "slot": name})
            # Queries that differ, so that each object has one of its own in flight.
            spec = guarding(name, discrete(prometheus.address, period=1))
            spec["breakers"][0]["discreteValueOutOfList"]["promQL"] = f"requests{{of={name!r}}}"
            guard.apply(name, spec)
        for name in names:
            guard.wait_condition(
                name, "SourcesAvailable", "False", "SourceTimeout", says=prometheus.address
            )
        guard.apply("well", guarding("well", custom(detector.address)))
        guard.wait_guarding("well")
        evaluations(detector, 5)
        outlier = well.serving()[0]
        detector.outliers(outlier)
        well.wait(lambda f: outlier.name not in f.in_slices(), PATIENCE, "the outlier is out")
        assert stuck.out() == ()
        for name in (*names, "well"):
            guard.delete(name)


def test_a_slow_source_of_one_breaker_delays_no_other_breaker_of_the_same_service(
    guard: Guard, detector: Detector, prometheus: PrometheusStandIn
) -> None:
    prometheus.answer = drips
    with guard.fleet("mixed", 3) as fleet:
        guard.apply(
            "mixed", guarding("mixed", discrete(prometheus.address), custom(detector.address))
        )
        guard.wait_condition("mixed", "SourcesAvailable", "False", "SourceTimeout")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the custom breaker ejects")
        guard.delete("mixed")


def _one_fails(fleet: Fleet, pod: Pod) -> list[tuple[dict[str, str], float]]:
    return [
        (
            {
                "pod": p.name,
                "namespace": p.namespace,
                "code": "500" if p.uid == pod.uid else "200",
            },
            10.0,
        )
        for p in fleet.pods()
    ]


def test_a_source_that_is_down_is_told_in_condition_event_and_metric_and_ends_nobody(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    with guard.fleet("down", 4) as fleet, refused_address() as refused:
        # Ejected twice it would be terminated, were the source not down by then.
        kill = {"mode": "retryAndKill", "period": 600, "maxRetryCount": 0}
        blind = discrete(refused, name="blind")
        guard.apply("down", guarding("down", discrete(prometheus.address), blind))
        guard.wait_condition("down", "SourcesAvailable", "False", "SourceUnavailable", says=refused)
        guard.wait_event("down", "SourceUnavailable", says=refused)
        until(lambda: failing(guard, "down", "blind") == 1, "the gauge tells it")
        assert failing(guard, "down", "codes") == 0

        outlier = fleet.serving()[0]
        prometheus.answer = answers.vector(_one_fails(fleet, outlier))
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the other breaker ejects")
        prometheus.answer = hangs
        guard.wait_condition("down", "SourcesAvailable", "False", says="codes")
        guard.apply(
            "down", guarding("down", discrete(prometheus.address), blind, defaultActivator=kill)
        )
        evaluations(prometheus, 4)
        assert [pod.uid for pod in fleet.out()] == [outlier.uid]

        prometheus.answer = answers.vector(_one_fails(fleet, outlier))
        fleet.wait(lambda f: f.pod(outlier.name) is None, PATIENCE, "seen again, it is terminated")
        guard.delete("down")


def test_an_empty_answer_is_told_apart_from_a_fleet_without_outliers(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    with guard.fleet("empty", 2) as fleet:
        guard.apply("empty", guarding("empty", discrete(prometheus.address)))
        guard.wait_condition("empty", "SourcesAvailable", "True", "NoSamples", says="codes")
        prometheus.answer = answers.vector(
            [({"pod": pod.name, "code": "200"}, 10) for pod in fleet.pods()]
        )
        guard.wait_condition("empty", "SourcesAvailable", "True", "SourceAnswers")
        guard.delete("empty")
