"""In the original, objects of one name in two namespaces stripped each other's pods for ever."""

from __future__ import annotations

from contextlib import ExitStack

from playground import detector_prometheus as answers
from playground.detector import Detector, pod_list
from playground.detector_http import as_json
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet_manifests import Kind
from tests.integration.guard import PATIENCE, Guard, evaluations
from tests.integration.specs import custom, discrete, guarding


def test_objects_of_one_name_in_two_namespaces_leave_each_others_pods_alone(
    guard: Guard, detector: Detector
) -> None:
    with ExitStack() as stack:
        ours, theirs = (
            stack.enter_context(guard.fleet("twin", 3, namespace)) for namespace in guard.namespaces
        )
        for namespace in guard.namespaces:
            guard.apply("twin", guarding("twin", custom(detector.address)), namespace)
            guard.wait_guarding("twin", namespace=namespace)
        outliers = ours.serving()[0], theirs.serving()[0]
        detector.outliers(*outliers)
        for fleet in (ours, theirs):
            fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "its own outlier is out")
        before = ours.out() + theirs.out()
        # Churn in one namespace is what made the other's controller strip and label again.
        new = theirs.serving()[0]
        theirs.delete_pod(new)
        theirs.wait(
            lambda f: len(f.serving()) == 2 and f.pod(new.name) is None, PATIENCE, "it is replaced"
        )
        evaluations(detector, 6)
        assert ours.out() + theirs.out() == before
        for namespace in guard.namespaces:
            guard.delete("twin", namespace)


def test_deletion_in_one_namespace_touches_nothing_in_the_other(
    guard: Guard, detector: Detector
) -> None:
    with ExitStack() as stack:
        ours, theirs = (
            stack.enter_context(guard.fleet("pair", 3, namespace)) for namespace in guard.namespaces
        )
        for namespace in guard.namespaces:
            guard.apply("pair", guarding("pair", custom(detector.address)), namespace)
            guard.wait_guarding("pair", namespace=namespace)
        detector.outliers(ours.serving()[0], theirs.serving()[0])
        for fleet in (ours, theirs):
            fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "its own outlier is out")
        before = theirs.out()
        guard.delete("pair")
        evaluations(detector, 4)
        assert theirs.out() == before
        guard.delete("pair", guard.namespaces[1])


def test_samples_of_a_pod_of_the_same_name_in_another_namespace_are_dropped(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    ours, theirs = guard.namespaces
    with ExitStack() as stack:
        web, other_web = (
            stack.enter_context(guard.fleet("web", 3, namespace, kind=Kind.STATEFUL_SET))
            for namespace in guard.namespaces
        )
        assert {pod.name for pod in web.pods()} == {pod.name for pod in other_web.pods()}
        for namespace in guard.namespaces:
            guard.apply("web", guarding("web", discrete(prometheus.address)), namespace)
            guard.wait_guarding("web", namespace=namespace)
        failing = [({"pod": "web-0", "namespace": theirs, "code": "500"}, 10.0)]
        fine = [({"pod": "web-0", "namespace": ours, "code": "200"}, 10.0)]
        prometheus.answer = answers.vector(failing + fine)
        other_web.wait(lambda f: len(f.out()) == 1, PATIENCE, "web-0 of the other is out")
        evaluations(prometheus, 4)
        assert web.out() == ()
        for namespace in guard.namespaces:
            guard.delete("web", namespace)


def test_a_pod_named_of_another_namespace_is_nobody_here(guard: Guard, detector: Detector) -> None:
    with guard.fleet("named", 3) as fleet:
        guard.apply("named", guarding("named", custom(detector.address)))
        guard.wait_guarding("named")
        first, second, _ = fleet.pods()
        listed = pod_list([first, second])
        listed["items"][0]["metadata"]["namespace"] = guard.namespaces[1]
        detector.answer = as_json(listed)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the one of this namespace is out")
        evaluations(detector, 4)
        assert [pod.name for pod in fleet.out()] == [second.name]
        guard.delete("named")
