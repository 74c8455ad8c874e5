"""What a custom detector may answer, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import NamedPod

from .servers import Behaviour, Flood, answering, answering_once, dripping, hanging, serving

DEADLINE = 20.0


def pod_list(*items: Any, kind: Any = "PodList", version: Any = "v1") -> str:
    return json.dumps({"kind": kind, "apiVersion": version, "items": list(items)})


def pod(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata}


def ask(sources: Sources, behaviour: Behaviour, deadline: float = DEADLINE) -> tuple[NamedPod, ...]:
    with serving(behaviour) as server:
        return sources.ask(SourceRef(address=server.address), deadline=deadline)


@pytest.mark.parametrize(
    ("body", "pods"),
    [
        pytest.param(
            pod_list(pod(name="a", namespace="shop", uid="1"), pod(name="b")),
            (NamedPod("a", "shop", "1"), NamedPod("b")),
            id="names, and what else is said of them, in the detector's order",
        ),
        pytest.param(pod_list(), (), id="no outlier"),
        pytest.param('{"kind": "PodList", "apiVersion": "v1", "items": null}', (), id="a nil list"),
        pytest.param('{"kind": "PodList", "apiVersion": "v1"}', (), id="no list"),
        pytest.param(
            pod_list({"metadata": {"name": "a", "labels": {"x": [[]]}}, "spec": {"nodeName": 5}}),
            (NamedPod("a"),),
            id="everything else of a pod is ignored, whatever it is",
        ),
        pytest.param(
            pod_list(pod(name="a", namespace="", uid="")), (NamedPod("a"),), id="empty is unsaid"
        ),
        pytest.param(
            pod_list(pod(name="b")).replace('"name"', '"name": "a", "name"'),
            (NamedPod("b"),),
            id="of duplicate keys the last counts",
        ),
    ],
)
def test_a_pod_list_is_read(sources: Sources, body: str, pods: tuple[NamedPod, ...]) -> None:
    assert ask(sources, answering(body, headers="Content-Type: text/plain\r\n")) == pods


def test_the_detector_hears_who_asks(sources: Sources) -> None:
    with serving(answering(pod_list())) as server:
        ref = SourceRef(address=f"{server.address}/outliers?of=web")
        sources.ask(ref, deadline=DEADLINE, asked_for="shop/web")

    request, *headers = server.requests[0].splitlines()
    assert request == "GET /outliers?of=web HTTP/1.1"
    assert "X-Kubervisor-Service: shop/web" in headers
    assert "Accept: application/json" in headers
    assert any(header.startswith("User-Agent: kubervisor/") for header in headers)


def test_each_question_has_its_own_connection(sources: Sources) -> None:
    with serving(answering_once(pod_list())) as server:
        for _ in range(3):
            sources.ask(SourceRef(address=server.address), deadline=DEADLINE)

        assert server.connections == 3


UNUSABLE = errors.SourceAnswerUnusable


@pytest.mark.parametrize(
    ("behaviour", "expected", "says"),
    [
        pytest.param(answering(pod_list(kind="Pod")), UNUSABLE, "a v1 Pod; ", id="a Pod"),
        pytest.param(
            answering(pod_list(version="v2")), UNUSABLE, "a v2 PodList; ", id="another version"
        ),
        pytest.param(
            answering(pod_list(kind="x\n\x1b[2J" + "y" * 999)), UNUSABLE, "…; ", id="a hostile kind"
        ),
        pytest.param(answering('{"items": []}'), UNUSABLE, "`kind`", id="no kind"),
        pytest.param(
            answering(pod_list(kind=7)), UNUSABLE, "`$.kind`", id="a kind that is no text"
        ),
        pytest.param(answering(pod_list({})), UNUSABLE, "`metadata`", id="no metadata"),
        pytest.param(answering(pod_list(pod(uid="1"))), UNUSABLE, "`name`", id="no name"),
        pytest.param(answering(pod_list(pod(name=5))), UNUSABLE, "name`", id="a number as name"),
        pytest.param(answering(pod_list(pod(name=["a"]))), UNUSABLE, "name`", id="a list as name"),
        pytest.param(answering("<html>secret</html>"), UNUSABLE, "PodList in JSON", id="HTML"),
        pytest.param(answering(""), UNUSABLE, "PodList in JSON", id="nothing"),
        pytest.param(answering("[" * 100_000), UNUSABLE, "PodList in JSON", id="100,000 brackets"),
        pytest.param(
            answering('{"x":' * 100_000), UNUSABLE, "PodList in JSON", id="100,000 objects"
        ),
        pytest.param(
            answering(
                '{"kind":"PodList","apiVersion":"v1","items":['
                + ",".join(['{"metadata":{"name":""}}'] * 100_001)
                + "]}"
            ),
            UNUSABLE,
            "100000",
            id="more pods than any fleet has",
        ),
        pytest.param(
            Flood(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536), UNUSABLE, "4 MiB", id="a flood"
        ),
        pytest.param(
            answering(pod_list(), headers="Content-Encoding: deflate\r\n"),
            UNUSABLE,
            "compressed",
            id="a compressed answer",
        ),
        pytest.param(
            answering(status="307 Temporary", headers="Location: http://169.254.169.254/\r\n"),
            UNUSABLE,
            "redirect (307)",
            id="a redirect",
        ),
        pytest.param(
            answering("secret", status="404 Not Found"), errors.SourceRejected, "404.", id="404"
        ),
        pytest.param(
            answering("secret", status="500 Error"), errors.SourceUnavailable, "500.", id="500"
        ),
    ],
)
def test_every_other_answer_is_an_error_for_people(
    sources: Sources, behaviour: Behaviour, expected: type[errors.SourceError], says: str
) -> None:
    with pytest.raises(errors.SourceError) as raised:
        ask(sources, behaviour)

    assert type(raised.value) is expected
    assert says in str(raised.value)
    assert str(raised.value).isprintable()
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "behaviour", [hanging, dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" ")], ids=["hangs", "drips"]
)
def test_the_deadline_is_for_the_whole_answer(sources: Sources, behaviour: Behaviour) -> None:
    with pytest.raises(errors.SourceTimeout):
        ask(sources, behaviour, deadline=0.3)
