"""Events reach the API server in the background, grouped, and never stand in anybody's way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.events import PATCH_SECONDS, SERIES_SECONDS, EventRecorder, EventType
from kubervisor.kube.records import SpecRecord
from kubervisor.traffic.model import Pod

from .scripted import ScriptedServer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def regarding(namespace: str, uid: str = "ks-1") -> SpecRecord:
    return SpecRecord(namespace, "cart", uid, "1", 1, 0.0, False, (), {}, {}, b"{}")


def record(
    recorder: EventRecorder,
    namespace: str,
    *,
    pod: Pod | None = None,
    note: str = "8 % errors",
    uid: str = "ks-1",
) -> None:
    recorder.record(
        regarding(namespace, uid),
        type=EventType.WARNING,
        reason="Outlier",
        action="Eject",
        note=note,
        related=pod,
    )


def drain(recorder: EventRecorder) -> None:
    """Write all that is queued, as a stop does."""
    stop = threading.Event()
    stop.set()
    recorder.run(stop)


def written(api: Api, namespace: str) -> list[dict[str, Any]]:
    answer = api.request("GET", paths.collection(paths.EVENTS, namespace))
    found: list[dict[str, Any]] = msgspec.json.decode(answer)["items"]
    return [event for event in found if event.get("reportingController") == "kubervisor"]


def test_an_event_names_both_objects(api: Api, namespace: str, stored: Callable[..., Pod]) -> None:
    recorder = EventRecorder(api, "kubervisor", "kubervisor-0")
    pod = stored("cart-1")
    record(recorder, namespace, pod=pod, note="odd\x00" + "é" * 2000)
    drain(recorder)
    (event,) = written(api, namespace)
    assert event["regarding"]["kind"] == "KubervisorService"
    assert event["related"]["uid"] == pod.uid
    assert (event["type"], event["reason"], event["action"]) == ("Warning", "Outlier", "Eject")
    assert len(event["note"].encode()) <= 1024
    assert recorder.failed == 0


def test_the_same_again_is_one_event_with_a_count(api: Api, namespace: str, clock: Clock) -> None:
    recorder = EventRecorder(api, "kubervisor", "kubervisor-0", clock=clock)
    for _ in range(3):
        record(recorder, namespace)
        drain(recorder)
        clock.now += PATCH_SECONDS
    (event,) = written(api, namespace)
    assert event["series"]["count"] == 3
    clock.now += SERIES_SECONDS
    record(recorder, namespace)
    drain(recorder)
    assert len(written(api, namespace)) == 2
    assert recorder.failed == 0


def test_an_event_that_has_expired_is_written_anew(api: Api, namespace: str, clock: Clock) -> None:
    recorder = EventRecorder(api, "kubervisor", "kubervisor-0", clock=clock)
    record(recorder, namespace)
    drain(recorder)
    api.request("DELETE", paths.collection(paths.EVENTS, namespace))
    clock.now += PATCH_SECONDS
    record(recorder, namespace)
    drain(recorder)
    (event,) = written(api, namespace)
    assert event["series"]["count"] == 2


def test_what_repeats_each_second_is_written_every_ten(
    scripted: ScriptedServer, clock: Clock
) -> None:
    scripted.script = lambda exchange: exchange.answer(201, {})
    recorder = EventRecorder(scripted.api(), "kubervisor", "kubervisor-0", clock=clock)
    for _ in range(60):
        record(recorder, "shop")
        drain(recorder)
        clock.now += 1
    assert len(scripted.asked) == 6


@pytest.mark.parametrize("status", [403, 404, 409, 429, 500])
def test_refusals_are_counted_and_harm_nobody(scripted: ScriptedServer, status: int) -> None:
    scripted.script = lambda exchange: exchange.answer(status, {"message": "no"})
    recorder = EventRecorder(scripted.api(), "kubervisor", "kubervisor-0")
    record(recorder, "shop")
    record(recorder, "shop", uid="ks-2")
    drain(recorder)
    assert recorder.failed == 2


def test_a_full_queue_drops_the_oldest_and_counts(scripted: ScriptedServer) -> None:
    scripted.script = lambda exchange: exchange.answer(201, {})
    recorder = EventRecorder(scripted.api(), "kubervisor", "kubervisor-0", capacity=2)
    for number in range(5):
        record(recorder, "shop", uid=f"ks-{number}")
    drain(recorder)
    assert recorder.dropped == 3
    uids = [msgspec.json.decode(asked.body)["regarding"]["uid"] for asked in scripted.asked]
    assert uids == ["ks-3", "ks-4"]


def test_what_is_queued_is_written_while_it_runs_and_at_a_stop(scripted: ScriptedServer) -> None:
    first = threading.Event()

    def script(exchange: Any) -> None:
        exchange.answer(201, {})
        first.set()

    scripted.script = script
    recorder = EventRecorder(scripted.api(), "kubervisor", "kubervisor-0")
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    thread.start()
    record(recorder, "shop")
    assert first.wait(20)
    record(recorder, "shop", uid="ks-2")
    stop.set()
    thread.join(20)
    assert len(scripted.asked) == 2


def test_what_is_over_is_forgotten(scripted: ScriptedServer, clock: Clock) -> None:
    scripted.script = lambda exchange: exchange.answer(201, {})
    recorder = EventRecorder(scripted.api(), "kubervisor", "kubervisor-0", clock=clock)
    for number in range(100):
        record(recorder, "shop", uid=f"ks-{number}")
        drain(recorder)
        clock.now += SERIES_SECONDS / 10
    assert len(recorder._known) <= 11
