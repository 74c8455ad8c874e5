"""What is read of claims, volumes, attachments and pods to know who uses what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubervisor.kube.access_records import (
    decode_attachment,
    decode_claim,
    decode_pod,
    decode_volume,
)
from kubervisor.kube.storage_names import storage_of

Json = dict[str, Any]


def raw(spec: Json, status: Json | None = None, **metadata: Any) -> bytes:
    given = {"name": "x", "uid": "u", "namespace": "shop"} | metadata
    return json.dumps({"metadata": given, "spec": spec, "status": status or {}}).encode()


def test_a_claim_says_who_may_use_it() -> None:
    notes = {
        "kubervisor.k8s.io/allowed-workloads": "StatefulSet/db, Job/backup-* ,",
        "kubervisor.k8s.io/allowed-namespaces": "",
    }
    found = decode_claim(raw({"volumeName": "pv-1"}, annotations=notes))
    assert found.volume == "pv-1"
    assert found.workloads == ("StatefulSet/db", "Job/backup-*")
    assert found.namespaces == ()
    assert decode_claim(raw({})).workloads is None


def test_a_volume_has_a_claim_once_it_is_bound() -> None:
    holder = {"namespace": "shop", "name": "data", "uid": "c"}
    csi = {"driver": "d", "volumeHandle": "h"}
    assert decode_volume(raw({"claimRef": holder, "csi": csi})).claim == ("shop", "data", "c")
    del holder["uid"]
    assert decode_volume(raw({"claimRef": holder, "csi": csi})).claim is None
    assert decode_volume(raw({"local": {"path": "/disks/1"}})).path == "/disks/1"


def test_an_attachment_holds_while_it_is_attached_and_not_going() -> None:
    spec = {"nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}}
    assert decode_attachment(raw(spec, {"attached": True})).holds
    assert not decode_attachment(raw(spec)).holds
    going = raw(spec, {"attached": True}, deletionTimestamp="2026-01-01T00:00:00Z")
    assert not decode_attachment(going).holds
    assert not decode_attachment(raw({"nodeName": "n1", "source": {}}, {"attached": True})).holds


def test_a_pod_names_storage_in_several_ways() -> None:
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}},
        {"name": "share", "nfs": {"server": "filer", "path": "/a/"}},
        {"name": "own", "csi": {"driver": "secrets"}},
        {"name": "host", "hostPath": {"path": "/var/log"}},
        {"name": "settings", "configMap": {"name": "c"}},
    ]
    found = decode_pod(raw({"nodeName": "n1", "volumes": volumes}, {"phase": "Running"}))
    assert found.claims == ("data", "x-scratch")
    assert found.storages == ("nfs filer /a",)
    assert found.paths == ("/var/log",)
    assert not found.has_ended
    assert decode_pod(raw({}, {"phase": "Failed"})).has_ended


@pytest.mark.parametrize(
    ("owner", "labels", "workload"),
    [
        (None, {}, "Pod/x"),
        (("StatefulSet", "db"), {}, "StatefulSet/db"),
        (("ReplicaSet", "web-7d9f"), {"pod-template-hash": "7d9f"}, "Deployment/web"),
        (("ReplicaSet", "alone"), {}, "ReplicaSet/alone"),
    ],
)
def test_a_pod_is_of_the_workload_that_runs_it(
    owner: tuple[str, str] | None, labels: dict[str, str], workload: str
) -> None:
    owners = [{"kind": owner[0], "name": owner[1], "uid": "o", "controller": True}] if owner else []
    assert decode_pod(raw({}, ownerReferences=owners, labels=labels)).workload == workload


@pytest.mark.parametrize(
    ("volume", "pods_own"),
    [
        (
            {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}},
            {"awsElasticBlockStore": {"volumeID": "vol-1"}},
        ),
        (
            {"csi": {"driver": "pxd.portworx.com", "volumeHandle": "7"}},
            {"portworxVolume": {"volumeID": "7"}},
        ),
        (
            {"nfs": {"server": "filer", "path": "/a"}},
            {"nfs": {"server": "filer", "path": "/a", "readOnly": True}},
        ),
        (
            {"rbd": {"monitors": ["b", "a"], "image": "i"}},
            {"rbd": {"monitors": ["a", "b"], "image": "i", "pool": "rbd"}},
        ),
    ],
)
def test_the_same_storage_has_the_same_name_however_it_is_reached(
    volume: Json, pods_own: Json
) -> None:
    assert storage_of(volume) == storage_of(pods_own) != ""
