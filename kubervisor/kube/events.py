"""Kubernetes Events about KubervisorServices, written in the background and never in anybody's way.

The same thing about the same objects within ten minutes is one Event with a growing count.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kubervisor import instants
from kubervisor.errors import ApiError, NotFound
from kubervisor.kube import paths
from kubervisor.kube.caches import Record
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.text import one_line
from kubervisor.traffic.model import Owner, Pod

CAPACITY = 1000
NOTE_BYTES = 1024
SERIES_SECONDS = 600.0
PATCH_SECONDS = 10.0  # the count of one Event is written at most this often
LAST_SECONDS = 2.0  # how long a stop waits for what is queued
CLUSTER = "default"
"""The namespace of Events that regard objects without one; the API server takes no other."""
_WAKE_SECONDS = 0.5


class EventType(StrEnum):
    """The two types that Kubernetes knows."""

    NORMAL = "Normal"
    WARNING = "Warning"


_Key = tuple[str, str, str, str]
"""Uid of the KubervisorService, uid of the pod, reason, and for a pod the note: its numbers are
what a reader looks for, and an Event's note cannot be changed."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an Event says and of which objects; names, not records, which would be kept with it.

    `kind` is that of the related object, which `pod` and `pod_uid` name; nearly always a pod.
    """

    type: EventType
    reason: str
    action: str
    note: str
    namespace: str
    name: str
    uid: str
    pod: str = ""
    pod_uid: str = ""
    kind: str = "Pod"


@dataclass(slots=True)
class _Series:
    """An Event and how often it happened; `path` is empty until it is stored."""

    key: _Key
    said: _Said
    first_at: float  # monotonic
    began_at: float  # Unix seconds
    last_at: float  # Unix seconds
    path: str = ""
    count: int = 1
    written_at: float = 0.0  # monotonic


class EventRecorder:
    """Records Events from any thread; `run` on a thread of its own writes them.

    `dropped` counts those that did not fit into the queue, `failed` those that the API server
    refused or did not take: a namespace that is being deleted, a missing right, an outage.
    """

    regards = ("kubervisor.k8s.io/v1alpha1", "KubervisorService")
    """API version and kind of the objects that the Events regard."""
    tells_notes_apart = False
    """Whether the same reason with another note is another Event, where no pod is related."""

    def __init__(
        self,
        api: Api,
        component: str,
        instance: str,
        *,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.dropped = 0
        self.failed = 0
        self._api = api
        self.component = component
        self._instance = instance[:128]
        self._capacity = capacity
        self._clock = clock
        self._wall = wall
        self._ready = threading.Condition()
        self._queue: OrderedDict[_Key, _Series] = OrderedDict()
        self._known: OrderedDict[_Key, _Series] = OrderedDict()

    def record(
        self,
        regarding: Record,
        *,
        type: EventType,
        reason: str,
        action: str,
        note: str,
        related: Pod | Owner | None = None,
    ) -> None:
        """Queue an Event; the oldest one is dropped where the queue is full."""
        said = note if related or self.tells_notes_apart else ""
        key = (regarding.uid, related.uid if related else "", reason, said)
        with self._ready:
            series = self._known.get(key)
            if series is not None and self._clock() - series.first_at < SERIES_SECONDS:
                series.count += 1
                series.last_at = self._wall()
                if key in self._queue or self._clock() - series.written_at < PATCH_SECONDS:
                    return
            else:
                said_of = _Said(
                    *(type, reason, action, one_line(note, NOTE_BYTES)),
                    *(regarding.namespace, regarding.name, regarding.uid),
                    *((related.name, related.uid, _kind(related)) if related else ()),
                )
                wall = self._wall()
                series = _Series(key, said_of, self._clock(), wall, wall)
            self._enqueue(series)

    def run(self, stop: threading.Event) -> None:
        """Write what is recorded until the stop event is set, then what is still queued."""
        while not stop.is_set():
            self._write_next(_WAKE_SECONDS)
        deadline = self._clock() + LAST_SECONDS
        while self._queue and self._clock() < deadline:
            self._write_next(0.0)

    def _enqueue(self, series: _Series) -> None:
        self._known.pop(series.key, None)
        self._known[series.key] = self._queue[series.key] = series
        self._forget()
        if len(self._queue) > self._capacity:
            self._queue.popitem(last=False)
            self.dropped += 1
        self._ready.notify()

    def _forget(self) -> None:
        """Drop what is over, and the oldest where there is too much."""
        began = self._clock() - SERIES_SECONDS
        while self._known:
            key = next(iter(self._known))
            if len(self._known) <= self._capacity and self._known[key].first_at > began:
                return
            del self._known[key]

    def _write_next(self, wait: float) -> None:
        with self._ready:
            if not self._queue:
                self._ready.wait(wait)
            if not self._queue:
                return
            _, series = self._queue.popitem(last=False)
            series.written_at = self._clock()
            count, last_at = series.count, series.last_at
        try:
            self._store(series, count, last_at)
        except ApiError:
            self.failed += 1

    def _store(self, series: _Series, count: int, last_at: float) -> None:
        if series.path:
            patch = {"series": {"count": count, "lastObservedTime": _micro(last_at)}}
            try:
                self._api.request("PATCH", series.path, body=patch, content_type=MERGE_PATCH)
            except NotFound:
                series.path = ""  # Events live an hour; write it anew
            else:
                return
        body, namespace = self._body(series), series.said.namespace or CLUSTER
        if count > 1:
            body["series"] = {"count": count, "lastObservedTime": _micro(last_at)}
        name = f"kubervisor.{uuid.uuid4().hex}"
        body["metadata"] = {"name": name, "namespace": namespace}
        self._api.request("POST", paths.collection(paths.EVENTS, namespace), body=body)
        series.path = paths.single(paths.EVENTS, namespace, name)

    def _body(self, series: _Series) -> dict[str, object]:
        said = series.said
        body: dict[str, object] = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "eventTime": _micro(series.began_at),
            "reportingController": self.component,
            "reportingInstance": self._instance,
            "type": said.type,
            "reason": said.reason,
            "action": said.action,
            "note": said.note,
            "regarding": {
                "apiVersion": self.regards[0],
                "kind": self.regards[1],
                "namespace": said.namespace,
                "name": said.name,
                "uid": said.uid,
            },
        }
        if said.pod:
            body["related"] = {
                **({"apiVersion": "v1"} if said.kind == "Pod" else {}),
                "kind": said.kind,
                "namespace": said.namespace,
                "name": said.pod,
                "uid": said.pod_uid,
            }
        return body


def _kind(related: Pod | Owner) -> str:
    return related.kind if isinstance(related, Owner) else "Pod"


def _micro(at: float) -> str:
    return instants.render(at, "microseconds")
