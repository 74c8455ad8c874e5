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
from contextlib import suppress
from urllib.request import urlopen

from playground.access import Cluster
from playground.fleet_api import Json
from playground.http_page import is_well
from playground.played_pods import PlayedPod, PlayedPods
from playground.processes import Processes

LOOPBACK = {"playground/real": "loopback"}
"""The label of pods that are played here."""

PORT = 8080


class LoopbackPods(PlayedPods):
    """Plays every such pod of the cluster, or of one namespace, until closed; the pods themselves
    stay as they are.
    """

    def __init__(self, cluster: Cluster, namespace: str = "") -> None:
        super().__init__(cluster, LOOPBACK, Processes(), namespace)

    def play(self, pod: PlayedPod) -> None:
        """Run its process until the pod is to go; then it is gone, too."""
        address = free_address()
        command = [sys.executable, "-m", "kubervisor", *_arguments(pod.body, address)]
        self._processes.start(pod.uid, command)
        page = f"http://{address}:{PORT}/ping"
        self._processes.wait_ready(pod.uid, lambda: is_well(page) or pod.gone.is_set())
        pod.show_ready(address)
        pod.gone.wait()
        self._processes.stop(pod.uid)
        if pod.is_there:
            pod.remove()


def fail(address: str) -> None:
    """Have the watchdog of the pod at this address fail."""
    with urlopen(f"http://{address}:{PORT}/fail", data=b"", timeout=5):
        pass


def _arguments(body: Json, address: str) -> list[str]:
    """Those of the pod's workload, at the pod's own address."""
    containers = body["spec"]["containers"]
    args: list[str] = next(
        one["args"] for one in containers if one.get("args", [""])[0] == "testworkload"
    )
    return [*args, f"--listen={address}:{PORT}"]


def free_address() -> str:
    """An address of loopback where nobody listens on the port; not 127.0.y.z, which others use."""
    while True:
        parts = (1 + secrets.randbelow(254), secrets.randbelow(256), 1 + secrets.randbelow(254))
        address = ".".join(map(str, (127, *parts)))
        with socket.socket() as probe, suppress(OSError):
            probe.bind((address, PORT))
            return address
