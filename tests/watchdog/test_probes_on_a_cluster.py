"""The whole process against a real API server: what it writes on pods, and what it leaves alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from kubervisor import instants
from playground.cluster import LocalCluster
from tests.sources.servers import hanging, serving
from tests.watchdog.probed import EXPIRY, HEALTH, PROBE, SETTINGS, STATUS, UP, Scene

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
DISK = f"{STATUS}disk"


@pytest.fixture
def scene(cluster: LocalCluster, namespace: str) -> Iterator[Scene]:
    with Scene(cluster, namespace) as scene:
        yield scene


def test_a_pod_that_never_failed_is_not_touched(scene: Scene) -> None:
    pod = scene.pod()
    before = pod.body["metadata"]["resourceVersion"]
    scene.controller()
    pod.probed(4)
    assert scene.api.get(pod.path)["metadata"]["resourceVersion"] == before
    assert pod.server.requests[0].startswith("GET /watchdog HTTP/1.1\r\n")


def test_a_failure_is_written_and_cleared_and_nothing_else_is_touched(scene: Scene) -> None:
    pod = scene.pod()
    scene.controller()
    pod.probed()
    pod.status = "500 Internal Server Error"
    scene.wait(lambda: pod.health == "error", "the label says error")
    assert re.fullmatch(
        rf"error/{INSTANT}/it answered 500 Internal Server Error", pod.notes.get(DISK, "")
    )
    version = pod.body["metadata"]["resourceVersion"]
    pod.probed()
    assert pod.body["metadata"]["resourceVersion"] == version
    pod.status = "200 OK"
    scene.wait(lambda: pod.health == "info", "the label says info")
    assert re.fullmatch(rf"info/{INSTANT}/error cleared", pod.notes.get(DISK, ""))
    metadata = pod.body["metadata"]
    assert metadata["labels"] == {"app": "cart", HEALTH: "info"}
    assert metadata["annotations"]["team"] == "cart"
    assert pod.notes.keys() == {DISK}
    fields = {manager["manager"] for manager in metadata["managedFields"]}
    assert "kubervisor-watchdog" in fields


def test_a_warning_is_mapped_and_shown(scene: Scene) -> None:
    pod = scene.pod()
    pod.headers = "X-Watchdog-Level: warning\r\nX-Watchdog-Message: disk at 91 %\r\n"
    scene.controller()
    scene.wait(lambda: pod.health == "warning", "the label says warning")
    assert pod.notes[DISK].endswith("/disk at 91 %")


def test_hysteresis_by_annotation(scene: Scene) -> None:
    pod = scene.pod(notes={f"{PROBE}disk": UP, f"{SETTINGS}disk": "failures=3,successes=2"})
    pod.status = "503 Service Unavailable"
    scene.controller()
    scene.wait(lambda: pod.health == "error", "the label says error")
    assert len(pod.server.requests) >= 3
    pod.status = "200 OK"
    pod.probed(1)
    assert pod.level() == "error"
    scene.wait(lambda: pod.health == "info", "the label says info")


def test_a_stale_error_of_a_pod_that_is_not_ready_is_cleared(scene: Scene) -> None:
    pod = scene.pod()
    pod.annotate(status_disk="error/2020-01-01T00:00:00/from another time")
    pod.set_ready(False)
    scene.controller()
    scene.wait(lambda: pod.health == "info", "the label says info")
    assert pod.notes[DISK].endswith("/error cleared")


def test_a_pod_that_is_not_ready_is_heard_when_it_says_error(scene: Scene) -> None:
    pod = scene.pod()
    pod.set_ready(False)
    pod.status = "500 Internal Server Error"
    scene.controller()
    scene.wait(lambda: pod.health == "error", "the label says error")


@pytest.mark.parametrize(
    ("probe", "says"),
    [
        ("POD_IP", "cannot be read"),
        ("POD_IP:80/watchdog", "port 80 may not be probed"),
        ("ftp://POD_IP:{port}/x", "neither http nor https"),
    ],
)
def test_a_probe_that_cannot_be_made_is_an_error(scene: Scene, probe: str, says: str) -> None:
    pod = scene.pod(notes={f"{PROBE}disk": probe})
    scene.controller()
    scene.wait(lambda: pod.health == "error", "the label says error")
    assert says in pod.notes[DISK]
    pod.annotate(probe_disk=f"POD_IP:{pod.server.port}/watchdog")
    scene.wait(lambda: pod.health == "info", "the label says info")


def test_a_pod_of_the_host_network_is_never_asked(scene: Scene) -> None:
    pod = scene.pod(hostNetwork=True)
    scene.controller()
    scene.wait(lambda: pod.health == "error", "the label says error")
    assert "host network" in pod.notes[DISK]
    assert not pod.server.requests


def test_loopback_is_closed_without_the_flag_for_tests(scene: Scene) -> None:
    pod = scene.pod()
    scene.controller("--no-probe-loopback")
    scene.wait(lambda: pod.health == "error", "the label says error")
    assert "loopback" in pod.notes[DISK]
    assert not pod.server.requests


def test_hostile_annotations_call_nobody_and_stop_nothing(scene: Scene) -> None:
    with serving(hanging) as trap:
        at = f"{trap.host}:{trap.port}"
        hostile = {
            "user": f"user@{at}",
            "user2": f"POD_IP:{{port}}@{at}/x",
            "host": f"http://{at}/POD_IP:8080/x",
            "name": f"POD_IP.{trap.host}:{trap.port}/x",
            "port": "POD_IP:99999/x",
            "fragment": f"POD_IP:{{port}}/x#@{at}",
            "control": "POD_IP:{port}/x\r\nHost: evil\r\n\r\nGET / HTTP/1.1",
            "unicode": "POD_IP:\u0668\u0660/\u202eevil\u200b",
            "long": "POD_IP:{port}/" + "x" * 10_000,
            "nul": "POD_IP:{port}/\u0000",
        }
        pod = scene.pod(notes={f"{PROBE}{name}": text for name, text in hostile.items()})
        good = scene.pod("good")
        controller = scene.controller()
        scene.wait(lambda: len(pod.notes) == len(hostile), "all are told to be wrong")
        good.probed()
        assert all(pod.level(name) == "error" for name in hostile)
        assert all(text.isprintable() for text in pod.notes.values())
        assert not trap.connections
        assert not pod.server.requests
        assert controller.page("/livez").startswith("ok")


def test_a_pod_that_redirects_leads_nowhere(scene: Scene) -> None:
    with serving(hanging) as trap:
        pod = scene.pod()
        pod.status = "307 Temporary Redirect"
        pod.headers = f"Location: http://{trap.host}:{trap.port}/\r\n"
        scene.controller()
        scene.wait(lambda: pod.health == "error", "the label says error")
        assert not trap.connections


def test_a_posted_status_goes_when_it_expires(scene: Scene) -> None:
    pod = scene.pod(notes={})
    scene.controller()
    ends = time.time() + 2
    pod.annotate(
        status_mood="error/2026-01-01T00:00:00Z/tired",
        expiry_mood=instants.render(ends, "milliseconds"),
    )
    scene.wait(lambda: pod.health == "error", "the label says error")
    scene.wait(lambda: not pod.notes, "the status is gone")
    assert time.time() >= ends
    assert pod.health == "Unknown"


def test_one_posted_before_the_process_began_goes_too(scene: Scene) -> None:
    pod = scene.pod()
    pod.annotate(status_mood="error/2026-01-01T00:00:00Z/tired", expiry_mood="2026-01-01T00:00:01Z")
    scene.api.merge(pod.path, {"metadata": {"labels": {HEALTH: "error"}}})
    scene.controller()
    scene.wait(lambda: not pod.notes, "the status is gone")
    assert pod.health == "Unknown"
    assert EXPIRY + "mood" not in pod.body["metadata"]["annotations"]


def test_what_others_write_on_a_probed_watchdog_is_set_right(scene: Scene) -> None:
    pod = scene.pod()
    scene.controller()
    pod.probed()
    pod.annotate(
        status_disk="error/2026-01-01T00:00:00Z/forged", expiry_disk="2099-01-01T00:00:00Z"
    )
    scene.wait(lambda: pod.notes.get(DISK, "").endswith("/error cleared"), "it is set right")
    scene.wait(lambda: pod.notes.keys() == {DISK}, "the expiry is gone")


def test_only_the_leader_probes_and_another_takes_over(scene: Scene) -> None:
    pod = scene.pod()
    first = scene.controller()
    pod.probed()
    second = scene.controller()
    pod.probed(3)
    assert second.metric('kubervisor_watchdog_probes_total{outcome="Info"}') == 0
    assert first.stop() == 0
    pod.status = "500 Internal Server Error"
    scene.wait(lambda: pod.health == "error", "the second writes")
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{scene.namespace}/leases"
    (lease,) = scene.api.get(leases)["items"]
    assert lease["metadata"]["name"].startswith("kubervisor-watchdog")


def test_a_restart_takes_up_what_is_on_the_pods(scene: Scene) -> None:
    pod = scene.pod()
    pod.status = "500 Internal Server Error"
    controller = scene.controller()
    scene.wait(lambda: pod.health == "error", "the label says error")
    text = pod.notes[DISK]
    controller.stop()
    controller.restart()
    pod.probed()
    assert pod.notes[DISK] == text
    pod.status = "200 OK"
    scene.wait(lambda: pod.health == "info", "the label says info")


def test_a_pod_that_goes_is_asked_no_more(scene: Scene) -> None:
    pod, other = scene.pod(), scene.pod("other")
    scene.controller()
    pod.probed()
    scene.api.delete(pod.path)
    scene.wait(lambda: f"{scene.namespace}/cart" not in scene.watch.objects, "it is gone")
    other.probed(1)
    before = len(pod.server.requests)
    other.probed(4)
    assert len(pod.server.requests) == before
