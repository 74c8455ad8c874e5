"""Pods at addresses of their own on loopback, with the real test workload behind each.

A pod labelled `playground/real: loopback` is left alone by kwok's stages. This plays its kubelet:
it gives the pod an address 127.x.y.z, so that many pods listen on one port, starts
`kubervisor testworkload` there as its container says, shows the pod as Ready once that answers, and
takes it away when it is deleted.
"""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from contextlib import suppress
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from playground.access import Cluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import Watch
from playground.processes import Processes, ProcessFailed

LOOPBACK = {"playground/real": "loopback"}
"""The label of pods that are played here."""

PORT = 8080
_TICK = 0.05


class LoopbackPods:
    """Plays every such pod of the cluster, or of one namespace, until closed.

    `close` raises ProcessFailed where one could not be played.
    """

    def __init__(self, cluster: Cluster, namespace: str = "") -> None:
        self._api, self._processes = Api(cluster.kubeconfig), Processes()
        self._now: dict[str, _Played] = {}
        self._threads: dict[_Played, threading.Thread] = {}
        self._failures: list[str] = []
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        label = ",".join(f"{key}={value}" for key, value in LOOPBACK.items())
        self._watch = Watch(self._api, path, lambda pod: pod, selector=label, changed=self._changed)

    def close(self) -> None:
        """End all of them; the pods themselves stay as they are."""
        self._watch.close()
        for played, thread in self._threads.items():
            played.is_there = False  # nobody deletes it: that would make its owner want another
            played.gone.set()
            thread.join()
        self._processes.close()
        self._api.close()
        if self._failures:
            raise ProcessFailed("; ".join(self._failures))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, key: str, pod: Json | None, _: float) -> None:
        played = self._now.get(key)
        if pod is None:
            self._now.pop(key, None)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            if played is not None:
                played.is_there = pod is not None
                played.gone.set()
        elif played is None and pod["spec"].get("nodeName"):
            played = self._now[key] = _Played(self._api, self._processes, pod)
            thread = threading.Thread(target=self._play, args=(played,), name=key)
            self._threads[played] = thread
            thread.start()

    def _play(self, played: _Played) -> None:
        try:
            played.play()
        except Exception as error:  # noqa: BLE001 - told by `close`, on the caller's thread
            self._failures.append(f"{played.name}: {error!r}")


class _Played:
    """One pod and its process."""

    def __init__(self, api: Api, processes: Processes, pod: Json) -> None:
        self._api, self._processes, self._pod = api, processes, pod
        self.name: str = pod["metadata"]["name"]
        self.gone = threading.Event()
        self.is_there = True
        self._uid: str = pod["metadata"]["uid"]
        self._path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{self.name}"

    def play(self) -> None:
        """Run its process until the pod is to go; then it is gone, too."""
        address = free_address()
        command = [sys.executable, "-m", "kubervisor", *self._arguments(address)]
        self._processes.start(self._uid, command)
        self._processes.wait_ready(self._uid, lambda: _answers(address) or self.gone.is_set())
        self._show(address)
        self.gone.wait()
        self._processes.stop(self._uid)
        if self.is_there:
            self._api.delete(self._path, gracePeriodSeconds="0")

    def _arguments(self, address: str) -> list[str]:
        """Those of its workload's container, at the pod's own address."""
        containers = self._pod["spec"]["containers"]
        args: list[str] = next(
            one["args"] for one in containers if one.get("args", [""])[0] == "testworkload"
        )
        return [*args, f"--listen={address}:{PORT}"]

    def _show(self, address: str) -> None:
        kept = [c for c in self._pod["status"].get("conditions", ()) if c["type"] == "PodScheduled"]
        fine = ("Initialized", "ContainersReady", "Ready")
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "10.0.0.1",
            "hostIPs": [{"ip": "10.0.0.1"}],
            "conditions": kept + [{"type": one, "status": "True"} for one in fine],
            "containerStatuses": [
                _running(container) for container in self._pod["spec"]["containers"]
            ],
        }
        with suppress(ApiRefused):  # it is deleted meanwhile
            self._api.merge(f"{self._path}/status", {"status": status})


def fail(address: str) -> None:
    """Have the watchdog of the pod at this address fail."""
    with urlopen(f"http://{address}:{PORT}/fail", data=b"", timeout=5):
        pass


def _running(container: Json) -> Json:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {}},
    }


def _answers(address: str) -> bool:
    try:
        with urlopen(f"http://{address}:{PORT}/ping", timeout=1):
            return True
    except (URLError, OSError):
        return False


def free_address() -> str:
    """An address of loopback where nobody listens on the port; not 127.0.y.z, which others use."""
    while True:
        parts = (1 + secrets.randbelow(254), secrets.randbelow(256), 1 + secrets.randbelow(254))
        address = ".".join(map(str, (127, *parts)))
        with socket.socket() as probe, suppress(OSError):
            probe.bind((address, PORT))
            return address
