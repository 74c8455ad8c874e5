"""Which pods run, as the API server tells: the workload plays exactly these."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from playground.faults import HEALTHY, Fault
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.workload import PodName, Workload

NO_FAULTS: Mapping[str, Fault] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Running:
    """A pod that runs."""

    uid: str
    address: str
    image: str


class Discovery:
    """Keeps a workload's pods those that run in the cluster, until closed.

    A pod runs from phase Running until it is deleted or its phase is Succeeded or Failed. With
    `namespace`, only the pods of that one. `faults` are those that pods of an image have from the
    beginning. One that ended answers for `lingers` seconds more, as one with a preStop hook does:
    clients learn of its end later than it.
    """

    def __init__(
        self,
        api: Api,
        workload: Workload,
        namespace: str = "",
        faults: Mapping[str, Fault] = NO_FAULTS,
        lingers: float = 0.0,
    ) -> None:
        self._workload, self._faults, self._lingers = workload, faults, lingers
        self._uids: dict[PodName, str] = {}
        self._ending: list[threading.Timer] = []
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        self._watch = Watch(api, path, _running, changed=self._changed)

    def catch_up(self) -> None:
        """Return once the workload runs all that the API server says runs now."""
        self._watch.catch_up()

    def close(self) -> None:
        """End the watch; the workload keeps the pods it has."""
        self._watch.close()
        for timer in self._ending:
            timer.cancel()
            timer.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, key: str, running: Running | None, at: float) -> None:
        pod = PodName(*key.split("/"))
        if running:
            fault = self._faults.get(running.image, HEALTHY)
            self._uids[pod] = running.uid
            self._workload.add(pod, running.uid, running.address, fault)
        elif pod in self._uids:
            self._end(pod, self._uids.pop(pod))

    def _end(self, pod: PodName, uid: str) -> None:
        if not self._lingers:
            self._workload.remove(pod, uid)
            return
        timer = threading.Timer(self._lingers, self._workload.remove, (pod, uid))
        self._ending.append(timer)
        timer.start()


def _running(pod: Json) -> Running | None:
    """What is known of a pod that runs, None for any other."""
    status = pod.get("status", {})
    if status.get("phase") != "Running":
        return None
    image = pod["spec"]["containers"][0]["image"]
    return Running(pod["metadata"]["uid"], status.get("podIP", ""), image)
