"""What everything else counts on: a cluster that behaves, alone or beside another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest
from kubernetes.client import VersionApi
from kubernetes.config import new_client_from_config

from playground.binaries import KUBERNETES_VERSION
from playground.cluster import ClusterUnavailable, KubectlFailed, LocalCluster, open_cluster

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, traffic: "yes"}}
    spec: {containers: [{name: shop, image: shop}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop, traffic: "yes"}
  ports: [{port: 80}]
"""

POD = """
apiVersion: v1
kind: Pod
metadata: {name: single, labels: {%s}, annotations: {%s}}
spec: {containers: [{name: main, image: any}]}
"""


def listed(cluster: LocalCluster, namespace: str, *what: str) -> list[dict[str, Any]]:
    answer = json.loads(cluster.kubectl("get", *what, f"--namespace={namespace}", "--output=json"))
    found: list[dict[str, Any]] = answer["items"]
    return found


def pod_ips(cluster: LocalCluster, namespace: str) -> dict[str, str]:
    """Address by pod."""
    pods = listed(cluster, namespace, "pods")
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in pods}


def served(cluster: LocalCluster, namespace: str) -> set[str]:
    """The addresses that the EndpointSlices of the Service have."""
    slices = listed(cluster, namespace, "endpointslices", "-lkubernetes.io/service-name=shop")
    return {a for s in slices for endpoint in s["endpoints"] or () for a in endpoint["addresses"]}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.05)


@pytest.fixture
def shop(cluster: LocalCluster, namespace: str) -> str:
    """The namespace of a Deployment of three Ready pods and their Service."""
    here = f"--namespace={namespace}"
    cluster.kubectl("apply", here, "-f", "-", stdin=SHOP)
    cluster.kubectl("rollout", "status", "deployment/shop", here, "--timeout=30s")
    return namespace


def test_pods_of_a_deployment_become_ready_with_addresses_of_their_own(
    cluster: LocalCluster, shop: str
) -> None:
    pods = listed(cluster, shop, "pods")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3
    assert len(set(pod_ips(cluster, shop).values())) == 3


def test_endpoint_slices_follow_a_relabelled_pod(cluster: LocalCluster, shop: str) -> None:
    ips = pod_ips(cluster, shop)
    until(lambda: served(cluster, shop) == set(ips.values()))
    name = min(ips)
    cluster.kubectl("label", "pod", name, "traffic=no", "--overwrite", f"--namespace={shop}")
    until(lambda: served(cluster, shop) == set(ips.values()) - {ips[name]})


def test_a_deleted_pod_is_replaced(cluster: LocalCluster, shop: str) -> None:
    before = set(pod_ips(cluster, shop))
    gone = min(before)
    cluster.kubectl("delete", "pod", gone, f"--namespace={shop}", "--timeout=30s")
    cluster.kubectl("rollout", "status", "deployment/shop", f"--namespace={shop}", "--timeout=30s")
    after = {pod["metadata"]["name"] for pod in listed(cluster, shop, "pods")}
    assert len(after) == 3
    assert gone not in after


def test_a_job_completes(cluster: LocalCluster, namespace: str) -> None:
    here = f"--namespace={namespace}"
    cluster.kubectl("create", "job", "once", "--image=once", here)
    cluster.kubectl("wait", "job/once", "--for=condition=Complete", "--timeout=30s", here)


def test_a_pod_gets_the_address_of_its_annotation(cluster: LocalCluster, namespace: str) -> None:
    here = f"--namespace={namespace}"
    cluster.kubectl("apply", here, "-f", "-", stdin=POD % ("", 'playground/pod-ip: "127.0.0.1"'))
    cluster.kubectl("wait", "pod/single", "--for=condition=Ready", "--timeout=30s", here)
    assert pod_ips(cluster, namespace) == {"single": "127.0.0.1"}


def test_a_pod_with_a_process_of_its_own_is_left_to_it(
    cluster: LocalCluster, namespace: str
) -> None:
    here = f"--namespace={namespace}"
    cluster.kubectl("apply", here, "-f", "-", stdin=POD % ('playground/real: "true"', ""))
    cluster.kubectl("wait", "pod/single", "--for=condition=PodScheduled", "--timeout=30s", here)
    cluster.kubectl("run", "played", "--image=any", here)
    cluster.kubectl("wait", "pod/played", "--for=condition=Ready", "--timeout=30s", here)
    assert (
        listed(cluster, namespace, "pods", "-lplayground/real")[0]["status"]["phase"] == "Pending"
    )


def test_a_service_account_has_its_own_rights_only(cluster: LocalCluster, namespace: str) -> None:
    here = f"--namespace={namespace}"
    cluster.kubectl("create", "serviceaccount", "reader", here)
    cluster.kubectl("create", "role", "reader", "--verb=list", "--resource=pods", here)
    reader = f"--serviceaccount={namespace}:reader"
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", reader, here)
    config = f"--kubeconfig={cluster.kubeconfig_for(namespace, 'reader')}"
    assert cluster.kubectl("get", "pods", "--output=name", config) == ""
    with pytest.raises(KubectlFailed, match="forbidden"):
        cluster.kubectl("get", "services", config)


def test_the_python_client_trusts_the_server(cluster: LocalCluster) -> None:
    config = str(cluster.kubeconfig)
    client = new_client_from_config(config)  # type: ignore[no-untyped-call]  # the client's own gap
    assert VersionApi(client).get_code().git_version == f"v{KUBERNETES_VERSION}"


def test_mutating_admission_policies_are_served(cluster: LocalCluster) -> None:
    group = "--api-group=admissionregistration.k8s.io"
    assert "mutatingadmissionpolicies." in cluster.kubectl("api-resources", group, "--output=name")


def test_data_outlive_a_restart_of_server_and_store() -> None:
    with LocalCluster.start(nodes=0) as cluster:
        cluster.kubectl("create", "namespace", "kept")
        before = dict(cluster.pids)
        cluster.stop("kube-apiserver")
        with pytest.raises(KubectlFailed):
            cluster.kubectl("get", "namespace", "kept")
        cluster.restart("etcd", SIGTERM)
        cluster.restart("kube-apiserver")
        assert "kept" in cluster.kubectl("get", "namespace", "kept")
        changed = {name for name, pid in cluster.pids.items() if pid != before[name]}
        assert changed == {"etcd", "kube-apiserver"}


def test_two_clusters_side_by_side_know_nothing_of_each_other(cluster: LocalCluster) -> None:
    with LocalCluster.start(nodes=2) as other:
        other.kubectl("create", "namespace", "elsewhere")
        assert "elsewhere" not in cluster.kubectl("get", "namespaces")
        assert other.kubectl("get", "nodes", "--output=name").split() == [
            "node/node-0",
            "node/node-1",
        ]
        folder = other.folder
    assert not folder.exists()


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        pytest.param("kind", "CLUSTER=kind needs a Docker engine", id="kind without an engine"),
        pytest.param("current", "CLUSTER=current: ", id="current without a context"),
        pytest.param("moon", "CLUSTER is local, kind or current", id="a choice there is not"),
    ],
)
def test_a_cluster_that_cannot_be_had_is_refused_in_one_line(
    choice: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLUSTER", choice)
    # An engine and a context that do not exist, wherever this test runs.
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ClusterUnavailable, match=says) as refusal, open_cluster():
        pass
    assert "\n" not in str(refusal.value)


def test_the_current_context_is_used_when_asked_for(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER", "current")
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    with open_cluster() as current:
        assert current.kubectl("get", "nodes", "--output=name") == "node/node-0\n"
        assert current.kubeconfig != cluster.kubeconfig
