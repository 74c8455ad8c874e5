"""The pod that a program runs in, as the API server has it: looked at by its name, and one
annotation of it written at a time.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from kubervisor.errors import ApiError, Forbidden, NotFound
from kubervisor.kube import failures, paths, wire
from kubervisor.kube.account import Door
from kubervisor.kube.backoff import Backoff

WATCH_SECONDS = (240, 300)
"""So long a watch lasts; each begins with the whole state. Drawn, so that many spread."""
IDLE_SECONDS = 90.0  # bookmarks come about every minute
ASK_SECONDS = 10.0
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class OwnPod:
    """What a program wants to know of its pod."""

    namespace: str
    name: str
    uid: str
    annotations: Mapping[str, str]


class _Object(msgspec.Struct, gc=False):
    metadata: wire.Meta


class _Line(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


_lines, _objects = msgspec.json.Decoder(_Line), msgspec.json.Decoder(_Object)


class OwnPodWatch:
    """Watches the pod on the thread of `run`; any other may wait for what it finds. Where the
    account may not watch pods, the pod is read every `period` seconds: the right to `get` them is
    enough.

    `problem` says what keeps it from seeing the pod, "" where it sees it. `last_seen` is when it
    last did (monotonic seconds), -inf for never.
    """

    def __init__(self, door: Door, namespace: str, name: str, *, period: float) -> None:
        self.problem = f"there is no pod {namespace}/{name}, or it has not been seen yet"
        self.last_seen = -math.inf
        self._door, self._namespace, self._name = door, namespace, name
        self._period = period
        self._may_watch = True
        self._backoff = Backoff(0.2, 30.0)
        self._news = threading.Condition()
        self._newest: OwnPod | None = None

    def run(self) -> None:
        """Look for ever."""
        while True:
            time.sleep(self.turn())

    def turn(self) -> float:
        """Watch until the watch ends, for whatever reason, or read the pod once; how many seconds
        to wait before the next turn.
        """
        try:
            if self._may_watch:
                self._watch()
            else:
                self._read()
                return self._period * random.uniform(0.9, 1.1)
        except Forbidden as error:
            self.problem = str(error)
            if self._may_watch:
                self._may_watch = False
                return 0.0
        except ApiError as error:
            self.problem = str(error)
        return self._backoff.next()

    def newest(self) -> OwnPod | None:
        """The pod as it was last seen; None before that."""
        return self._newest

    def wait(self, known: OwnPod | None, seconds: float) -> OwnPod | None:
        """The pod once it is another than `known`, or what it is after so many seconds."""
        with self._news:
            self._news.wait_for(
                lambda: self._newest is not known, timeout=min(max(seconds, 0.0), 3600.0)
            )
            return self._newest

    def _watch(self) -> None:
        # Without a version a watch begins with the pod as it is now: no other request is needed,
        # and none can be too old.
        query: dict[str, str | int] = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "fieldSelector": f"metadata.name={self._name}",
            "timeoutSeconds": random.randint(*WATCH_SECONDS),
        }
        path = paths.collection(paths.PODS, self._namespace)
        for line in self._door.stream(path, query, read_timeout=IDLE_SECONDS):
            told = failures.decoded(path, _lines.decode, line)
            if told.type == "ERROR":
                raise failures.from_event(failures.describe("WATCH", path), told.object)
            if told.type in ("ADDED", "MODIFIED"):
                self._take_in(path, told.object)
            if self._newest is not None:
                self.last_seen = time.monotonic()
            self._backoff.reset()

    def _read(self) -> None:
        path = paths.single(paths.PODS, self._namespace, self._name)
        self._take_in(path, self._door.request("GET", path, timeout=ASK_SECONDS))
        self.last_seen = time.monotonic()
        self._backoff.reset()

    def _take_in(self, path: str, raw: bytes | msgspec.Raw) -> None:
        meta = failures.decoded(path, _objects.decode, raw).metadata
        pod = OwnPod(meta.namespace, meta.name, meta.uid, meta.annotations or {})
        before = self._newest
        if before is not None and before.uid != pod.uid:
            raise NotFound(
                f"Pod {pod.namespace}/{pod.name} was replaced by another of its name: this program "
                "belongs to the one before",
                status=404,
            )
        self.problem = ""
        # Most changes of a pod are none of its annotations: nobody is woken for them.
        if pod != before:
            with self._news:
                self._newest = pod
                self._news.notify_all()


def write_annotation(door: Door, pod: OwnPod, key: str, text: str) -> None:
    """Write one annotation on the pod, whatever others write meanwhile, and on no other pod of its
    name.

    Raises ApiError; Conflict or NotFound where the pod is gone.
    """
    door.request(
        "PATCH",
        paths.single(paths.PODS, pod.namespace, pod.name),
        query={"fieldManager": "kubervisor-data-deployer"},
        body={"metadata": {"uid": pod.uid, "annotations": {key: text}}},
        content_type=_MERGE_PATCH,
        timeout=ASK_SECONDS,
    )
