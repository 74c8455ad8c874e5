"""Pods are asked in turn, so many at a look; whatever one of them answers, the others are asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from kubervisor.datarollout.controller.asker import Ask, Asker
from kubervisor.errors import (
    ApiUnavailable,
    Conflict,
    Forbidden,
    KubervisorError,
    LeadershipLost,
    NotFound,
)
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter
from kubervisor.kube.fresh import Fresh
from kubervisor.runtime.together import Together
from kubervisor.traffic.model import PodUid

TEXTS = {"request.data.autocrane.io/prices": "x"}


class Writer(DataWriter):
    """Answers as the test says, by the names of pods."""

    def __init__(self, **errors: KubervisorError) -> None:
        self.errors = errors
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def ask(self, pod: DataPod, requests: Mapping[str, str]) -> DataPod:
        with self._lock:
            self.asked.append(pod.name)
        if pod.name in self.errors:
            raise self.errors[pod.name]
        return DataPod(pod.namespace, pod.name, pod.uid, "9", True, dict(requests))


def asks(source: str, *pods: str, namespace: str = "shop") -> list[Ask]:
    return [
        Ask((namespace, source), DataPod(namespace, name, PodUid(name), "8", True), TEXTS)
        for name in pods
    ]


def asker(
    writer: Writer, *, most: int = 100, at_once: int = 1, ends: bool = False
) -> tuple[Asker, Fresh[DataPod]]:
    fresh = Fresh[DataPod](lambda pod: pod.version)
    together = Together("test", at_once)
    return Asker(writer, fresh, together, most=most, ends=lambda: ends), fresh


def test_sources_take_turns_and_a_look_has_an_end() -> None:
    writer = Writer()
    one, _ = asker(writer, most=4)
    assert one.ask_all([asks("a", "a1", "a2", "a3"), asks("b", "b1"), asks("c", "c1", "c2")])
    assert writer.asked == ["a1", "b1", "c1", "a2"]
    assert not one.ask_all([asks("a", "a3"), asks("c", "c2")])


def test_what_was_written_is_known_before_the_watch_shows_it() -> None:
    one, fresh = asker(Writer())
    (ask,) = asks("a", "a1")
    one.ask_all([[ask]])
    assert fresh.over([ask.pod])[0].notes == TEXTS


@pytest.mark.parametrize(
    "error",
    [
        NotFound("gone", status=404),
        Conflict("changed", status=409),
        Forbidden("a right is missing", status=403),
    ],
)
def test_a_pod_that_cannot_be_asked_stops_no_other(error: KubervisorError) -> None:
    writer = Writer(a1=error)
    one, _ = asker(writer)
    one.ask_all([asks("a", "a1", "a2"), asks("b", "b1")])
    assert writer.asked == ["a1", "b1", "a2"]


def test_what_is_wrong_is_said_and_over_with_the_next_look() -> None:
    writer = Writer(a1=Forbidden("no right"), a2=Forbidden("none"), b1=Conflict("changed"))
    one, fresh = asker(writer)
    one.ask_all([asks("a", "a2", "a1"), asks("b", "b1")])
    wanted = "2 pods could not be asked for a version, a1 because: no right"
    assert one.trouble(("shop", "a")) == wanted
    assert not one.trouble(("shop", "b"))
    assert [pod.name for pod in fresh.doubtful()] == ["b1"]
    one.ask_all([])
    assert not one.trouble(("shop", "a"))


def test_without_an_answer_the_rest_of_that_namespace_waits_and_no_other() -> None:
    writer = Writer(a1=ApiUnavailable("timed out"))
    one, fresh = asker(writer)
    one.ask_all([asks("a", "a1", "a2"), asks("b", "b1"), asks("a", "x1", "x2", namespace="other")])
    assert writer.asked == ["a1", "x1", "x2"]
    assert [pod.name for pod in fresh.doubtful()] == ["a1"]


def test_what_was_never_sent_leaves_no_doubt() -> None:
    one, fresh = asker(Writer(a1=ApiUnavailable("refused", sent=False)))
    one.ask_all([asks("a", "a1")])
    assert not fresh.doubtful()


def test_who_leads_no_more_asks_nobody() -> None:
    writer = Writer(a1=LeadershipLost("another leads"))
    one, _ = asker(writer)
    with pytest.raises(LeadershipLost):
        one.ask_all([asks("a", "a1")])


def test_who_is_about_to_end_asks_nobody() -> None:
    writer = Writer()
    one, _ = asker(writer, ends=True)
    one.ask_all([asks("a", "a1")])
    assert not writer.asked
