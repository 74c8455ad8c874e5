"""Our writes that the watch has not shown yet, so that no decision counts on a state we are
changing.

An entry ends when the pod is seen at the written version or later, when the pod is gone, or when a
LIST that began after the write has been taken in. Entries never end by time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from kubervisor.traffic.model import Pod, PodUid


class Kind(Enum):
    """What a write does to its pod."""

    EJECTING = auto()
    RETURNING = auto()
    TERMINATING = auto()


_NONE: Mapping[Kind, frozenset[PodUid]] = {}


class _Stage(Enum):
    IN_FLIGHT = auto()
    WRITTEN = auto()
    UNKNOWN = auto()  # timed out: it happened, or it never will, but nobody knows which


@dataclass(frozen=True, slots=True)
class _Write:
    kind: Kind
    namespace: str
    base: str  # the version that the write's precondition names
    ejection_id: str
    seen: str  # the latest version that the watch has shown
    stage: _Stage = _Stage.IN_FLIGHT
    version: str | None = None  # the version that the write made; None where the answer has none
    ended_at: float = 0.0  # monotonic: when the answer came or the wait ended

    @property
    def is_settled(self) -> bool:
        """True where what the watch has shown tells how the write ended."""
        match self.stage:
            case _Stage.IN_FLIGHT:
                return False
            case _Stage.WRITTEN:
                return self.version is not None and _at_least(self.seen, self.version, self.base)
            case _Stage.UNKNOWN:
                # The write named `base` as its precondition: past it, it shows or cannot happen.
                return self.seen != self.base and _at_least(self.seen, self.base, self.base)


def _at_least(seen: str, version: str, base: str) -> bool:
    """Compare versions as numbers; were they opaque, any other than `base` would count."""
    if seen.isdigit() and version.isdigit():
        return int(seen) >= int(version)
    return seen == version or seen != base


class Overlay:
    """Unconfirmed writes by pod. Writers report theirs, watch events and LISTs end them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._writes: dict[PodUid, dict[Kind, _Write]] = {}
        self._in_flight: dict[PodUid, Kind] = {}

    def begin(
        self,
        uid: PodUid,
        kind: Kind,
        base_version: str,
        ejection_id: str = "",
        *,
        namespace: str = "",
    ) -> None:
        """Count the write from before it is sent; also before each repetition on a newer version.

        A pod has one write in flight at a time: its Service's lock is held meanwhile.
        """
        with self._lock:
            before = self._writes.get(uid, {}).get(kind)
            seen = before.seen if before else base_version
            write = _Write(kind, namespace, base_version, ejection_id, seen)
            self._writes.setdefault(uid, {})[kind] = write
            self._in_flight[uid] = kind

    def written(self, uid: PodUid, version: str | None) -> None:
        """The write succeeded and made `version`; None where the answer does not tell."""
        self._end(uid, _Stage.WRITTEN, version)

    def unknown(self, uid: PodUid) -> None:
        """No answer: the write may have happened or may still."""
        self._end(uid, _Stage.UNKNOWN, None)

    def failed(self, uid: PodUid) -> None:
        """The write certainly did not happen."""
        with self._lock:
            kind = self._in_flight.pop(uid, None)
            if kind is not None:
                self._drop(uid, kind)

    def observe(self, old: Pod | None, new: Pod | None) -> None:
        """Take note of what the watch shows, before anybody is woken by it."""
        pod = new or old
        if pod is None or pod.uid not in self._writes:
            return
        with self._lock:
            for kind, write in tuple(self._writes.get(pod.uid, {}).items()):
                if new is None or (new.deleting and kind is Kind.TERMINATING):
                    self._drop(pod.uid, kind)
                else:
                    self._put(pod.uid, replace(write, seen=new.version))

    def listed(self, begun: float, *, namespace: str | None = None) -> None:
        """A LIST begun at `begun` (monotonic) has been taken in: it shows all that ended before.

        `namespace` is where it looked, None for everywhere. Call it after the cache shows the LIST.
        """
        with self._lock:
            for uid, writes in tuple(self._writes.items()):
                for kind, write in tuple(writes.items()):
                    looked = namespace is None or namespace == write.namespace
                    if looked and write.stage is not _Stage.IN_FLIGHT and write.ended_at < begun:
                        self._drop(uid, kind)

    def unconfirmed(self) -> Mapping[Kind, frozenset[PodUid]]:
        """Return the pods with an unconfirmed write, by its kind: none, nearly always.

        Ask before you look at the pods: a write that the watch shows meanwhile is in both then, and
        otherwise might be in neither.
        """
        if not self._writes:
            return _NONE
        with self._lock:
            found = {
                kind: {u for u, writes in self._writes.items() if kind in writes} for kind in Kind
            }
        return {kind: frozenset(uids) for kind, uids in found.items() if uids}

    def ejecting(self, uids: Iterable[PodUid]) -> frozenset[PodUid]:
        """Return those of `uids` with an unconfirmed ejection."""
        return self.unconfirmed().get(Kind.EJECTING, frozenset()).intersection(uids)

    def unsettled(self) -> frozenset[PodUid]:
        """Return the pods with a write that nobody knows the end of."""
        if not self._writes:
            return frozenset()
        with self._lock:
            return frozenset(
                uid
                for uid, writes in self._writes.items()
                if any(write.stage is _Stage.UNKNOWN for write in writes.values())
            )

    def _end(self, uid: PodUid, stage: _Stage, version: str | None) -> None:
        with self._lock:
            kind = self._in_flight.pop(uid, None)
            write = self._writes.get(uid, {}).get(kind) if kind is not None else None
            if write is not None:  # None: the watch has shown the pod's deletion meanwhile
                now = self._clock()
                self._put(uid, replace(write, stage=stage, version=version, ended_at=now))

    def _put(self, uid: PodUid, write: _Write) -> None:
        self._writes[uid][write.kind] = write
        if write.is_settled:
            self._drop(uid, write.kind)

    def _drop(self, uid: PodUid, kind: Kind) -> None:
        writes = self._writes.get(uid, {})
        writes.pop(kind, None)
        if not writes:
            self._writes.pop(uid, None)
