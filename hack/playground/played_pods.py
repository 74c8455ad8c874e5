"""Which pods of a cluster are played, from when until when, and the status that they are given.

kwok's stages leave pods alone that have a label of those who play them. Whoever plays them is their
kubelet: it begins with a pod once that has a node, and ends it once it is deleted.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from playground.access import Cluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import Watch
from playground.processes import Processes, ProcessFailed

NODE = "10.0.0.1"
"""The address of the node of all pods that have one of their own."""


class PlayedPod:
    """A pod as it was bound to its node.

    Attributes:
        gone: set as soon as it is to go, or is to be played no longer.
        is_there: the API server has it and waits for whoever plays it: not where it was deleted at
            once, nor where it stays because only its playing ends.
    """

    def __init__(self, api: Api, body: Json) -> None:
        metadata = body["metadata"]
        self.body = body
        self.name: str = metadata["name"]
        self.uid: str = metadata["uid"]
        self.path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{self.name}"
        self.gone = threading.Event()
        self.is_there = True
        self._api = api

    def show(
        self, phase: str, containers: list[Json], *, ready: bool = True, address: str = ""
    ) -> None:
        """Write its status on top of what the scheduler wrote; one that is gone has none."""
        kept = [c for c in self.body["status"].get("conditions", ()) if c["type"] == "PodScheduled"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ours = [
            {"type": t, "status": str(ready), "lastTransitionTime": now}
            for t in ("Initialized", "ContainersReady", "Ready")
        ]
        where = _addresses("podIP", address) | _addresses("hostIP", NODE) if address else {}
        said = {"phase": phase, "conditions": kept + ours, "containerStatuses": containers}
        try:
            self._api.merge(f"{self.path}/status", {"status": where | said})
        except ApiRefused as refused:
            if refused.status != 404:
                raise

    def show_ready(self, address: str) -> None:
        """It has this address, where all of its containers work."""
        containers = [container_status(one) for one in self.body["spec"]["containers"]]
        self.show("Running", containers, address=address)

    def remove(self) -> None:
        """Tell the API server that it has ended."""
        self._api.delete(self.path, gracePeriodSeconds="0")


class PlayedPods(ABC):
    """Plays every pod with these labels, of the cluster or of one namespace, until closed.

    They are played as soon as this is made: what `play` needs is there before. `close` raises
    ProcessFailed where one could not be played.
    """

    def __init__(
        self,
        cluster: Cluster,
        labels: Mapping[str, str],
        processes: Processes,
        namespace: str = "",
    ) -> None:
        self._api, self._processes = Api(cluster.kubeconfig), processes
        self._now: dict[str, PlayedPod] = {}
        self._threads: dict[PlayedPod, threading.Thread] = {}
        self._failures: list[str] = []
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        label = ",".join(f"{key}={value}" for key, value in labels.items())
        self._watch = Watch(
            self._api, path, lambda body: body, selector=label, changed=self._changed
        )

    @abstractmethod
    def play(self, pod: PlayedPod) -> None:
        """Have it live, on a thread of its own, until it ends or is to go."""

    def close(self) -> None:
        """End all of them."""
        self._watch.close()
        for pod in self._threads:
            pod.is_there = False  # nobody deletes it: that would make its owner want another
            pod.gone.set()
        for thread in self._threads.values():
            thread.join()
        self._processes.close()
        self._api.close()
        if self._failures:
            raise ProcessFailed("; ".join(self._failures))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, key: str, body: Json | None, _: float) -> None:
        pod = self._now.get(key)
        if body is None:
            self._now.pop(key, None)
        if body is None or "deletionTimestamp" in body["metadata"]:
            if pod is not None:
                pod.is_there = body is not None
                pod.gone.set()
        elif pod is None and body["spec"].get("nodeName") and not _has_ended(body):
            pod = self._now[key] = PlayedPod(self._api, body)
            thread = threading.Thread(target=self._play, args=(key, pod), name=key)
            self._threads[pod] = thread
            thread.start()

    def _play(self, key: str, pod: PlayedPod) -> None:
        try:
            self.play(pod)
        except Exception as error:  # noqa: BLE001 - told by `close`, on the caller's thread
            self._failures.append(f"{key}: {error!r}")


def container_status(
    container: Json, state: Json | None = None, *, ready: bool = True, restarts: int = 0
) -> Json:
    """What the status of a pod says of a container, which runs where no other state is given."""
    state = state or {"running": {}}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": ready,
        "started": "running" in state,
        "restartCount": restarts,
        "state": state,
    }


def _addresses(field: str, address: str) -> Json:
    return {field: address, f"{field}s": [{"ip": address}]}


def _has_ended(body: Json) -> bool:
    """Whether it was played to its end before: such a pod never starts again."""
    return body["status"].get("phase") in ("Succeeded", "Failed")
