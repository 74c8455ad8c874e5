"""Pods that read data from files, with real deployers in each.

A pod labelled `playground/real: data` is left alone by kwok's stages. This plays its kubelet: the
pod gets an address 127.x.y.z and a folder for its volume; its init containers run to their end, one
after the other and again where they fail; then its deployer runs beside its program. Each has the
pod's own arguments and environment, and a token that is bound to the pod.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playground import kubeconfig
from playground.data_workload import Workloads
from playground.fleet_api import Json
from playground.forking import Forks
from playground.http_page import is_well
from playground.local import LocalCluster
from playground.loopback_pods import free_address
from playground.played_pods import PlayedPod, PlayedPods
from playground.pod_files import ACCOUNT

DATA = {"playground/real": "data"}
"""The label of pods that are played here."""

TICK = 0.2
BACK_OFF = 0.5
"""Seconds until an init container that failed is started again."""


@dataclass(frozen=True, slots=True)
class DataPod:
    """A pod that runs: where it answers, and the folder of its data."""

    name: str
    uid: str
    address: str
    folder: Path


class DataPods(PlayedPods):
    """Plays every such pod of a namespace until closed; the pods themselves stay as they are.

    `elsewhere` are addresses here, by how the pods' arguments have them.
    """

    def __init__(self, cluster: LocalCluster, namespace: str, elsewhere: Mapping[str, str]) -> None:
        self._cluster, self._elsewhere = cluster, elsewhere
        self.deployers, self.workloads = Forks(), Workloads()
        self.running: dict[str, DataPod] = {}
        """Those whose init containers have ended, by uid."""
        super().__init__(cluster, DATA, self.deployers, namespace)

    def close(self) -> None:
        """End all of them."""
        with closing(self.workloads):
            super().close()

    def play(self, pod: PlayedPod) -> None:
        """Run its init containers, then its deployer until it is to go; then it is gone, too."""
        self._run(pod)
        if pod.is_there:
            pod.remove()

    def _run(self, pod: PlayedPod) -> None:
        address, spec = free_address(), pod.body["spec"]
        seat = _Seat(pod, address, self.deployers.folder / pod.uid)
        self._give_account(pod, seat.kubeconfig)
        for container in spec.get("initContainers", ()):
            while self._to_its_end(seat, container, pod.gone) != 0:
                if pod.gone.wait(BACK_OFF):
                    return
        deployers = [one for one in spec["containers"] if one.get("args", [""])[0] == "data"]
        names = [self._start(seat, one) for one in deployers]
        for name, one in zip(names, deployers, strict=True):
            self.deployers.wait_ready(name, partial(_is_ready, seat, one, pod.gone))
        self.workloads.add(address, seat.folder)
        self.running[pod.uid] = DataPod(pod.name, pod.uid, address, seat.folder)
        pod.show_ready(address)
        pod.gone.wait()
        del self.running[pod.uid]
        self.workloads.remove(address)
        for name in names:
            self.deployers.stop(name)

    def _to_its_end(self, seat: _Seat, container: Json, gone: threading.Event) -> int:
        """The exit code of an init container, which is ended where the pod is to go."""
        name = self._start(seat, container)
        ended = os.pidfd_open(self.deployers.pids[name])
        try:
            while not gone.is_set() and not select.select([ended], [], [], TICK)[0]:
                pass
        finally:
            os.close(ended)
        return self.deployers.stop(name)

    def _start(self, seat: _Seat, container: Json) -> str:
        name = f"{container['name']}-{seat.uid}"
        self.deployers.start(name, seat.args(container, self._elsewhere), seat.env(container))
        return name

    def _give_account(self, pod: PlayedPod, path: Path) -> None:
        """A token that is valid for this pod alone, as a kubelet asks for it."""
        bound = {"kind": "Pod", "apiVersion": "v1", "name": pod.name, "uid": pod.uid}
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600, "boundObjectRef": bound},
        }
        namespace, account = (
            pod.body["metadata"]["namespace"],
            pod.body["spec"]["serviceAccountName"],
        )
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        token = self._api.create(f"{accounts}/{account}/token", asked)["status"]["token"]
        entry = kubeconfig.cluster_of(self._cluster.kubeconfig)
        kubeconfig.write(path, entry, token, namespace)


def _is_ready(seat: _Seat, container: Json, gone: threading.Event) -> bool:
    return seat.is_ready(container) or gone.is_set()


class _Seat:
    """What the containers of one pod have in place of mounts and addresses of their own."""

    def __init__(self, pod: PlayedPod, address: str, place: Path) -> None:
        self._metadata, self._address = pod.body["metadata"], address
        self.uid = pod.uid
        self.folder = place / "data"
        self.kubeconfig = place / "kubeconfig"
        self.folder.mkdir(parents=True)

    def args(self, container: Json, elsewhere: Mapping[str, str]) -> list[str]:
        """Its arguments, with addresses and the path of the mount as they are here."""
        (mount,) = (one for one in container["volumeMounts"] if one["mountPath"] != ACCOUNT)
        changes = {"0.0.0.0": self._address, f"={mount['mountPath']}": f"={self.folder}"}
        args: list[str] = container["args"]
        for there, here in (changes | dict(elsewhere)).items():
            args = [argument.replace(there, here) for argument in args]
        return [*args, f"--kubeconfig={self.kubeconfig}"]

    def is_ready(self, container: Json) -> bool:
        """What its readiness probe finds."""
        probe = container["readinessProbe"]["httpGet"]
        return is_well(f"http://{self._address}:{probe['port']}{probe['path']}")

    def env(self, container: Json) -> dict[str, str]:
        """Its variables, all of which are fields of the pod."""
        fields = {f"metadata.{key}": str(self._metadata[key]) for key in ("name", "namespace")}
        return {
            one["name"]: fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in container.get("env", ())
        }
