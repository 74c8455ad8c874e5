"""Which pods run, as the API server tells: the workload plays exactly these."""

from __future__ import annotations

from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.workload import PodName, Workload


class Discovery:
    """Keeps a workload's pods those that run in the cluster, until closed.

    A pod runs from phase Running until it is deleted or its phase is Succeeded or Failed. With
    `namespace`, only the pods of that one.
    """

    def __init__(self, api: Api, workload: Workload, namespace: str = "") -> None:
        self._workload = workload
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        self._watch = Watch(api, path, _running, changed=self._changed)

    def close(self) -> None:
        """End the watch; the workload keeps the pods it has."""
        self._watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, key: str, running: tuple[str, str] | None, at: float) -> None:
        pod = PodName(*key.split("/"))
        if running:
            self._workload.add(pod, *running)
        else:
            self._workload.remove(pod)


def _running(pod: Json) -> tuple[str, str] | None:
    """The uid and the IP address of a pod that runs, None for any other."""
    status = pod.get("status", {})
    if status.get("phase") != "Running":
        return None
    return pod["metadata"]["uid"], status.get("podIP", "")
