"""The original wrote whatever pod objects a custom detector sent back, with its own rights."""

from __future__ import annotations

from typing import Any

import pytest

from playground.detector import Detector, a_single_pod, of_namespace, pod_list, with_old_uids
from playground.detector_http import Answer, as_json, compressed_bomb, fails, html, huge, nested
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_pod import Pod
from tests.integration.guard import PATIENCE, Guard, evaluations
from tests.integration.specs import custom, guarding


def _states(fleet: Fleet) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    return [(p.name, dict(p.labels), dict(p.annotations)) for p in fleet.pods()]


def test_pods_that_are_not_of_the_fleet_are_never_touched(guard: Guard, detector: Detector) -> None:
    foreign = guard.namespaces[1]
    with (
        guard.fleet("victim", 2) as neighbour,
        guard.fleet("victim", 2, foreign) as abroad,
        guard.fleet("deputy", 3) as fleet,
    ):
        guard.apply("deputy", guarding("deputy", custom(detector.address)))
        guard.wait_guarding("deputy")
        before = _states(neighbour), _states(abroad)
        member = fleet.serving()[0]
        detector.outliers(*neighbour.pods(), *abroad.pods(), member)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the member is out")
        evaluations(detector, 4)
        assert (_states(neighbour), _states(abroad)) == before
        guard.delete("deputy")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(with_old_uids, id="the uid of a pod that is gone"),
        pytest.param(lambda pod: of_namespace("kube-system", pod), id="another namespace"),
    ],
)
def test_a_name_alone_is_not_enough_where_the_answer_says_more(
    guard: Guard, detector: Detector, answer: Any
) -> None:
    with guard.fleet("stale", 3) as fleet:
        guard.apply("stale", guarding("stale", custom(detector.address)))
        guard.wait_guarding("stale")
        detector.answer = answer(fleet.serving()[0])
        evaluations(detector, 4)
        assert fleet.out() == ()
        guard.wait_condition("stale", "SourcesAvailable", "True", "SourceAnswers")
        guard.delete("stale")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(html(), id="a page for people"),
        pytest.param(nested(), id="nested JSON"),
        pytest.param(huge(8 * 2**20), id="more than 4 MiB"),
        pytest.param(huge(8 * 2**20, declared=False), id="the same without a length"),
        pytest.param(compressed_bomb(8 * 2**20), id="compressed"),
        pytest.param(as_json({"kind": "PodList", "apiVersion": "v2", "items": []}), id="v2"),
        pytest.param(fails(204), id="another success than 200"),
    ],
)
def test_an_answer_that_is_no_pod_list_ejects_nobody_and_is_told(
    guard: Guard, detector: Detector, answer: Answer
) -> None:
    with guard.fleet("odd", 2) as fleet:
        detector.answer = answer
        guard.apply("odd", guarding("odd", custom(detector.address, period=2)))
        guard.wait_condition(
            "odd", "SourcesAvailable", "False", "SourceAnswerUnusable", says=detector.address
        )
        guard.wait_event("odd", "SourceAnswerUnusable", says=detector.address)
        assert fleet.out() == ()
        guard.delete("odd")


def test_a_single_pod_in_place_of_a_list_ejects_nobody(guard: Guard, detector: Detector) -> None:
    with guard.fleet("one", 2) as fleet:
        detector.answer = a_single_pod(fleet.pods()[0])
        guard.apply("one", guarding("one", custom(detector.address)))
        guard.wait_condition("one", "SourcesAvailable", "False", "SourceAnswerUnusable")
        assert fleet.out() == ()
        guard.delete("one")


def _doctored(pod: Pod) -> Json:
    body = pod_list([pod])
    body["items"][0]["metadata"]["labels"] = {"app": "stolen", "planted": "yes"}
    body["items"][0]["metadata"]["annotations"] = {"planted": "yes"}
    body["items"][0]["spec"] = {"activeDeadlineSeconds": 1}
    return body


def test_the_content_of_the_answer_is_never_written(guard: Guard, detector: Detector) -> None:
    with guard.fleet("doctored", 3) as fleet:
        guard.apply("doctored", guarding("doctored", custom(detector.address)))
        guard.wait_guarding("doctored")
        outlier = fleet.serving()[0]
        detector.answer = as_json(_doctored(outlier))
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        pod = guard.api.get(f"/api/v1/namespaces/{guard.namespace}/pods/{outlier.name}")
        assert pod["metadata"]["labels"]["app"] == "doctored"
        assert "planted" not in pod["metadata"]["labels"] | pod["metadata"]["annotations"]
        assert "activeDeadlineSeconds" not in pod["spec"]
        guard.delete("doctored")


def test_a_pod_that_is_out_already_is_not_ejected_again(guard: Guard, detector: Detector) -> None:
    with guard.fleet("again", 3) as fleet:
        guard.apply("again", guarding("again", custom(detector.address)))
        guard.wait_guarding("again")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        before = fleet.out()
        evaluations(detector, 6)
        assert fleet.out() == before
        assert before[0].annotations["kubervisor/retry-count"] == "1"
        guard.delete("again")


def test_a_pod_named_many_times_is_ejected_once(guard: Guard, detector: Detector) -> None:
    with guard.fleet("twice", 4) as fleet:
        guard.apply("twice", guarding("twice", custom(detector.address)))
        guard.wait_guarding("twice")
        outlier = fleet.serving()[0]
        detector.outliers(*[outlier] * 50)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        evaluations(detector, 3)
        assert [pod.annotations["kubervisor/retry-count"] for pod in fleet.out()] == ["1"]
        guard.delete("twice")


def test_the_detector_is_told_who_asks(guard: Guard, detector: Detector) -> None:
    with guard.fleet("asks", 1):
        guard.apply("asks", guarding("asks", custom(f"{detector.address}/outliers?of=asks")))
        guard.wait_guarding("asks")
        evaluations(detector, 1)
        assert "/outliers?of=asks" in detector.requests
        guard.delete("asks")
