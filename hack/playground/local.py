"""A control plane of child processes on loopback: seconds to start, nothing left behind."""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from playground import binaries, kubeconfig, pki
from playground.access import Cluster
from playground.components import KUBERNETES_SERVICE, Layout
from playground.processes import PortTaken, Processes, free_port

ATTEMPTS = 5
"""How often a program may find its port taken between the choice of the port and its start."""


class LocalCluster(Cluster):
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok; ends with its context.

    Attributes:
        server: URL of the API server.
        token: bearer token of the administrator.
        pki: keys and certificates of the API server.
        processes: the group of child processes; more may be started in it, to end with the cluster.
    """

    def __init__(self, programs: Path, processes: Processes) -> None:
        super().__init__(programs, processes.folder, processes.folder / "kubeconfig")
        self.processes = processes
        self.token = secrets.token_urlsafe(24)
        self.server = ""
        self.pki = pki.create(self.folder / "pki", KUBERNETES_SERVICE)
        self._layout = Layout(
            programs=programs,
            folder=self.folder,
            pki=self.pki,
            tokens=self.folder / "tokens.csv",
            kubeconfig=self.kubeconfig,
        )
        self._layout.tokens.touch(mode=0o600)
        self._layout.tokens.write_text(f"{self.token},admin,admin,system:masters\n")
        self._started: dict[str, tuple[Sequence[str | Path], Callable[[], bool]]] = {}

    @classmethod
    def start(cls, nodes: int = 1) -> Self:
        """Return a running cluster whose `nodes` nodes are Ready, each with room for 10,000 pods.

        Builds the programs first where they are missing.

        Raises:
            BuildError: the programs could not be built.
            ProcessFailed: one of them did not start; the message holds the end of its log.
        """
        programs = binaries.ensure()
        processes = Processes()
        try:
            cluster = cls(programs, processes)
            cluster._start_control_plane()
            cluster._add_nodes(nodes)
        except BaseException:
            processes.close()
            raise
        return cluster

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes and remove the data folder."""
        self.processes.close()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by program name, such as `kube-apiserver`."""
        return self.processes.pids

    def stop(self, name: str, number: Signals = SIGKILL) -> None:
        """End one program with a signal, by default without warning."""
        self.processes.stop(name, number)

    def restart(self, name: str, number: Signals = SIGKILL) -> None:
        """End one program, if it runs, start it again on its ports and data, return when ready."""
        if name in self.pids:
            self.stop(name, number)
        self._launch(name, *self._started[name])

    def _start_control_plane(self) -> None:
        etcd_port = self._on_free_port("etcd", self._start_etcd)
        self._on_free_port("kube-apiserver", lambda port: self._start_api_server(port, etcd_port))
        for name, argv in (
            ("kube-controller-manager", self._layout.controller_manager()),
            ("kube-scheduler", self._layout.scheduler()),
            ("kwok", self._layout.kwok()),
        ):
            self._launch(name, argv, lambda: True)

    def _on_free_port(self, name: str, start: Callable[[int], None]) -> int:
        for attempt in range(1, ATTEMPTS + 1):
            port = free_port()
            try:
                start(port)
            except PortTaken:
                if attempt == ATTEMPTS:
                    raise
                self.stop(name)
            else:
                break
        return port

    def _start_etcd(self, port: int) -> None:
        health = Request(f"http://127.0.0.1:{port}/health")
        self._launch("etcd", self._layout.etcd(port, free_port()), lambda: _answers(health))

    def _start_api_server(self, port: int, etcd_port: int) -> None:
        entry = kubeconfig.local(port, self.pki.authority.read_bytes())
        kubeconfig.write(self.kubeconfig, entry, self.token)
        self.server = entry["server"]
        trust = ssl.create_default_context(cafile=self.pki.authority)
        ready = Request(f"{self.server}/readyz", headers={"Authorization": f"Bearer {self.token}"})
        argv = self._layout.api_server(port, etcd_port)
        self._launch("kube-apiserver", argv, lambda: _answers(ready, trust))

    def _launch(self, name: str, argv: Sequence[str | Path], ready: Callable[[], bool]) -> None:
        self._started[name] = (argv, ready)
        # kwok reads and writes files in the home folder. Memory is at hand and processors are not:
        # Go collects its garbage a third as often.
        self.processes.start(name, argv, {"HOME": str(self.folder), "GOGC": "300"})
        self.processes.wait_ready(name, ready)

    def _add_nodes(self, count: int) -> None:
        nodes = {"apiVersion": "v1", "kind": "List", "items": [_node(i) for i in range(count)]}
        if count:
            self.kubectl("create", "-f", "-", stdin=json.dumps(nodes))
            self.kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=60s")
        # Pods cannot be created before it exists.
        self.kubectl("wait", "serviceaccount/default", "--for=create", "--timeout=60s")


def _node(number: int) -> dict[str, object]:
    room = {"cpu": "10000", "memory": "100Ti", "pods": "10000"}
    name = f"node-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": room, "allocatable": room},
    }


def _answers(request: Request, trust: ssl.SSLContext | None = None) -> bool:
    try:
        with urlopen(request, timeout=2, context=trust):
            return True
    except (URLError, OSError):
        return False
