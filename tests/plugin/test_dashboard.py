"""`dashboard` finds the controller that leads, and forwards a port to it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from kubectl_kubervisor.leases import leader, unled
from kubectl_kubervisor.objects import Json
from playground.binaries import STAGES
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import Api
from playground.fleet_watch import await_object
from playground.processes import Processes, free_port
from tests.e2e.scene import WITHIN, Scene
from tests.plugin.bodies import NOW, a_lease
from tests.plugin.conftest import Plugin

NODE = "node-that-forwards"
ADDRESS = "127.0.0.2"
"""Of that node: others of the cluster are not on loopback, and sources there are none of its."""
FORWARDS = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterPortForward
metadata: {name: dashboard}
spec:
  forwards:
  - ports: [8087]
    target: {address: 127.0.0.1, port: PORT}
"""

LEASES: list[Any] = [
    pytest.param(a_lease("pod-1_0a1b2c3d"), "", id="held"),
    pytest.param(a_lease(""), "is held by nobody", id="given up"),
    pytest.param(a_lease(renewed=300), "was last renewed 5m ago", id="stale"),
]


@pytest.mark.parametrize(("lease", "why"), LEASES)
def test_why_nobody_leads(lease: Json, why: str) -> None:
    said = unled(lease, NOW)
    assert (why in said, bool(said)) == (True, bool(why))


def test_the_leader_is_the_host_of_the_holder() -> None:
    assert leader(a_lease("shop_1-7d9_0a1b2c3d")) == "shop_1-7d9"
    assert leader(a_lease("pod-1")) == "pod-1"


class TestNobody:
    """There is nothing to forward to."""

    def test_no_controller_has_run(self, plugin: Plugin) -> None:
        said = plugin("dashboard", code=1).err
        assert said.startswith("error: no Lease kubervisor-traffic* found")

    def test_the_controller_has_stopped(self, scene: Scene, plugin: Plugin) -> None:
        controller = scene.controller()
        scene.wait_leading(controller)
        controller.stop()
        said = plugin("dashboard", code=1).err
        assert "no controller leads: lease" in said
        assert said.endswith("is held by nobody\n")

    def test_the_leader_is_no_pod(self, scene: Scene, plugin: Plugin) -> None:
        scene.wait_leading(scene.controller())
        said = plugin("dashboard", code=1).err
        assert "which is no pod of" in said
        assert "--dashboard-listen" in said

    def test_there_are_several(self, scene: Scene, plugin: Plugin) -> None:
        for name in ("kubervisor-traffic", "kubervisor-traffic-web"):
            scene.wait_leading(scene.controller(f"--lease-name={name}"))
        said = plugin("dashboard", code=1).err
        assert "there are several controllers" in said
        assert "which is no pod" in plugin("dashboard", "kubervisor-traffic-web", code=1).err
        assert "no Lease kubervisor-x found" in plugin("dashboard", "kubervisor-x", code=1).err

    @pytest.mark.parametrize("port", ["x", "-1", "65536"])
    def test_a_port_that_is_none_is_wrong_usage(self, plugin: Plugin, port: str) -> None:
        assert "invalid --port" in plugin("dashboard", f"--port={port}", code=2).err


@pytest.fixture
def controller(scene: Scene) -> Controller:
    """One that leads, in a process of this machine."""
    controller = scene.controller()
    scene.wait_leading(controller)
    return controller


@pytest.fixture
def leading_pod(taught: LocalCluster, namespace: str, controller: Controller) -> Iterator[str]:
    """The pod that the Lease names as its holder, on a node that forwards to the controller.

    A second kwok is that node's kubelet, as far as its port goes.
    """
    port, name = free_port(), socket.gethostname()
    with Processes() as processes, closing(Api(taught.kubeconfig)) as api:
        rules = processes.folder / "forwards.yaml"
        rules.write_text(FORWARDS.replace("PORT", controller.dashboard.rpartition(":")[2]))
        command: list[str | Path] = [
            taught.binaries / "kwok",
            f"--kubeconfig={taught.kubeconfig}",
            "--manage-single-node=none",
            *(f"--config={path}" for path in (*sorted(STAGES.glob("*.yaml")), rules)),
            f"--server-address={ADDRESS}:{port}",
            f"--tls-cert-file={taught.pki.certificate}",
            f"--tls-private-key-file={taught.pki.key}",
        ]
        processes.start("kubelet", command, {"HOME": str(processes.folder)})
        processes.wait_ready("kubelet", lambda: listens(ADDRESS, port))
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}}
        api.create("/api/v1/nodes", node)
        await_object(api, "/api/v1/nodes", NODE, is_ready, WITHIN)
        status = {
            "addresses": [{"type": "InternalIP", "address": ADDRESS}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        api.merge(f"/api/v1/nodes/{NODE}/status", {"status": status})
        pods = f"/api/v1/namespaces/{namespace}/pods"
        spec = {"nodeName": NODE, "containers": [{"name": "kubervisor", "image": "kubervisor"}]}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        api.create(pods, body)
        await_object(api, pods, name, is_ready, WITHIN)
        yield name
        api.delete(f"{pods}/{name}", gracePeriodSeconds="0")
        api.delete(f"/api/v1/nodes/{NODE}")


def test_it_forwards_until_interrupted(leading_pod: str, namespace: str, plugin: Plugin) -> None:
    with plugin.running("dashboard", "--port=0") as running:
        url, told = said(running), said(running)
        assert told == f"{leading_pod} in {namespace} leads. Ctrl-C ends this."
        for _ in range(2):
            with urlopen(url, timeout=WITHIN) as answer:
                assert "text/html" in answer.headers["Content-Type"]
        running.send_signal(signal.SIGINT)
        assert running.wait(WITHIN) == 130
    address = re.fullmatch(r"http://(127\.0\.0\.1):(\d+)/", url)
    assert address is not None
    assert not listens(address[1], int(address[2]))


@pytest.mark.usefixtures("leading_pod")
def test_it_goes_on_when_the_connection_ends(taught: LocalCluster, plugin: Plugin) -> None:
    with plugin.running("dashboard", "--port=0") as running:
        url, _ = said(running), said(running)
        taught.restart("kube-apiserver")
        assert said(running) == url, "the same address again"
        with urlopen(url, timeout=WITHIN):
            pass
        running.send_signal(signal.SIGTERM)
        assert running.wait(WITHIN) == 130


@pytest.mark.usefixtures("leading_pod")
def test_a_port_that_is_taken_is_named(plugin: Plugin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = plugin("dashboard", f"--port={port}", code=1).err
    assert said == (f"error: port {port} of this machine is taken: choose another with --port\n"), (
        leading_pod
    )


def said(running: subprocess.Popen[str]) -> str:
    """Its next line."""
    assert running.stdout is not None
    return running.stdout.readline().rstrip("\n")


def is_ready(body: Json) -> bool:
    conditions = body.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
