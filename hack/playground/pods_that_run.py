"""Pods that really run, on a cluster whose nodes are not machines.

A pod labelled `playground/real: "true"` is left alone by kwok's stages. This plays its kubelet: it
starts `kubervisor` with the arguments, the environment, the files and the account's token of the
pod as the API server has it, asks whether it is ready, writes its status, and ends it when the pod
is deleted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.local import LocalCluster
from playground.pod_process import PodProcess
from playground.processes import Processes, ProcessFailed

REAL = {"playground/real": "true"}
"""The label of pods that run here."""


class PodsThatRun:
    """Plays every such pod of the cluster until closed.

    `listens` is told, before it starts, by which host:port each port of a pod can be reached.
    `close` raises ProcessFailed where one could not be played.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        listens: Callable[[str, int, str], None] = lambda *_: None,
    ) -> None:
        self._listens = listens
        self._api, self._processes = Api(cluster.kubeconfig), Processes()
        self._server = cluster.server
        self.played: list[PodProcess] = []
        """All so far, also those that have ended."""
        self._now: dict[str, PodProcess] = {}
        self._threads: list[threading.Thread] = []
        self._failures: list[str] = []
        label = ",".join(f"{key}={value}" for key, value in REAL.items())
        self._watch = Watch(
            self._api, "/api/v1/pods", lambda pod: pod, selector=label, changed=self._changed
        )

    def of(self, words: str) -> list[PodProcess]:
        """Those so far whose name contains this."""
        return [one for one in self.played if words in one.name]

    def close(self) -> None:
        """End all of them."""
        self._watch.close()
        for one in self.played:
            one.gone.set()
        for thread in self._threads:
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
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            if played is not None:
                played.gone.set()
            if pod is None:
                self._now.pop(key, None)
        elif played is None and pod["spec"].get("nodeName") and not _has_ended(pod):
            played = PodProcess(self._api, self._processes, pod, self._server, self._listens)
            self._now[key] = played
            self.played.append(played)
            thread = threading.Thread(target=self._play, args=(key, played), name=key)
            self._threads.append(thread)
            thread.start()

    def _play(self, key: str, played: PodProcess) -> None:
        try:
            played.play()
        except Exception as error:  # noqa: BLE001 - told by `close`, on the caller's thread
            self._failures.append(f"{key}: {error!r}")


def _has_ended(pod: Json) -> bool:
    """Whether it was played to its end before: such a pod never starts again."""
    return pod["status"].get("phase") in ("Succeeded", "Failed")
