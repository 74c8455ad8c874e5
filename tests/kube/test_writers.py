"""Writes to pods on a real API server, also when others write and when answers get lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import urllib3

from kubervisor.errors import (
    ApiUnavailable,
    Conflict,
    LeadershipLost,
    NotFound,
    Throttled,
)
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.records import decode_pod
from kubervisor.kube.writers import TrafficWriter
from kubervisor.traffic import keys
from kubervisor.traffic.model import Pod, Traffic

from .scripted import Asked, Exchange, ScriptedServer

AT = 1714557600.123
Store = Callable[..., Pod]
Raw = Callable[[str], dict[str, Any]]


def allowed() -> None:
    """The lease is held."""


@pytest.fixture
def overlay() -> Overlay:
    return Overlay()


@pytest.fixture
def writer(api: Api, overlay: Overlay) -> TrafficWriter:
    return TrafficWriter(api, allowed, overlay)


def eject(writer: TrafficWriter, pod: Pod, evidence: str = "3 of 4 failed") -> Pod:
    return writer.eject(
        pod,
        "cart",
        "errors",
        id="e1",
        at=AT,
        until=AT + 30,
        retries=2,
        reason="Outlier",
        evidence=evidence,
        epoch=7,
    )


def edit(api: Api, pod: Pod, **metadata: Any) -> Pod:
    path = paths.single(paths.PODS, pod.namespace, pod.name)
    answer = api.request("PATCH", path, body={"metadata": metadata}, content_type=MERGE_PATCH)
    return decode_pod(answer)


def test_the_life_of_an_ejected_pod(
    api: Api, stored: Store, raw: Raw, writer: TrafficWriter
) -> None:
    pod = stored("cart", labels={"app": "cart", "other/key": "stays"})
    edit(api, pod, annotations={"their": "note", keys.LEGACY_RETRY_COUNT: "1"})
    pod = writer.adopt(pod, "cart")
    assert (pod.traffic, pod.claimed_by) == (Traffic.YES, "cart")

    pod = eject(writer, pod)
    assert pod.traffic is Traffic.NO
    assert pod.ejection is not None
    assert (pod.ejection.id, pod.ejection.breaker, pod.ejection.epoch) == ("e1", "errors", 7)
    assert (pod.ejection.at, pod.ejection.until) == (AT, AT + 30)
    assert (pod.ejection.reason, pod.ejection.evidence) == ("Outlier", "3 of 4 failed")
    assert pod.retries == 2
    assert keys.LEGACY_RETRY_COUNT not in raw("cart")["annotations"]

    pod = writer.pause(pod, reason="RetriesExhausted", evidence="again", epoch=8)
    assert pod.traffic is Traffic.PAUSE
    assert pod.ejection is not None
    assert (pod.ejection.id, pod.ejection.at, pod.ejection.until) == ("e1", AT, None)

    pod = writer.give_back(pod, "HoldElapsed", AT + 40)
    assert (pod.traffic, pod.ejection, pod.returned_at) == (Traffic.YES, None, AT + 40)
    assert pod.retries == 2
    assert keys.STRATEGY not in raw("cart")["labels"]

    pod = writer.release(pod)
    assert (pod.traffic, pod.claimed_by, pod.retries) == (Traffic.YES, None, 0)
    assert raw("cart")["annotations"] == {"their": "note"}
    assert raw("cart")["labels"] == {"app": "cart", "other/key": "stays", keys.TRAFFIC: "yes"}


def test_a_pod_that_a_person_holds_out_is_adopted_as_it_is(
    stored: Store, writer: TrafficWriter
) -> None:
    pod = writer.adopt(stored("cart", labels={"app": "cart", keys.TRAFFIC: "no"}), "cart")
    assert (pod.traffic, pod.claimed_by) == (Traffic.NO, "cart")


@pytest.mark.parametrize(
    ("found", "requests"),
    [
        pytest.param(None, ["patch"], id="a starting pod, whose version moves, at once"),
        pytest.param(
            "maybe",
            ["patch", "get", "patch"],
            id="one with a value of the label that nobody knows, on its newest version",
        ),
    ],
)
def test_an_adoption_asks_for_the_labels_it_was_decided_on(
    found: str | None,
    requests: list[str],
    api: Api,
    stored: Store,
    writer: TrafficWriter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pod = stored("cart", labels={"app": "cart"} | ({keys.TRAFFIC: found} if found else {}))
    edit(api, pod, annotations={"their": "note"})
    asked: list[str] = []
    monkeypatch.setattr(api, "_count", lambda verb, *_: asked.append(verb))
    adopted = writer.adopt(pod, "cart")
    assert (adopted.traffic, adopted.claimed_by) == (Traffic.YES, "cart")
    assert asked == requests


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({keys.TRAFFIC: "no"}, id="a person holds it out"),
        pytest.param({keys.NAME: "other"}, id="another has claimed it"),
    ],
)
def test_a_pod_that_was_labelled_meanwhile_is_not_adopted(
    labels: dict[str, str], api: Api, stored: Store, writer: TrafficWriter, raw: Raw
) -> None:
    pod = stored("cart", labels={"app": "cart"})
    edit(api, pod, labels=labels)
    with pytest.raises(Conflict):
        writer.adopt(pod, "cart")
    assert raw("cart")["labels"] == {"app": "cart", **labels}


def test_evidence_is_one_line_of_at_most_a_kilobyte(stored: Store, writer: TrafficWriter) -> None:
    pod = eject(writer, stored("cart"), evidence="bad\x00\nline " + "é" * 2000)
    assert pod.ejection is not None
    assert pod.ejection.evidence.startswith("bad line é")
    assert len(pod.ejection.evidence.encode()) <= 1024


def test_another_ones_change_does_not_keep_a_pod_in(
    api: Api, stored: Store, writer: TrafficWriter, overlay: Overlay
) -> None:
    pod = stored("cart")
    edit(api, pod, annotations={"their": "note"})
    ejected = eject(writer, pod)
    assert ejected.traffic is Traffic.NO
    assert overlay.ejecting([pod.uid]) == {pod.uid}
    overlay.observe(pod, ejected)
    assert overlay.ejecting([pod.uid]) == frozenset()


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({keys.TRAFFIC: "no"}, id="taken out by hand meanwhile"),
        pytest.param({keys.NAME: "other"}, id="claimed by another meanwhile"),
    ],
)
def test_a_pod_in_another_state_by_now_is_left_alone(
    api: Api,
    stored: Store,
    writer: TrafficWriter,
    overlay: Overlay,
    labels: dict[str, str],
) -> None:
    pod = stored("cart")
    changed = edit(api, pod, labels=labels)
    with pytest.raises(Conflict, match="changed since the decision"):
        eject(writer, pod)
    assert overlay.ejecting([pod.uid]) == frozenset()
    assert writer._writes.read(pod) == changed


def test_a_pod_that_is_not_ready_any_more_is_not_ejected(
    api: Api, stored: Store, writer: TrafficWriter
) -> None:
    pod = stored("cart")
    status = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    path = paths.single(paths.PODS, pod.namespace, pod.name, "status")
    api.request("PATCH", path, body=status, content_type="application/strategic-merge-patch+json")
    with pytest.raises(Conflict):
        eject(writer, pod)


def test_a_successor_of_the_same_name_is_left_alone(
    stored: Store, raw: Raw, writer: TrafficWriter, overlay: Overlay
) -> None:
    pod = stored("cart")
    writer.delete(pod)
    successor = stored("cart")
    for act in (eject, lambda w, p: w.give_back(p, "HoldElapsed", AT)):
        with pytest.raises((Conflict, NotFound)):
            act(writer, pod)
    for end in (writer.delete, writer.evict):
        with pytest.raises(Conflict):
            end(pod)
    assert raw("cart")["resourceVersion"] == successor.version
    assert overlay.ejecting([pod.uid]) == frozenset()


def test_a_pod_that_is_gone_is_not_found(stored: Store, writer: TrafficWriter) -> None:
    pod = stored("cart")
    writer.delete(pod)
    with pytest.raises(NotFound):
        eject(writer, pod)


def test_without_the_lease_nothing_is_sent(
    api: Api, stored: Store, raw: Raw, overlay: Overlay
) -> None:
    def refused() -> None:
        raise LeadershipLost("lost")

    writer = TrafficWriter(api, refused, overlay)
    pod = stored("cart")
    with pytest.raises(LeadershipLost):
        eject(writer, pod)
    for end in (writer.delete, writer.evict):
        with pytest.raises(LeadershipLost):
            end(pod)
    assert raw("cart")["resourceVersion"] == pod.version
    assert overlay.unconfirmed() == {}


def test_a_late_write_of_the_leader_before_meets_the_fence(
    stored: Store, writer: TrafficWriter
) -> None:
    pod = stored("cart")
    fenced = writer.fence(pod, "shop", 8)
    assert fenced.version != pod.version
    assert fenced.traffic is pod.traffic


def test_whoever_releases_the_pods_of_a_service_finds_the_fence(
    stored: Store, writer: TrafficWriter
) -> None:
    unclaimed = stored("cart")
    assert unclaimed.claimed_by is None
    fenced = writer.fence(unclaimed, "shop", 8)
    assert (fenced.claimed_by, fenced.epoch_mark) == ("shop", "8")
    fenced = writer.fence(fenced, "other", 9)
    assert (fenced.claimed_by, fenced.epoch_mark) == ("shop", "9")
    released = writer.release(fenced)
    assert (released.claimed_by, released.epoch_mark) == (None, "")


def test_an_eviction_respects_a_disruption_budget(
    api: Api, namespace: str, stored: Store, writer: TrafficWriter, overlay: Overlay
) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "all"},
        "spec": {"minAvailable": "100%", "selector": {"matchLabels": {"app": "guarded"}}},
    }
    api.request("POST", f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", body=budget)
    # Only a pod that runs counts: what is not scheduled may always be evicted.
    pod = stored("cart", labels={"app": "guarded"}, phase="Running")
    with pytest.raises(Throttled):
        writer.evict(pod)
    assert Kind.TERMINATING not in overlay.unconfirmed()


def test_an_eviction_on_an_old_version_is_refused(
    api: Api, stored: Store, writer: TrafficWriter
) -> None:
    pod = stored("cart")
    edit(api, pod, labels={keys.TRAFFIC: "yes"})
    with pytest.raises(Conflict):
        writer.evict(pod)


@pytest.mark.parametrize("how", ["evict", "delete"])
def test_a_termination_is_known_until_it_shows(
    stored: Store, writer: TrafficWriter, overlay: Overlay, how: str
) -> None:
    pod = stored("cart")
    getattr(writer, how)(pod)
    assert overlay.unconfirmed() == {Kind.TERMINATING: {pod.uid}}
    overlay.observe(pod, None)
    assert Kind.TERMINATING not in overlay.unconfirmed()


class Unreliable:
    """Hands requests on to the real server; `fates` says what becomes of the next writes."""

    def __init__(self, api: Api, fates: list[str]) -> None:
        self.writes = 0
        self.down = False
        self._api = api
        self._fates = fates
        self._late: Asked | None = None

    def __call__(self, exchange: Exchange) -> None:
        asked = exchange.asked
        fate = "fine"
        if asked.method != "GET":
            self.writes += 1
            fate = self._fates.pop(0) if self._fates else "fine"
        if self.down or fate.startswith("lost"):
            self.down = self.down or fate.endswith("then down")
            return  # the connection ends, nothing was done
        if fate == "late":
            self._late = asked
            return
        if self._late is not None and asked.method != "GET":
            self._forward(self._late)
            self._late = None
        answer = self._forward(asked)
        self.down = fate.endswith("then down")
        if not fate.startswith("done"):
            exchange.answer(answer.status, answer.data)

    def _forward(self, asked: Asked) -> urllib3.BaseHTTPResponse:
        url = self._api._configuration.host + asked.path
        headers = {"Content-Type": asked.headers.get("content-type", ""), **self._api._identity()}
        return self._api._pool.request(asked.method, url, body=asked.body or None, headers=headers)


@pytest.mark.parametrize(
    ("fates", "writes"),
    [
        pytest.param(["done"], 1, id="done, the answer lost: seen by its id"),
        pytest.param(["lost"], 2, id="never done: sent again on the same version"),
        pytest.param(["lost", "done"], 2, id="never done, then done"),
        pytest.param(["lost", "lost"], 3, id="twice never done"),
        pytest.param(["late"], 2, id="done late: the repetition conflicts with it"),
    ],
)
def test_a_lost_answer_is_found_out(
    api: Api,
    stored: Store,
    scripted: ScriptedServer,
    overlay: Overlay,
    fates: list[str],
    writes: int,
) -> None:
    pod = stored("cart")
    proxy = scripted.script = Unreliable(api, list(fates))
    ejected = eject(TrafficWriter(scripted.api(), allowed, overlay), pod)
    assert ejected.ejection is not None
    assert ejected.ejection.id == "e1"
    assert proxy.writes == writes
    assert overlay.unsettled() == frozenset()


def test_a_lost_return_is_found_out(
    api: Api, stored: Store, writer: TrafficWriter, scripted: ScriptedServer, overlay: Overlay
) -> None:
    pod = eject(writer, stored("cart"))
    proxy = scripted.script = Unreliable(api, ["done"])
    given = TrafficWriter(scripted.api(), allowed, overlay).give_back(pod, "HoldElapsed", AT + 1)
    assert given.traffic is Traffic.YES
    assert proxy.writes == 1


@pytest.mark.parametrize(
    "fates",
    [
        pytest.param(["done, then down"], id="done, then the server is gone"),
        pytest.param(["lost, then down"], id="never done, then the server is gone"),
        pytest.param(
            ["late", "then down"], id="done late, then a conflict, then the server is gone"
        ),
    ],
)
def test_a_write_whose_end_nobody_knows_stays_in_the_overlay(
    api: Api, stored: Store, scripted: ScriptedServer, overlay: Overlay, fates: list[str]
) -> None:
    pod = stored("cart")
    scripted.script = Unreliable(api, list(fates))
    with pytest.raises(ApiUnavailable):
        eject(TrafficWriter(scripted.api(), allowed, overlay), pod)
    assert overlay.unsettled() == {pod.uid}
    assert overlay.ejecting([pod.uid]) == {pod.uid}
    overlay.observe(pod, replace(pod, version=str(int(pod.version) + 1)))
    assert overlay.ejecting([pod.uid]) == frozenset()


def test_a_write_that_never_left_is_not_in_the_overlay(stored: Store, overlay: Overlay) -> None:
    pod = stored("cart")
    with ScriptedServer() as gone:
        api = gone.api()
    with pytest.raises(ApiUnavailable):
        eject(TrafficWriter(api, allowed, overlay), pod)
    assert overlay.ejecting([pod.uid]) == frozenset()


def test_a_termination_without_an_answer_is_found_out(
    api: Api, stored: Store, scripted: ScriptedServer, overlay: Overlay
) -> None:
    pod = stored("cart")
    scripted.script = Unreliable(api, ["done"])
    TrafficWriter(scripted.api(), allowed, overlay).delete(pod)
    assert overlay.unsettled() == frozenset()
    assert overlay.unconfirmed() == {Kind.TERMINATING: {pod.uid}}
