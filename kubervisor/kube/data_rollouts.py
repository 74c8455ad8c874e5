"""DataRollouts on the API server, and the requests on pods: what is read and what is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.data_pods import LONGEST_NOTE, DataPod, IsKept, decoder
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.kube.podwrites import WRITE_SECONDS
from kubervisor.kube.records import SpecRecord, decode_spec

Steps = list[tuple[str, str, object]]
"""Of a JSON patch: what is done, to which field, with which value."""

_QUERY = {"fieldManager": "kubervisor-datarollout"}

decode_rollout = decode_spec
"""A DataRollout is read as a KubervisorService is: what its spec and status hold is JSON."""


class RolloutEvents(EventRecorder):
    """Records Events that regard DataRollouts."""

    regards = ("kubervisor.k8s.io/v1alpha1", "DataRollout")
    tells_notes_apart = True  # versions are in the notes


class DataWriter:
    """Writes while `may_write` lets it; that raises LeadershipLost and is asked before each write.

    Everything returns what is stored then. Raises: Conflict where the object is no longer what was
    read; NotFound; ApiUnavailable where nobody knows whether it happened; LeadershipLost; the rest
    of the ApiError tree.
    """

    def __init__(self, api: Api, may_write: Callable[[], None], is_kept: IsKept) -> None:
        """`is_kept` says which annotations the pods that are returned have."""
        self._api, self._may_write, self._decode = api, may_write, decoder(is_kept)

    def make(self, namespace: str, name: str, spec: Mapping[str, Any]) -> SpecRecord:
        """Create a DataRollout. Raises Conflict where the name is taken."""
        body = {
            "apiVersion": "kubervisor.k8s.io/v1alpha1",
            "kind": "DataRollout",
            "metadata": {"namespace": namespace, "name": name},
            "spec": spec,
        }
        path = paths.collection(paths.DATA_ROLLOUTS, namespace)
        self._may_write()
        answer = self._api.request("POST", path, query=_QUERY, body=body, timeout=WRITE_SECONDS)
        return decoded(path, decode_rollout, answer)

    def report(self, record: SpecRecord, status: Mapping[str, Any]) -> SpecRecord:
        """Store `status` in place of that of `record`, if that is what is stored."""
        path = paths.single(paths.DATA_ROLLOUTS, record.namespace, record.name, "status")
        steps: Steps = [
            ("test", "/metadata/uid", record.uid),
            ("test", "/metadata/resourceVersion", record.resource_version),
            ("add", "/status", status),
        ]
        return decoded(path, decode_rollout, self._patch(path, steps))

    def ask(self, pod: DataPod, requests: Mapping[str, str]) -> DataPod:
        """Write `requests`, texts of annotations by their keys, in one patch. What the decision saw
        of each is a precondition; other changes of the pod meanwhile do not matter.
        """
        steps: Steps = [("test", "/metadata/uid", pod.uid)]
        for key, text in requests.items():
            path, old = f"/metadata/annotations/{key.replace('/', '~1')}", pod.notes.get(key)
            if old is not None and len(old) > LONGEST_NOTE:
                # Kept in part: the version of the pod stands for the rest.
                steps.append(("test", "/metadata/resourceVersion", pod.version))
            else:
                # A test for null passes where the annotation is not there.
                steps.append(("test", path, old))
            steps.append(("add", path, text))
        where = paths.single(paths.PODS, pod.namespace, pod.name)
        return decoded(where, self._decode, self._patch(where, steps))

    def read_pod(self, pod: DataPod) -> DataPod:
        """The pod as stored now; another uid where it was replaced by another of its name."""
        path = paths.single(paths.PODS, pod.namespace, pod.name)
        answer = self._api.request("GET", path, timeout=WRITE_SECONDS)
        return decoded(path, self._decode, answer)

    def read_rollout(self, record: SpecRecord) -> SpecRecord:
        """The DataRollout as stored now."""
        path = paths.single(paths.DATA_ROLLOUTS, record.namespace, record.name)
        answer = self._api.request("GET", path, timeout=WRITE_SECONDS)
        return decoded(path, decode_rollout, answer)

    def _patch(self, path: str, steps: Steps) -> bytes:
        """What is stored then."""
        self._may_write()
        return self._api.request(
            "PATCH",
            path,
            query=_QUERY,
            body=[{"op": op, "path": field, "value": value} for op, field, value in steps],
            content_type=JSON_PATCH,
            timeout=WRITE_SECONDS,
        )
