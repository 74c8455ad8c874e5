"""Doors to the API server of the test, and pods in a namespace of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from kubervisor.kube import paths
from kubervisor.kube.client import Api, connect
from kubervisor.kube.records import decode_pod
from kubervisor.traffic.model import Pod

from .scripted import ScriptedServer


@pytest.fixture
def api(cluster: Any) -> Iterator[Api]:
    """The real API server, as its administrator."""
    door = connect(str(cluster.kubeconfig), user_agent="kubervisor-tests")
    yield door
    door.close()


@pytest.fixture
def stored(api: Api, namespace: str) -> Callable[..., Pod]:
    """Creates pods, bound to no node, and sets their status."""

    def create(name: str, *, labels: dict[str, str] | None = None, phase: str = "Pending") -> Pod:
        # A scheduling gate keeps every scheduler, and so every kubelet, away.
        spec = {
            "containers": [{"name": "app", "image": "app"}],
            "schedulingGates": [{"name": "kubervisor/test"}],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
        }
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels or {"app": "shop"}},
            "spec": spec,
        }
        api.request("POST", paths.collection(paths.PODS, namespace), body=body)
        conditions = [{"type": "Ready", "status": "True"}]
        status = {"status": {"phase": phase, "conditions": conditions}}
        answer = api.request(
            "PATCH",
            paths.single(paths.PODS, namespace, name, "status"),
            body=status,
            content_type="application/strategic-merge-patch+json",
        )
        return decode_pod(answer)

    return create


@pytest.fixture
def raw(api: Api, namespace: str) -> Callable[[str], dict[str, Any]]:
    """Reads the metadata of a pod as it is stored."""

    def read(name: str) -> dict[str, Any]:
        answer = api.request("GET", paths.single(paths.PODS, namespace, name))
        metadata: dict[str, Any] = msgspec.json.decode(answer)["metadata"]
        return metadata

    return read


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """An API server that says what the test tells it to say."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """A stop event that is set when the test ends."""
    event = threading.Event()
    yield event
    event.set()
