"""A custom detector as the original defines it: GET answers the outliers as a core/v1 PodList."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from playground.detector_http import Answer, ScriptedServer, as_json
from playground.fleet_api import Json
from playground.fleet_pod import Pod


def pod_list(pods: Iterable[Pod]) -> Json:
    """The PodList of these pods, with as much of each as detectors are asked about."""
    return {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [*map(_pod, pods)]}


def _pod(pod: Pod) -> Json:
    metadata = {
        "name": pod.name,
        "namespace": pod.namespace,
        "uid": pod.uid,
        "labels": dict(pod.labels),
    }
    return {"metadata": metadata, "status": {"phase": pod.phase}}


class Detector(ScriptedServer):
    """Answers with the pods of the last `outliers` call, none at first.

    Set `answer` to something of `playground.detector_http` or to a function below for a detector
    that misbehaves; `outliers` ends that.
    """

    def __init__(self) -> None:
        super().__init__(as_json(pod_list(())))

    def outliers(self, *pods: Pod) -> None:
        """From now on, exactly these are outliers."""
        self.answer = as_json(pod_list(pods))


def a_single_pod(pod: Pod) -> Answer:
    """A `Pod` in place of a list."""
    return as_json({"apiVersion": "v1", "kind": "Pod"} | _pod(pod))


def of_namespace(namespace: str, *pods: Pod) -> Answer:
    """The same names, said to be of another namespace."""
    return as_json(pod_list(replace(pod, namespace=namespace) for pod in pods))


def with_old_uids(*pods: Pod) -> Answer:
    """The same names with the uids of pods that were there before."""
    gone = "00000000-0000-4000-8000-000000000000"
    return as_json(pod_list(replace(pod, uid=gone) for pod in pods))
