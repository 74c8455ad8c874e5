"""What is read from pods, Services and KubervisorServices."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest

from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.records import (
    decode_pod,
    decode_pod_event,
    decode_service,
    decode_spec,
)
from kubervisor.traffic import keys
from kubervisor.traffic.model import Ejection, Owner, Pod, Traffic
from kubervisor.traffic.watchdogs import UNKNOWN, WatchdogStatus

DAY = "2024-05-01T10:00:00Z"
AT = 1714557600.0


def pod(
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    status: dict[str, Any] | None = None,
    **metadata: Any,
) -> Pod:
    body = {
        "metadata": {
            "name": "cart-1",
            "namespace": "shop",
            "uid": "u1",
            "resourceVersion": "7",
            "creationTimestamp": DAY,
            "labels": labels,
            "annotations": annotations,
            **metadata,
        },
        "spec": {"containers": []},
        "status": status or {},
    }
    return decode_pod(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("value", "expected"),
    [("yes", Traffic.YES), ("no", Traffic.NO), ("pause", Traffic.PAUSE), ("gArbAgE", None)],
)
def test_the_traffic_label_is_one_of_three_or_none(value: str, expected: Traffic | None) -> None:
    assert pod({keys.TRAFFIC: value}).traffic is expected


OUT = {keys.TRAFFIC: "no", keys.NAME: "cart"}


@pytest.mark.parametrize(
    ("labels", "annotations", "expected"),
    [
        pytest.param(OUT, {}, None, id="taken out by hand"),
        pytest.param(
            OUT, {keys.EJECTION_ID: "e1"}, Ejection("e1", ""), id="an ejection id is enough"
        ),
        pytest.param(
            OUT, {keys.EJECTED_AT: DAY}, Ejection("", "", at=AT), id="an ejection time is enough"
        ),
        pytest.param({**OUT, keys.STRATEGY: "b"}, {}, Ejection("", "b"), id="a strategy is enough"),
        pytest.param(
            OUT, {keys.LEGACY_BREAK_AT: DAY}, Ejection("", "", at=AT), id="the original's is enough"
        ),
        pytest.param(
            OUT,
            {keys.LEGACY_BREAK_AT: DAY, keys.EJECTED_AT: "unreadable"},
            Ejection("", ""),
            id="ours goes before the original's, unreadable or not",
        ),
        pytest.param(
            {keys.TRAFFIC: "yes"}, {keys.EJECTION_ID: "e1"}, None, id="a serving pod has none"
        ),
        pytest.param({}, {keys.EJECTION_ID: "e1"}, None, id="an unlabelled pod has none"),
        pytest.param(
            {**OUT, keys.TRAFFIC: "pause", keys.STRATEGY: "latency"},
            {
                keys.EJECTION_ID: "e1",
                keys.EJECTED_AT: DAY,
                keys.EJECTED_UNTIL: "2024-05-01T10:00:30Z",
                keys.REASON: "Outlier",
                keys.EVIDENCE: "3 of 4",
                keys.EPOCH: "5",
                keys.OWNER: "o1",
            },
            Ejection("e1", "latency", AT, AT + 30, "Outlier", "3 of 4", 5, "o1"),
            id="everything is read",
        ),
    ],
)
def test_an_ejection_is_what_we_wrote_on_a_pod_that_is_out(
    labels: dict[str, str], annotations: dict[str, str], expected: Ejection | None
) -> None:
    assert pod(labels, annotations).ejection == expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, 0),
        ({keys.RETRY_COUNT: "1204"}, 1204),
        ({keys.RETRY_COUNT: "MCCIV"}, 0),
        ({keys.RETRY_COUNT: "-3"}, 0),
        ({keys.RETRY_COUNT: "9" * 5000}, 0),
        ({keys.LEGACY_RETRY_COUNT: "4"}, 4),
        ({keys.RETRY_COUNT: "1", keys.LEGACY_RETRY_COUNT: "4"}, 1),
    ],
)
def test_the_retry_count_is_ours_then_the_originals_then_zero(
    annotations: dict[str, str], expected: int
) -> None:
    assert pod(annotations=annotations).retries == expected


def test_the_rest_of_a_pod() -> None:
    found = pod(
        {"app": "cart", keys.NAME: "cart", keys.STRATEGY: "b"},
        {keys.RETURNED_AT: DAY},
        {
            "phase": "Running",
            "startTime": "2024-05-01T09:00:00Z",
            "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": None}],
            "containerStatuses": [
                {"state": {"running": {"startedAt": "2024-05-01T09:30:00Z"}}},
                {"state": {"running": {"startedAt": DAY}}},
                {"state": {"waiting": {"reason": "CrashLoopBackOff"}}},
            ],
        },
        deletionTimestamp=DAY,
        ownerReferences=[
            {"kind": "Other", "name": "x", "uid": "x"},
            {"kind": "ReplicaSet", "name": "cart", "uid": "o1", "controller": True},
        ],
    )
    assert found == Pod(
        uid=found.uid,
        namespace="shop",
        name="cart-1",
        version="7",
        phase="Running",
        ready=True,
        deleting=True,
        traffic=None,
        claimed_by="cart",
        ejection=None,
        retries=0,
        returned_at=AT,
        created_at=AT,
        started_at=AT,
        owner=Owner("ReplicaSet", "cart", "o1"),
        labels={"app": "cart"},
    )


def test_a_pod_without_running_containers_started_when_its_status_says() -> None:
    assert pod(status={"startTime": DAY, "containerStatuses": [{"state": {}}]}).started_at == AT
    assert pod().started_at is None


def test_a_service_and_a_spec() -> None:
    service = decode_service(
        b'{"metadata":{"name":"cart","namespace":"shop","uid":"u","resourceVersion":"3"},'
        b'"spec":{"selector":{"app":"cart"},"type":"ClusterIP","clusterIP":"None"}}'
    )
    assert (service.selector, service.cluster_ip) == ({"app": "cart"}, "None")
    spec = decode_spec(
        b'{"metadata":{"name":"cart","namespace":"shop","uid":"u","resourceVersion":"3",'
        b'"generation":2,"annotations":{"kubervisor/pause":"true"},"finalizers":["f"]},'
        b'"spec":{"service":"cart"}}'
    )
    assert (spec.generation, spec.finalizers, spec.spec) == (2, ("f",), {"service": "cart"})
    assert spec.status == {}
    assert not spec.deleting


def test_the_collector_of_cycles_has_no_work_with_pods() -> None:
    assert not gc.is_tracked(pod())
    event = decode_pod_event(b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"b"}}}')
    assert not gc.is_tracked(event.record)


def test_pods_of_one_workload_share_what_they_have_in_common() -> None:
    owners = [{"kind": "ReplicaSet", "name": "cart", "uid": "o1", "controller": True}]
    one, other = (
        pod({"app": "cart", keys.TRAFFIC: value}, name=value, ownerReferences=owners)
        for value in ("yes", "no")
    )
    assert one.labels is other.labels
    assert one.owner is other.owner
    assert one.created_at is other.created_at


def bytes_of_ten_thousand_pods() -> int:
    def body(number: int) -> bytes:
        owner = f"cart-{number // 20}"
        meta = {
            "name": f"{owner}-{number:05x}",
            "namespace": f"ns-{number // 1000}",
            "uid": f"00000000-0000-0000-0000-{number:012x}",
            "resourceVersion": str(100_000 + number),
            "creationTimestamp": DAY,
            "labels": {
                "app": owner,
                "pod-template-hash": "abc",
                keys.TRAFFIC: "yes",
                keys.NAME: owner,
            },
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}
            ],
        }
        return json.dumps({"metadata": meta, "status": {"startTime": DAY}}).encode()

    cache = PodCache()
    bodies = [body(number) for number in range(10_000)]
    tracemalloc.start()
    cache.replace(decode_pod(one) for one in bodies)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(cache) == 10_000
    return used


def test_ten_thousand_cached_pods_cost_six_hundred_bytes_each_at_most() -> None:
    # In a process of its own: what earlier tests have interned decides when the interpreter's table
    # of names doubles, and their threads allocate too.
    said = subprocess.run([sys.executable, __file__], check=True, capture_output=True, text=True)
    assert int(said.stdout) / 10_000 < 600


@pytest.mark.parametrize(
    ("spec", "address"),
    [
        pytest.param({}, "10.1.2.3", id="a pod with an address of its own"),
        pytest.param({"hostNetwork": False}, "10.1.2.3", id="said so"),
        pytest.param({"hostNetwork": True}, "", id="on the host's network: the node's address"),
    ],
)
def test_the_address_is_the_pods_own(spec: dict[str, Any], address: str) -> None:
    metadata = {"name": "cart-1", "namespace": "shop", "uid": "u1"}
    status = {"podIP": "10.1.2.3", "hostIP": "10.1.0.1"}
    body = {"metadata": metadata, "spec": spec, "status": status}

    assert decode_pod(json.dumps(body).encode()).address == address


def test_a_pod_that_is_not_scheduled_has_no_address() -> None:
    assert pod().address == ""


def test_watchdogs_are_those_that_have_spoken_and_those_that_are_probed() -> None:
    found = pod(
        annotations={
            "probe.autocrane.io/disk": "POD_IP:8080/disk",
            "probe.autocrane.io/cpu": "POD_IP:8080/cpu",
            "status.autocrane.io/disk": "error/2024-05-01T10:00:00/full/again",
            "status.autocrane.io/net": f"Warning/{DAY}/slow",
            "expiry.autocrane.io/net": "2024-05-01T11:00:00Z",
            "status.autocrane.io/none": "no level",
            "example.com/other": "x",
        }
    ).watchdogs
    assert found == (
        WatchdogStatus("cpu", UNKNOWN, is_probed=True),
        WatchdogStatus("disk", "error", AT, "full/again", is_probed=True),
        WatchdogStatus("net", "Warning", AT, "slow", AT + 3600),
    )


def test_pods_without_watchdogs_have_nothing_of_them() -> None:
    assert pod().watchdogs is pod(annotations={"example.com/other": "x"}).watchdogs == ()


def test_pods_whose_watchdogs_have_not_spoken_share_what_is_known_of_them() -> None:
    one, other = (
        pod(annotations={"probe.autocrane.io/disk": f"POD_IP:{port}/disk"}) for port in (80, 81)
    )
    assert one.watchdogs is other.watchdogs


def test_however_many_others_write_a_record_stays_small() -> None:
    words = {f"status.autocrane.io/w{n:04}": f"error/{DAY}/{'x' * 2000}" for n in range(1000)}
    found = pod(annotations=words).watchdogs
    assert [one.name for one in found] == [f"w{n:04}" for n in range(64)]
    assert max(len(one.message) for one in found) == 1024


if __name__ == "__main__":
    sys.stdout.write(str(bytes_of_ten_thousand_pods()))
