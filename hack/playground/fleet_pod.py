"""A pod as the tests of the playground look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.fleet_api import Json
from playground.workload import PodName

TRAFFIC = "kubervisor/traffic"


@dataclass(frozen=True, slots=True)
class Pod:
    """What the API server says of one pod; `traffic` is its label, empty where there is none."""

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    phase: str
    ready: bool
    deleting: bool
    node: str

    @property
    def id(self) -> PodName:
        """Its name for the workload, the load and the EndpointSlices."""
        return PodName(self.namespace, self.name)

    @property
    def traffic(self) -> str:
        """`yes`, `no`, `pause`, or empty."""
        return self.labels.get(TRAFFIC, "")

    def __str__(self) -> str:
        state = "Ready" if self.ready else "not Ready"
        leaving = ", deleting" if self.deleting else ""
        return f"{self.name} {self.phase}, {state}, traffic={self.traffic or '-'}{leaving}"


def read_pod(body: Json) -> Pod:
    """The projection of a pod as the API gives it."""
    metadata, status = body["metadata"], body.get("status", {})
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        phase=status.get("phase", ""),
        ready=any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in status.get("conditions", ())
        ),
        deleting="deletionTimestamp" in metadata,
        node=body["spec"].get("nodeName", ""),
    )
