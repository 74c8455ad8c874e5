"""One pod as one process: started as its container says, with the status that its life deserves.

Of several containers the one of the image `kubervisor` has the process.
"""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Callable, Mapping

from playground import pod_entry
from playground.fleet_api import Api, Json
from playground.http_page import is_well
from playground.played_pods import PlayedPod, container_status
from playground.pod_files import NotThereYet, PodFiles, container_of
from playground.processes import Processes, free_port

TICK = 0.1
"""Seconds between two looks at the process, and between two probes, whatever their periods."""

BACK_OFF = 1.0
"""Seconds until a container that ended is started again."""

POD_IP = "playground/pod-ip"
"""The annotation that gives a pod the address of a server which answers for it."""

_LISTEN = re.compile(r"(--[a-z-]*listen=)[^:]+:(\d+)")


class PodProcess:
    """Plays `pod` until it ends or is to go.

    Attributes:
        address: host:port by each port that the container listens on.
        log: what it wrote.
    """

    def __init__(
        self,
        api: Api,
        processes: Processes,
        pod: PlayedPod,
        names: Mapping[str, str],
        listens: Callable[[str, int, str], None],
    ) -> None:
        self.name, self.gone = pod.name, pod.gone
        self.address: dict[int, str] = {}
        self._process = f"{pod.name}-{pod.uid}"  # another pod may have its name later
        self.log = processes.folder / f"{self._process}.log"
        self._api, self._processes, self._pod, self._names = api, processes, pod, names
        self._listens = listens
        self._container = container_of(pod.body["spec"])
        self._restarts = 0
        self._shown: bool | None = None

    def play(self) -> None:
        """Run it to its end, again where its restart policy says so; delete it where asked to."""
        again = self._pod.body["spec"]["restartPolicy"] == "Always"
        while not self.gone.is_set():
            code = self._run_once()
            if code is not None and not again:
                self._finish(code)
                return  # the API server itself removes such a pod when it is deleted
            self._restarts += 1
            self.gone.wait(BACK_OFF)
        self._pod.remove()

    def _run_once(self) -> int | None:
        """The exit code; None where the pod is deleted before it has one."""
        files = self._files()
        if files is None:
            return None
        entry = [sys.executable, "-P", pod_entry.__file__, str(files.account)]
        # `env -i`: a container has its own variables and no others.
        env = ["env", "-i", *(f"{name}={value}" for name, value in files.env().items())]
        args = [self._elsewhere(argument) for argument in files.args()]
        pid = self._processes.start(self._process, [*env, *entry, *args])
        self._show("Running", ready=False)
        self._watch_over(pid)
        code = self._processes.stop(self._process)
        return None if self.gone.is_set() else code

    def _files(self) -> PodFiles | None:
        while not self.gone.is_set():
            try:
                folder = self._processes.folder / self._pod.uid
                files = PodFiles(self._api, self._pod.body, folder, self._names)
                files.env()
            except NotThereYet:
                self.gone.wait(TICK)
            else:
                return files
        return None

    def _elsewhere(self, argument: str) -> str:
        """Pods have addresses of their own, processes share one: other ports stand for them."""
        found = _LISTEN.fullmatch(argument)
        if not found:
            return argument
        port, address = int(found[2]), f"127.0.0.1:{free_port()}"
        self.address[port] = address
        self._listens(self.name, port, address)
        return found[1] + address

    def _watch_over(self, pid: int) -> None:
        """Return once the process has ended or the pod is to go."""
        process = os.pidfd_open(pid)
        try:
            while not self.gone.is_set() and not select.select([process], [], [], TICK)[0]:
                self._show("Running", ready=self._is_ready())
        finally:
            os.close(process)

    def _is_ready(self) -> bool:
        probe = self._container.get("readinessProbe")
        if probe is None:
            return True
        asked = probe["httpGet"]
        named = (port for port in self._container.get("ports", ()) if "name" in port)
        ports = {port["name"]: port["containerPort"] for port in named}
        address = self.address[ports.get(asked["port"], asked["port"])]
        return is_well(f"http://{address}{asked['path']}")

    def _show(self, phase: str, *, ready: bool) -> None:
        if self._shown is not ready:
            self._shown = ready
            self._write(phase, ready, {"running": {}})

    def _finish(self, code: int) -> None:
        reason = "Error" if code else "Completed"
        ended = {"terminated": {"exitCode": code, "reason": reason}}
        self._write("Failed" if code else "Succeeded", False, ended)

    def _write(self, phase: str, ready: bool, state: Json) -> None:
        """Its address is the one that it is given by annotation, as kwok's stage for the others
        does. Of a container beside ours it is taken that it works.
        """
        statuses = [
            container_status(one, state, ready=ready, restarts=self._restarts)
            if one is self._container
            else container_status(one, state, ready="running" in state)
            for one in self._pod.body["spec"]["containers"]
        ]
        given = self._pod.body["metadata"].get("annotations", {}).get(POD_IP, "")
        self._pod.show(phase, statuses, ready=ready, address=given)
