"""The stand-ins for sources give the answers that tests of sources count on."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import requests

from playground import detector_prometheus as prometheus
from playground.detector import Detector, a_single_pod, of_namespace, with_old_uids
from playground.detector_http import (
    MEBIBYTE,
    Answer,
    compressed_bomb,
    drips,
    fails,
    hangs,
    html,
    huge,
    nested,
    redirects,
    refused_address,
)
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet_pod import Pod

POD = Pod("shop", "shop-1", "uid-1", {"app": "shop"}, {}, "Running", True, False, "node-0")


@pytest.fixture
def detector() -> Iterator[Detector]:
    with Detector() as detector:
        yield detector


@pytest.fixture
def stand_in() -> Iterator[PrometheusStandIn]:
    with PrometheusStandIn() as stand_in:
        yield stand_in


def test_a_detector_lists_the_outliers_it_was_given_and_counts_its_requests(
    detector: Detector,
) -> None:
    assert requests.get(detector.url).json()["items"] == []
    detector.outliers(POD)
    answer = requests.get(f"{detector.url}/?round=2").json()

    assert (answer["apiVersion"], answer["kind"]) == ("v1", "PodList")
    assert answer["items"][0]["metadata"] == {
        "name": "shop-1",
        "namespace": "shop",
        "uid": "uid-1",
        "labels": {"app": "shop"},
    }
    assert detector.requests == ("/", "/?round=2")
    detector.wait_requests(2, timeout=0)


def test_a_detector_may_answer_of_other_pods(detector: Detector) -> None:
    detector.answer = of_namespace("elsewhere", POD)
    (elsewhere,) = requests.get(detector.url).json()["items"]
    detector.answer = with_old_uids(POD)
    (old,) = requests.get(detector.url).json()["items"]
    detector.answer = a_single_pod(POD)
    single = requests.get(detector.url).json()

    assert elsewhere["metadata"]["namespace"] == "elsewhere"
    assert old["metadata"]["uid"] != POD.uid
    assert (single["kind"], single["metadata"]["name"]) == ("Pod", "shop-1")


@pytest.mark.parametrize("answer", [hangs, drips], ids=["hangs", "drips"])
def test_an_answer_that_never_completes_ends_with_the_server(answer: Answer) -> None:
    with Detector() as detector:
        detector.answer = answer
        client = requests.get(detector.url, stream=True, timeout=10) if answer is drips else None
        if client is None:
            with pytest.raises(requests.ReadTimeout):
                requests.get(detector.url, timeout=0.2)
        else:
            assert next(client.iter_content(1)) == b" "
            client.close()


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        pytest.param(huge(3 * MEBIBYTE), 3 * MEBIBYTE + 2, id="with its length announced"),
        pytest.param(huge(3 * MEBIBYTE, declared=False), 3 * MEBIBYTE + 2, id="of unknown length"),
        pytest.param(compressed_bomb(3 * MEBIBYTE), 3 * MEBIBYTE + 2, id="compressed"),
        pytest.param(nested(1000), 2000, id="nested"),
    ],
)
def test_a_large_answer_is_as_large_as_asked(detector: Detector, answer: Answer, size: int) -> None:
    detector.answer = answer
    assert len(requests.get(detector.url).content) == size


def test_errors_pages_and_redirects_are_what_they_say(detector: Detector) -> None:
    seen = []
    for answer in (fails(404), html(), redirects("http://192.0.2.1/")):
        detector.answer = answer
        got = requests.get(detector.url, allow_redirects=False)
        seen.append((got.status_code, got.headers.get("Location") or got.headers["Content-Type"]))

    assert seen == [(404, "text/plain"), (200, "text/html"), (302, "http://192.0.2.1/")]


def test_a_refused_address_refuses() -> None:
    with refused_address() as address, pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}/")


def test_the_stand_in_answers_vectors_of_any_value(stand_in: PrometheusStandIn) -> None:
    values = ("NaN", "+Inf", "-3", 0.5)
    stand_in.answer = prometheus.vector([({"pod": "shop-1"}, value) for value in values], age=60)
    data = requests.get(f"{stand_in.url}/api/v1/query?query=up").json()["data"]

    assert data["resultType"] == "vector"
    got = [float(sample["value"][1]) for sample in data["result"]]
    assert math.isnan(got[0])
    assert got[1:] == [math.inf, -3, 0.5]


@pytest.mark.parametrize(
    ("answer", "field", "value"),
    [
        pytest.param(prometheus.empty(), "status", "success", id="an empty vector is a success"),
        pytest.param(prometheus.warns([], "partial"), "warnings", ["partial"], id="a warning"),
        pytest.param(prometheus.failure("timeout", "late"), "errorType", "timeout", id="an error"),
    ],
)
def test_the_stand_in_fills_the_envelope(
    stand_in: PrometheusStandIn, answer: Answer, field: str, value: object
) -> None:
    stand_in.answer = answer
    assert requests.post(f"{stand_in.url}/api/v1/query").json()[field] == value


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(prometheus.scalar(1), "scalar", id="a scalar"),
        pytest.param(prometheus.matrix(), "matrix", id="a matrix"),
        pytest.param(prometheus.malformed(), "vector", id="a vector without values"),
    ],
)
def test_the_stand_in_answers_other_types(
    stand_in: PrometheusStandIn, answer: Answer, kind: str
) -> None:
    stand_in.answer = answer
    assert requests.get(stand_in.url).json()["data"]["resultType"] == kind
