"""Reads and writes of KubervisorServices, their pods and Services, past every cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.kube.listing import list_all
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.records import ServiceRecord, SpecRecord, decode_pod, decode_spec
from kubervisor.kube.unreadable import Unreadable, or_unreadable
from kubervisor.traffic.keys import FINALIZER, LONGEST_VALUE, NAME, TRAFFIC
from kubervisor.traffic.membership import is_member


def get_spec(api: Api, namespace: str, name: str) -> SpecRecord:
    """Return the KubervisorService as stored now. Raises: NotFound where there is none."""
    path = paths.single(paths.KUBERVISOR_SERVICES, namespace, name)
    return decoded(path, decode_spec, api.request("GET", path))


def are_claimed(api: Api, namespace: str, name: str) -> bool:
    """Whether members carry the name of that KubervisorService now: a label that was written last
    may not have come by the watch yet. Raises: ApiError.
    """
    if len(name) > LONGEST_VALUE:
        # Made before its definition forbade that: no pod can carry it, nor can one be asked for.
        return False
    path = paths.collection(paths.PODS, namespace)
    query = {"labelSelector": f"{NAME}={name}"}
    carriers = list_all(api, path, or_unreadable(decode_pod), query=query)
    return any(not isinstance(pod, Unreadable) and is_member(pod) for pod in carriers)


def add_finalizer(api: Api, record: SpecRecord) -> SpecRecord:
    """Let the deletion of `record` wait until its pods are returned. Returns what is stored then.

    Raises: Conflict where it changed since it was read.
    """
    if FINALIZER in record.finalizers:
        return record
    return _set_finalizers(api, record, (*record.finalizers, FINALIZER))


def remove_finalizer(api: Api, record: SpecRecord) -> SpecRecord:
    """Let the deletion of `record` go on. Raises: Conflict where it changed since it was read."""
    if FINALIZER not in record.finalizers:
        return record
    return _set_finalizers(api, record, tuple(f for f in record.finalizers if f != FINALIZER))


def stop_selecting(api: Api, service: ServiceRecord) -> None:
    """Take our key out of a Service's selector, if it is still there. Raises: ApiError."""
    path = paths.single(paths.SERVICES, service.namespace, service.name)
    patch = {"metadata": {"uid": service.uid}, "spec": {"selector": {TRAFFIC: None}}}
    api.request("PATCH", path, body=patch, content_type=MERGE_PATCH)


def write_status(api: Api, record: SpecRecord, status: Mapping[str, Any]) -> SpecRecord:
    """Store `status` in place of the whole status of `record`. Returns what is stored then.

    Raises: Conflict where `record` changed since it was read; NotFound where it is gone.
    """
    # A JSON patch: a merge would keep what the new status leaves out.
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": record.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": record.resource_version},
        {"op": "add", "path": "/status", "value": status},
    ]
    path = paths.single(paths.KUBERVISOR_SERVICES, record.namespace, record.name, "status")
    answer = api.request("PATCH", path, body=patch, content_type=JSON_PATCH)
    return decoded(path, decode_spec, answer)


def _set_finalizers(api: Api, record: SpecRecord, finalizers: tuple[str, ...]) -> SpecRecord:
    path = paths.single(paths.KUBERVISOR_SERVICES, record.namespace, record.name)
    patch = {
        "metadata": {
            "uid": record.uid,
            "resourceVersion": record.resource_version,
            "finalizers": finalizers,
        }
    }
    answer = api.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
    return decoded(path, decode_spec, answer)
