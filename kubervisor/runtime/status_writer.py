"""Writes the statuses of KubervisorServices, and with them what makes two leaders harmless.

A status carries the epoch of the leader that wrote it and the ejections that were decided and may
not be on their pods yet. An ejection is declared there first, under the object's resourceVersion;
a new leader claims the object by writing its own epoch, before anything else that it writes to it
and before it takes a pod out. So a leader that froze and wakes finds the version moved and the
epoch higher, and stops before it reaches a pod.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubervisor.api.status import EjectionIntent, KubervisorServiceStatus
from kubervisor.errors import Conflict, LeadershipLost, NotFound
from kubervisor.kube.client import Api
from kubervisor.kube.objects import get_spec, write_status
from kubervisor.kube.records import SpecRecord
from kubervisor.runtime.restoring import epoch_in, intents_in
from kubervisor.traffic.model import PodUid

ATTEMPTS = 4
COUNTS_SETTLE = 2.0
"""Seconds for which changed counts of pods are not written where nothing else has changed: a pod
that is replaced changes them several times, often to what they were.
"""
_COUNTS = ("fleet", "podCount")

Unconfirmed = Callable[[Collection[PodUid]], Collection[PodUid]]
"""Which of these pods have an ejection of ours that the watch has not shown."""

Fence = Callable[[str, EjectionIntent], None]
"""Sees to it that an ejection which another leader declared for the KubervisorService of that name
shows, or cannot happen any more.
"""


@dataclass(slots=True)
class _Object:
    """What is known of one object, newer than any cache: as our last write left it."""

    record: SpecRecord
    claimed: bool = False
    inherited: tuple[EjectionIntent, ...] = ()  # declared by leaders before us, not fenced yet
    lock: threading.Lock = field(default_factory=threading.Lock)
    intents: dict[PodUid, EjectionIntent] = field(default_factory=dict)
    recounted_at: float | None = None  # monotonic: since when only the counts are others
    told: tuple[object, str] | None = None  # what `record` says, as of that version of it


class StatusWriter:
    """Thread-safe. `check` raises LeadershipLost, `epoch` is ours (0 without leader election),
    `outrank` raises it above another.
    """

    def __init__(
        self,
        api: Api,
        *,
        check: Callable[[], None],
        epoch: Callable[[], int],
        outrank: Callable[[int], None],
        unconfirmed: Unconfirmed,
        fence: Fence,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._check, self._epoch = api, check, epoch
        self._clock = clock
        self._outrank, self._unconfirmed, self._fence = outrank, unconfirmed, fence
        self._lock = threading.Lock()
        self._objects: dict[str, _Object] = {}

    def claim(self, record: SpecRecord) -> bool:
        """Make `record` ours, once; True where leaders before us had declared ejections. They are
        fenced now, and what was decided before may not hold.

        To be called before capacity is taken away; `declare` and `write` do. Raises ApiError, and
        LeadershipLost where another leader has claimed it since.
        """
        known = self._known(record)
        with known.lock:
            return self._claim(known)

    @staticmethod
    def declares(record: SpecRecord) -> bool:
        """Whether the stored status names ejections that may not be on their pods yet."""
        return bool(intents_in(record.status))

    def _claim(self, known: _Object, said: Mapping[str, Any] | None = None) -> bool:
        if not known.claimed and (self._epoch() or epoch_in(known.record.status)):
            self._store(known, lambda status: self._claimed(known, status, said))
            known.claimed, known.inherited = True, intents_in(known.record.status)
        inherited = known.inherited
        for intent in inherited:
            self._fence(known.record.name, intent)
        known.inherited = ()
        return bool(inherited)

    def _claimed(
        self, known: _Object, status: Mapping[str, Any], said: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """`status` with our epoch, or at once what is to be `said`, where no intent is lost by
        that.
        """
        if self._epoch() and epoch_in(status) == self._epoch():
            # Another Lease's holder has counted as far as ours.
            self._outrank(epoch_in(status))
        if said is not None and not intents_in(status):
            status = self._with_intents(known, said)
        return {**status, "epoch": self._epoch()}

    def is_anothers(self, record: SpecRecord) -> bool:
        """Whether another leader has claimed `record` after us."""
        return 0 < self._epoch() < epoch_in(record.status)

    def declare(self, record: SpecRecord, pod: PodUid, ejection: str) -> None:
        """Write down an ejection before it is done. Raises ApiError and LeadershipLost.

        Raises Conflict where the object is not what `record`, on which it was decided, says: a
        watch may not have shown yet that it is paused, in dry run or being deleted.
        """
        if not self._epoch():
            return
        known = self._known(record)
        with known.lock:
            if self._claim(known):
                raise Conflict("a leader before us had declared ejections", status=409)
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

    def has_told(self, record: SpecRecord, facts: object) -> bool:
        """Whether a status made of equal facts is what is stored, and all of it is."""
        known = self._known(record)
        with known.lock:
            told = facts, known.record.resource_version
            return known.told == told and not known.intents and known.recounted_at is None

    def write(
        self, record: SpecRecord, status: KubervisorServiceStatus, facts: object = None
    ) -> float:
        """Write the status, made of `facts`, if it says something new; returns the seconds until
        counts that are not written yet should be, 0 where there is nothing left to say. Raises as
        `declare`.
        """
        known = self._known(record)
        with known.lock:
            try:
                said = status.wire()
                self._claim(known, said)
                self._confirm(known)
                stored, wire = known.record.status, self._with_intents(known, said)
                if stored == wire:
                    known.recounted_at = None
                elif wait := self._unsettled(known, stored, wire):
                    return wait
                else:
                    self._store(known, lambda _: wire)
                known.told = facts, known.record.resource_version
            except NotFound:
                pass
        return 0.0

    def _unsettled(
        self, known: _Object, stored: Mapping[str, Any], wire: Mapping[str, Any]
    ) -> float:
        """The seconds for which `wire` should not be written: only its counts are new."""
        now = self._clock()
        if _without_counts(stored) != _without_counts(wire):
            known.recounted_at = None
            return 0.0
        if known.recounted_at is None:
            known.recounted_at = now
        left = known.recounted_at + COUNTS_SETTLE - now
        if left <= 0:
            known.recounted_at = None
        return max(0.0, left)

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
            if _version(record) >= _version(known.record):
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
            if self.is_anothers(known.record):
                who = f"{known.record.namespace}/{known.record.name}"
                raise LeadershipLost(f"{who} is another leader's by now")
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


def _without_counts(status: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in status.items() if name not in _COUNTS}


def _asked(record: SpecRecord) -> tuple[object, ...]:
    """What people ask for with the object."""
    return record.generation, record.annotations, record.deleting


def _version(record: SpecRecord) -> int:
    return int(record.resource_version) if record.resource_version.isdigit() else 0
