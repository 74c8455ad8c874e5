"""One pod's watchdogs on the API server: read by name, and a word posted without losing another's.

A post patches the keys of one watchdog and the health label. The label sums up all watchdogs, so it
holds for the pod as it was read: its uid and version are preconditions, and whoever else wrote
meanwhile makes us read and sum up again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from kubervisor import instants
from kubervisor.errors import Conflict, NotFound
from kubervisor.kube import failures, paths, wire
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.watchdog_notes import read_statuses, write_status
from kubervisor.traffic.watchdogs import EXPIRY, HEALTH, STATUS, WatchdogStatus, health_label

ATTEMPTS = 20
SECONDS = 5.0
_QUERY = {"fieldManager": "kubervisor-watchdog"}


@dataclass(frozen=True, slots=True)
class NotedPod:
    """What a pod says of its watchdogs; `health` is its label, None where it has none."""

    namespace: str
    name: str
    uid: str
    version: str
    health: str | None
    annotations: Mapping[str, str] = field(hash=False)


class _Object(msgspec.Struct, gc=False):
    metadata: wire.Meta


_objects = msgspec.json.Decoder(_Object)


def read_noted_pod(api: Api, namespace: str, name: str) -> NotedPod:
    """The pod as stored now. Raises ApiError; NotFound where there is none."""
    path = paths.single(paths.PODS, namespace, name)
    return _decoded(path, api.request("GET", path, timeout=SECONDS))


def post_status(
    api: Api,
    namespace: str,
    name: str,
    status: WatchdogStatus,
    *,
    now: Callable[[], float] = time.time,
    wait: Callable[[float], object] = time.sleep,
) -> NotedPod:
    """Write `status`, whose `at` is set, on the pod, and return the pod as stored then.

    Raises ApiError: NotFound where the pod is gone or replaced, Conflict where it changed each time
    we tried. The same post may be repeated where nobody knows whether it arrived.
    """
    pod = read_noted_pod(api, namespace, name)
    uid, backoff = pod.uid, Backoff(0.01, 1.0)
    for _ in range(ATTEMPTS):
        try:
            return _patch(api, pod, status, now())
        except Conflict as error:
            last = error
        wait(backoff.next())
        pod = read_noted_pod(api, namespace, name)
        if pod.uid != uid:
            raise NotFound(
                f"Pod {namespace}/{name} was replaced by another of its name; "
                "post again where that one is meant",
                status=404,
            )
    raise last


def _patch(api: Api, pod: NotedPod, status: WatchdogStatus, now: float) -> NotedPod:
    expires = None if status.expires is None else instants.render(status.expires, "seconds")
    changes = {f"{STATUS}{status.name}": write_status(status), f"{EXPIRY}{status.name}": expires}
    after = {key: text for key, text in {**pod.annotations, **changes}.items() if text is not None}
    counting = [one.level for one in read_statuses(after) if one.counts(now)]
    metadata = {
        "uid": pod.uid,
        "resourceVersion": pod.version,
        "annotations": changes,
        "labels": {HEALTH: health_label(counting)},
    }
    path = paths.single(paths.PODS, pod.namespace, pod.name)
    answer = api.request(
        "PATCH",
        path,
        query=_QUERY,
        body={"metadata": metadata},
        content_type=MERGE_PATCH,
        timeout=SECONDS,
    )
    return _decoded(path, answer)


def _decoded(path: str, answer: bytes) -> NotedPod:
    meta = failures.decoded(path, _objects.decode, answer).metadata
    return NotedPod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        version=meta.resource_version,
        health=(meta.labels or {}).get(HEALTH),
        annotations=meta.annotations or {},
    )
