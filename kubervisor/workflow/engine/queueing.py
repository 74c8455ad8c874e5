"""Which resources are due: after a while, and when something changed that concerns them.

What a sync reads is looked at from the instant at which it is read: a change that comes while the
sync goes on is not lost. What a sync writes is no news to it: its own writes, as the watches show
them, do not make it due again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kubervisor.kube.caches import Changes
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.scheduler.dependencies import Dependencies, Found, Listed
from kubervisor.workflow.scheduler.inventory import Ref

SHORTEST_REST = 0.2
"""Seconds between the beginnings of two syncs of a resource, whatever changes."""

GONE = 2**63
"""The version of what was deleted: newer than all that we wrote."""

Own = Mapping[Ref | None, int]
"""Versions that a sync has written: of outputs, and by None of the resource itself."""


@dataclass(slots=True)
class InHand:
    """A sync that goes on. `reads` is what it has read so far; `changes` are the objects that were
    changed meanwhile, each with its newest version, and by None the resource itself.
    """

    key: Key
    reads: list[Found | Listed] = field(default_factory=list)
    changes: dict[Ref | None, int] = field(default_factory=dict)


class Wakes:
    """The queue of resources. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._queue = WorkQueue[Key](clock=clock)
        self._dependencies = Dependencies[Key]()
        self._in_hand: dict[Key, InHand] = {}
        self._own: dict[Key, Own] = {}
        self._began: dict[Key, float] = {}
        self._due: dict[Key, float] = {}
        self._backs_off_until: dict[Key, float] = {}

    def take(self) -> InHand:
        """The next resource that is due; blocks until there is one. Raises ShutDown."""
        while True:
            key = self._queue.get()
            with self._lock:
                early = self._due.get(key, 0.0) - self._clock()
                if early <= 0:
                    return self._begin(key)
            # The queue keeps the earliest instant, which a sync since may have put off.
            self._queue.done(key)
            self._queue.add(key, after=early)

    def settle(
        self, hand: InHand, own: Own, again: float | None, *, backs_off: bool = False
    ) -> None:
        """The sync in hand came to its end; it is due in `again` seconds, unless that is None.

        Where it failed it `backs_off`: no change of an object makes it due before, for its failures
        are counted; a change of the resource does.
        """
        key = hand.key
        with self._lock:
            self._dependencies.note(key, hand.reads)
            self._own[key] = own
            self._due.pop(key, None)
            self._backs_off_until.pop(key, None)
            if backs_off and again is not None:
                self._backs_off_until[key] = self._clock() + again
            del self._in_hand[key]
            news = [one for one in hand.changes.items() if self._is_news(key, *one)]
        if news:
            self.wake(key)
        if again is not None:
            self.wake(key, after=again)
        self._queue.forget(key)
        self._queue.done(key)

    def give_back(self, hand: InHand) -> None:
        """The sync in hand broke off: once more, later with each time. What was read before it
        counts still.
        """
        with self._lock:
            del self._in_hand[hand.key]
        self._queue.retry(hand.key)
        self._queue.done(hand.key)

    def drop(self, hand: InHand) -> None:
        """The resource in hand is gone: nothing concerns it any more, unless one of its name came
        meanwhile.
        """
        key = hand.key
        with self._lock:
            self._dependencies.note(key, ())
            for known in (
                self._own,
                self._began,
                self._due,
                self._backs_off_until,
                self._in_hand,
            ):
                known.pop(key, None)
            has_come = bool(hand.changes)
        self._queue.forget(key)
        self._queue.done(key)
        if has_come:
            self.wake(key)

    def wake(self, key: Key, *, after: float = 0.0) -> None:
        """A resource is due in so many seconds, but not at once after its last sync."""
        with self._lock:
            now = self._clock()
            due = max(now + after, self._began.get(key, now - SHORTEST_REST) + SHORTEST_REST)
            due = self._due[key] = min(due, self._due.get(key, due))
        self._queue.add(key, after=due - now)

    def resources_changed(self, changes: Changes[Seen]) -> None:
        """Resources came, went, or were changed so."""
        for old, new in changes:
            one = new or old
            if one is not None:
                key = Key(one.namespace, one.name)
                self._concern(frozenset((key,)), None, new.version if new else GONE)

    def objects_changed(self, changes: Changes[Seen]) -> None:
        """Objects that are read or written were changed so."""
        for old, new in changes:
            one = new or old
            if one is None:
                continue
            labels = tuple(each.labels for each in (old, new) if each is not None)
            with self._lock:
                readers = self._dependencies.readers_of(*_parts(one.ref), *labels)
                reading = [
                    key for key, hand in self._in_hand.items() if _concerns(hand, one, labels)
                ]
            self._concern(readers.union(reading), one.ref, new.version if new else GONE)

    def shut_down(self) -> None:
        """Every `take` raises ShutDown."""
        self._queue.shut_down()

    def __len__(self) -> int:
        return len(self._queue)

    def _begin(self, key: Key) -> InHand:
        self._began[key] = self._clock()
        self._due.pop(key, None)
        hand = self._in_hand[key] = InHand(key)
        return hand

    def _concern(self, keys: frozenset[Key], ref: Ref | None, version: int) -> None:
        for key in keys:
            with self._lock:
                hand = self._in_hand.get(key)
                if hand is not None:
                    # Whose it is, its end will tell.
                    hand.changes[ref] = max(version, hand.changes.get(ref, 0))
                    continue
                if not self._is_news(key, ref, version):
                    continue
            self.wake(key)

    def _is_news(self, key: Key, ref: Ref | None, version: int) -> bool:
        if ref is not None and self._clock() < self._backs_off_until.get(key, 0.0):
            return False
        return version > self._own.get(key, {}).get(ref, 0)


def _parts(ref: Ref) -> tuple[str, str, str]:
    return ref.kind, ref.namespace, ref.name


def _concerns(hand: InHand, one: Seen, labels: tuple[Mapping[str, str], ...]) -> bool:
    """Whether the sync in hand has read the object by now, or a list that it is or was in."""
    return any(_covers(read, one, labels) for read in tuple(hand.reads))


def _covers(read: Found | Listed, one: Seen, labels: tuple[Mapping[str, str], ...]) -> bool:
    if read.kind != one.kind:
        return False
    if isinstance(read, Found):
        return (read.namespace, read.name) == (one.namespace, one.name)
    wanted = read.labels.items()
    return read.namespace in (None, one.namespace) and any(
        wanted <= each.items() for each in labels
    )
