"""Writes the statuses of KubervisorServices, and with them what makes two leaders harmless.

A status carries the epoch of the leader that wrote it and the ejections that were decided and may
not be on their pods yet. An ejection is declared there first, under the object's resourceVersion;
a new leader claims the object by writing its own epoch. So a leader that froze and wakes finds the
version moved and the epoch higher, and stops before it reaches a pod.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubervisor.api.status import EjectionIntent, KubervisorServiceStatus
from kubervisor.errors import Conflict, LeadershipLost, NotFound
from kubervisor.kube.client import Api
from kubervisor.kube.objects import get_spec, write_status
from kubervisor.kube.records import SpecRecord
from kubervisor.traffic.model import PodUid

ATTEMPTS = 4

Unconfirmed = Callable[[Collection[PodUid]], Collection[PodUid]]
"""Which of these pods have an ejection of ours that the watch has not shown."""


@dataclass(slots=True)
class _Object:
    """What is known of one object, newer than any cache: as our last write left it."""

    record: SpecRecord
    lock: threading.Lock = field(default_factory=threading.Lock)
    intents: dict[PodUid, EjectionIntent] = field(default_factory=dict)


class StatusWriter:
    """Thread-safe. `check` raises LeadershipLost, `epoch` is ours (0 without leader election)."""

    def __init__(
        self,
        api: Api,
        *,
        check: Callable[[], None],
        epoch: Callable[[], int],
        unconfirmed: Unconfirmed,
    ) -> None:
        self._api, self._check, self._epoch = api, check, epoch
        self._unconfirmed = unconfirmed
        self._lock = threading.Lock()
        self._objects: dict[str, _Object] = {}

    def claim(self, record: SpecRecord) -> tuple[EjectionIntent, ...]:
        """Make `record` ours; the declared ejections of the leaders before us.

        To be called before the first decision. Writes only where another leader wrote last. Raises
        ApiError, and LeadershipLost where another leader has claimed it since.
        """
        known = self._known(record)
        with known.lock:
            if self._epoch() == _epoch(known.record.status):
                return ()
            self._store(known, lambda status: {**status, "epoch": self._epoch()})
            return _intents(known.record.status)

    def declare(self, record: SpecRecord, pod: PodUid, ejection: str) -> None:
        """Write down an ejection before it is done. Raises ApiError and LeadershipLost.

        Raises Conflict where the object is not what `record`, on which it was decided, says: a
        watch may not have shown yet that it is paused, in dry run or being deleted.
        """
        if not self._epoch():
            return
        known = self._known(record)
        with known.lock:
            self._confirm(known)
            known.intents[pod] = EjectionIntent(
                pod_uid=pod, ejection_id=ejection, epoch=self._epoch()
            )
            try:
                self._store(
                    known, lambda status: self._with_intents(known, status), decided_on=record
                )
            except BaseException:
                del known.intents[pod]
                raise

    def write(self, record: SpecRecord, status: KubervisorServiceStatus) -> bool:
        """True where the status was written; False where it says nothing new. Raises as
        `declare`.
        """
        known = self._known(record)
        with known.lock:
            self._confirm(known)
            wire = self._with_intents(known, status.wire())
            if known.record.status == wire:
                return False
            try:
                self._store(known, lambda _: wire)
            except NotFound:
                return False
        return True

    def last_written(self, record: SpecRecord) -> Mapping[str, Any]:
        """The status as we wrote it last, else as the watch shows it."""
        return self._known(record).record.status

    def forget(self, uid: str) -> None:
        """The object is gone."""
        with self._lock:
            self._objects.pop(uid, None)

    def _known(self, record: SpecRecord) -> _Object:
        """What is newer: `record`, as a cache shows it, or what our last write returned."""
        with self._lock:
            known = self._objects.get(record.uid)
            if known is None:
                known = self._objects[record.uid] = _Object(record)
                return known
        with known.lock:
            if _version(record) > _version(known.record):
                known.record = record
        return known

    def _store(
        self,
        known: _Object,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        decided_on: SpecRecord | None = None,
    ) -> None:
        """Write what `change` makes of the newest status; a spec edit in between is an obstacle
        only where something was `decided_on` the one before.
        """
        for attempt in range(ATTEMPTS):
            self._check()
            if decided_on is not None and _asked(known.record) != _asked(decided_on):
                raise Conflict(
                    f"{known.record.namespace}/{known.record.name} changed since the decision",
                    status=409,
                )
            wire = change(known.record.status)
            try:
                known.record = write_status(self._api, known.record, wire)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                known.record = self._reread(known.record)
            else:
                return

    def _reread(self, record: SpecRecord) -> SpecRecord:
        fresh = get_spec(self._api, record.namespace, record.name)
        if fresh.uid != record.uid:
            raise NotFound(f"{record.namespace}/{record.name} is another object of the same name")
        if _epoch(fresh.status) > self._epoch():
            raise LeadershipLost(f"{record.namespace}/{record.name} is another leader's by now")
        return fresh

    def _confirm(self, known: _Object) -> None:
        """Forget the intents whose end the watch has shown."""
        open_ones = set(self._unconfirmed(list(known.intents)))
        known.intents = {pod: intent for pod, intent in known.intents.items() if pod in open_ones}

    def _with_intents(self, known: _Object, wire: Mapping[str, Any]) -> dict[str, Any]:
        whole = {name: value for name, value in wire.items() if name != "intents"}
        if self._epoch():
            whole["epoch"] = self._epoch()
        if known.intents:
            whole["intents"] = [intent.wire() for intent in known.intents.values()]
        return whole


def _asked(record: SpecRecord) -> tuple[object, ...]:
    """What people ask for with the object."""
    return record.generation, record.annotations, record.deleting


def _version(record: SpecRecord) -> int:
    return int(record.resource_version) if record.resource_version.isdigit() else 0


def highest_epoch(records: Iterable[SpecRecord]) -> int:
    """The highest epoch that any of these objects has seen."""
    return max((_epoch(record.status) for record in records), default=0)


def _epoch(status: Mapping[str, Any]) -> int:
    """The epoch of the leader that wrote `status` last, 0 where none did."""
    epoch = status.get("epoch")
    return epoch if isinstance(epoch, int) else 0


def _intents(status: Mapping[str, Any]) -> tuple[EjectionIntent, ...]:
    """The declared ejections; what cannot be read was not written by any leader."""
    listed = status.get("intents")
    entries = listed if isinstance(listed, list) else []
    found = [entry for entry in entries if isinstance(entry, dict)]
    return tuple(
        EjectionIntent(
            pod_uid=str(entry.get("podUid", "")),
            ejection_id=str(entry.get("ejectionId", "")),
            epoch=entry["epoch"] if isinstance(entry.get("epoch"), int) else 0,
        )
        for entry in found
    )
