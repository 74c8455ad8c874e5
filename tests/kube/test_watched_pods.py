"""What is read of a pod for its watchdogs."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kubervisor.kube.watched_cache import WatchedPods
from kubervisor.kube.watched_pods import LONGEST_NOTE, WatchedPod, decode_watched_pod
from kubervisor.traffic.model import Owner

PROBE, STATUS = "probe.autocrane.io/disk", "status.autocrane.io/disk"
OWNER = {"kind": "ReplicaSet", "name": "cart", "uid": "r1", "controller": True}


def stored(
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    *,
    spec: dict[str, Any] | None = None,
    **status: Any,
) -> WatchedPod:
    metadata = {
        "name": "cart-1",
        "namespace": "shop",
        "uid": "u1",
        "annotations": annotations,
        "labels": labels,
        "ownerReferences": [OWNER],
    }
    usual = {"phase": "Running", "podIP": "10.0.0.5", "hostIP": "10.1.0.1"}
    body = {"metadata": metadata, "spec": spec or {}, "status": usual | status}
    return decode_watched_pod(json.dumps(body).encode())


def test_all_that_watchdogs_need_is_read() -> None:
    notes = {
        PROBE: "POD_IP:8080/x",
        "probe-settings.autocrane.io/disk": "failures=3",
        STATUS: "error/2026-01-01T00:00:00/full",
        "other": "x",
    }
    pod = stored(
        notes, {"status.autocrane.io/health": "error"}, containerStatuses=[{"ready": True}]
    )
    assert (pod.namespace, pod.name, pod.uid) == ("shop", "cart-1", "u1")
    assert (pod.address, pod.node_address, pod.on_host_network) == ("10.0.0.5", "10.1.0.1", False)
    assert (pod.ready, pod.is_up, pod.is_watched) == (True, True, True)
    assert pod.owner == Owner("ReplicaSet", "cart", "r1")
    assert pod.probes == (("disk", "POD_IP:8080/x"),)
    assert pod.probe_settings == (("disk", "failures=3"),)
    assert [(one.name, one.level, one.is_probed) for one in pod.statuses] == [
        ("disk", "error", True)
    ]
    assert pod.health == "error"


@pytest.mark.parametrize(
    ("annotations", "labels"),
    [
        (None, None),
        ({}, {}),
        ({"a": "b"}, {"app": "x"}),
        ({"request.data.autocrane.io/x": "b"}, {}),
    ],
)
def test_a_pod_without_watchdogs_is_not_watched(
    annotations: dict[str, str] | None, labels: dict[str, str] | None
) -> None:
    assert not stored(annotations, labels).is_watched


@pytest.mark.parametrize(
    ("annotations", "labels"),
    [
        ({PROBE: "x"}, None),
        ({STATUS: "error/2026-01-01T00:00:00/full"}, None),
        ({}, {"status.autocrane.io/health": "info"}),
    ],
)
def test_a_probe_a_status_or_the_label_is_enough(
    annotations: dict[str, str], labels: dict[str, str] | None
) -> None:
    assert stored(annotations, labels).is_watched


@pytest.mark.parametrize("containers", [[{"ready": False}], [{"ready": True}, {"ready": False}]])
def test_one_container_that_is_not_ready_is_enough(containers: list[dict[str, bool]]) -> None:
    assert not stored({PROBE: "x"}, containerStatuses=containers).ready


def test_on_the_network_of_its_host_a_pod_has_no_address_of_its_own() -> None:
    by_spec = stored({PROBE: "x"}, spec={"hostNetwork": True})
    by_address = stored({PROBE: "x"}, podIP="10.1.0.1")
    for pod in (by_spec, by_address):
        assert (pod.address, pod.on_host_network) == ("", True)


def test_a_pod_without_an_address_yet_is_on_nobody_elses_network() -> None:
    pod = stored({PROBE: "x"}, podIP="", hostIP="")
    assert (pod.address, pod.on_host_network) == ("", False)


def test_of_a_huge_annotation_so_much_is_kept_that_it_is_seen_to_be_too_long() -> None:
    ((_, text),) = stored({PROBE: "x" * 10_000}).probes
    assert len(text) == LONGEST_NOTE + 1


def test_what_is_no_pod_cannot_be_read() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_watched_pod(b'{"metadata": {"name": 5}}')


def test_the_cache_knows_the_nodes_of_its_pods_and_no_others() -> None:
    cache = WatchedPods()
    one = stored({PROBE: "x"})
    cache.upsert(one)
    assert set(cache.node_addresses) == {"10.1.0.1"}
    cache.upsert(stored({PROBE: "x"}, hostIP="10.1.0.2"))
    assert set(cache.node_addresses) == {"10.1.0.2"}
    cache.delete(one)
    assert not cache.node_addresses
