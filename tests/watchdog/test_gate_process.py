"""The gate as a sidecar runs it: a process with a page, beside a pod of a real API server."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest

from playground.cluster import LocalCluster
from playground.fault_answers import Fault, answers, cuts, hangs
from playground.faultproxy import FaultProxy, asks
from playground.fleet_api import Api
from playground.http_page import read_page
from playground.loaded import Loaded
from playground.processes import free_port
from tests.integration.guard import until

STATUS = "status.autocrane.io/disk"


class Sidecar:
    """A gate of the pod `canary-1`, which need not be there."""

    def __init__(self, kubeconfig: Path, namespace: str, *flags: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.processes = Loaded()
        # The variables of a container by the downward API, and the others that it has: none.
        own = {"POD_NAME": "canary-1", "POD_NAMESPACE": namespace}
        command = [sys.executable, "-m", "kubervisor", "watchdog", "healthz"]
        more = [f"--kubeconfig={kubeconfig}", f"--listen={self.address}", *flags]
        try:
            self.processes.start("gate", [*command, *more], own)
            self.processes.wait_ready("gate", lambda: self.page("/ping")[0] == 200)
        except BaseException:
            self.processes.close()
            raise

    def page(self, path: str = "/healthz") -> tuple[int, str]:
        """Status and text of a page; 0 where nobody listens yet."""
        # A kubelet's probe waits for one second; on a busy machine, wait for less than a look.
        return read_page(f"http://{self.address}{path}", timeout=4)

    def wait(self, status: int, words: str) -> None:
        """Return once /healthz answers so."""
        until(lambda: self._says(status, words), f"/healthz is {status}: {words}")

    def _says(self, status: int, words: str) -> bool:
        said, text = self.page()
        return said == status and words in text

    def log(self) -> list[dict[str, str]]:
        text = self.processes.folder.joinpath("gate.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.close()


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


def make_pod(api: Api, namespace: str) -> str:
    """The path of a pod without watchdogs."""
    spec = {"containers": [{"name": "app", "image": "app"}], "terminationGracePeriodSeconds": 0}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "canary-1"}, "spec": spec}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    api.create(pods, body)
    return f"{pods}/canary-1"


def test_it_follows_the_watchdogs_of_its_pod(
    cluster: LocalCluster, api: Api, namespace: str
) -> None:
    with Sidecar(cluster.kubeconfig, namespace) as sidecar:
        sidecar.wait(500, f"get pods/canary-1 in namespace {namespace}")

        path = make_pod(api, namespace)
        sidecar.wait(200, "no watchdog is in error")

        api.merge(path, {"metadata": {"annotations": {STATUS: "error/2026-01-01T00:00:00/full"}}})
        sidecar.wait(500, "in error: disk")

        api.merge(path, {"metadata": {"annotations": {STATUS: "info/2026-01-01T00:00:00/"}}})
        sidecar.wait(200, "no watchdog is in error")
        assert sidecar.page("/ping") == (200, "ok\n")
        assert "kubervisor_watchdog_gate_healthy 1.0" in sidecar.page("/metrics")[1]
        assert sidecar.page("/secrets") == (404, "try /metrics, /healthz, /ping\n")
        assert [line["event"] for line in sidecar.log()].count("Healthy") == 2


def test_it_waits_for_the_least_time(cluster: LocalCluster, api: Api, namespace: str) -> None:
    make_pod(api, namespace)
    with Sidecar(cluster.kubeconfig, namespace, "--min-ready-seconds=100000") as sidecar:
        sidecar.wait(500, "not yet for more than 100000 s")


def test_it_is_always_healthy_after_its_time(
    cluster: LocalCluster, api: Api, namespace: str
) -> None:
    path = make_pod(api, namespace)
    api.merge(path, {"metadata": {"annotations": {STATUS: "error/2026-01-01T00:00:00/full"}}})
    with Sidecar(cluster.kubeconfig, namespace, "--always-healthy-after-seconds=0.5") as sidecar:
        sidecar.wait(200, "always healthy after 0.5 s")


OUTAGES = [
    pytest.param(hangs, id="hangs"),
    pytest.param(cuts, id="hangs up"),
    pytest.param(answers(503), id="is overloaded"),
    pytest.param(answers(403), id="takes the right away"),
]


@pytest.mark.parametrize("fault", OUTAGES)
def test_an_api_server_that_gives_no_pod_neither_delays_an_answer_nor_changes_it_at_once(
    cluster: LocalCluster, api: Api, namespace: str, fault: Fault
) -> None:
    path = make_pod(api, namespace)
    with (
        FaultProxy(cluster) as proxy,
        Sidecar(proxy.kubeconfig, namespace) as sidecar,
    ):
        sidecar.wait(200, "no watchdog is in error")
        with proxy.rule(asks("get", "pods", "canary-1"), fault) as rule:
            rule.wait(1, 30)
            api.merge(path, {"metadata": {"annotations": {STATUS: "error/2026-01-01T00:00:00/x"}}})
            assert sidecar.page() == (200, "no watchdog is in error\n")
            rule.wait(2, 30)
            assert sidecar.page() == (200, "no watchdog is in error\n")
        sidecar.wait(500, "in error: disk")
        told = [line["event"] for line in sidecar.log()]
        assert "Cannot read the pod" in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_with_0(
    cluster: LocalCluster, namespace: str, number: signal.Signals
) -> None:
    with Sidecar(cluster.kubeconfig, namespace) as sidecar:
        assert sidecar.processes.stop("gate", number) == 0


def test_an_address_that_is_taken_is_told(cluster: LocalCluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", "kubervisor", "watchdog", "healthz", "--pod=canary-1"]
        ended = subprocess.run(
            [*command, f"--kubeconfig={cluster.kubeconfig}", f"--listen={address}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert f"cannot listen on {address}" in ended.stderr
    assert "Traceback" not in ended.stderr
