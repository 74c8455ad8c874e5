"""What the watches have shown, for all to read.

Reflectors write, any thread reads, and no reader waits for a writer: records are immutable, and a
LIST is put up beside what there is and takes its place at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar


class Record(Protocol):
    """What a cache needs of a record: who it is."""

    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...


T = TypeVar("T", bound=Record)
R = TypeVar("R", bound=Record)
Changes = Sequence[tuple[T | None, T | None]]
"""Each record as it was and as it is; None before it came and after it went, the same one where its
version alone is another.
"""
Subscriber = Callable[[Changes[T]], None]


class Shelf(Generic[T]):
    """The records of one namespace, by name; a kind that is found otherwise too has an `_index`."""

    def __init__(self) -> None:
        self.records: dict[str, T] = {}

    def fill(self, records: dict[str, T]) -> None:
        """Take `records`, by their names, for its own; nobody reads it yet."""
        self.records = records
        for record in records.values():
            self._index(None, record)

    def put(self, old: T | None, new: T | None) -> None:
        """Put `new` in the place of `old`; both have the same name."""
        if new is not None:
            self.records[new.name] = new
        elif old is not None:
            del self.records[old.name]
        self._index(old, new)

    def _index(self, old: T | None, new: T | None) -> None:
        """Note that `new` is in the place of `old`."""


class ObjectCache(Generic[T]):
    """Records by namespace and name. Subscribers hear of changes after these are visible.

    One thread writes to a namespace: that of its reflector. One object replaced by another of the
    same name is told as a removal and an addition.
    """

    def __init__(self, shelf: Callable[[], Shelf[T]] | None = None) -> None:
        self._make: Callable[[], Shelf[T]] = shelf or Shelf
        self._shelves: dict[str, Shelf[T]] = {}
        self._subscribers: tuple[Subscriber[T], ...] = ()

    def subscribe(self, callback: Subscriber[T]) -> None:
        """Call `callback(changes)` after each event and each LIST, on the thread that brought it:
        with all that it changed.
        """
        self._subscribers += (callback,)

    def get(self, namespace: str, name: str) -> T | None:
        """Return the record of that name, None where there is none."""
        shelf = self._shelves.get(namespace)
        return None if shelf is None else shelf.records.get(name)

    def values(self, namespace: str | None = None) -> tuple[T, ...]:
        """Return all records, or those of one namespace."""
        # A copy is made in one go, while a walk may meet a change.
        if namespace is not None:
            shelf = self._shelves.get(namespace)
            return () if shelf is None else tuple(shelf.records.copy().values())
        shelves = self._shelves.copy().values()
        return tuple(record for shelf in shelves for record in shelf.records.copy().values())

    def held(self, record: R) -> T | R:
        """Return the record that is held where it is `record` in all, else `record`."""
        held = self.get(record.namespace, record.name)
        return record if held is None or held != record or self._is_newer(record, held) else held

    def __len__(self) -> int:
        return sum(len(shelf.records) for shelf in self._shelves.copy().values())

    def upsert(self, record: T) -> None:
        """Take in a record that a watch showed as added or modified."""
        shelf = self._shelves.get(record.namespace)
        if shelf is None:
            shelf = self._shelves[record.namespace] = self._make()
        old = shelf.records.get(record.name)
        if old is not None and old == record:
            if self._is_newer(record, old):
                self._renew(old, record)
                self._tell([(old, old)])
            return
        shelf.put(old, record)
        if old is None or old.uid == record.uid:
            self._tell([(old, record)])
        else:
            self._tell([(old, None), (None, record)])

    def delete(self, record: Record) -> None:
        """Take out a record that a watch showed as deleted, unless another has its name by now."""
        shelf = self._shelves.get(record.namespace)
        old = None if shelf is None else shelf.records.get(record.name)
        if shelf is None or old is None or old.uid != record.uid:
            return
        shelf.put(old, None)
        if not shelf.records:
            del self._shelves[record.namespace]
        self._tell([(old, None)])

    def replace(
        self,
        records: Iterable[T],
        *,
        namespace: str | None = None,
        unreadable: Iterable[Record] = (),
    ) -> None:
        """Take `records` for all that exist (in `namespace` where given), as a LIST showed it.

        Those that are `unreadable` exist too: what is known of them stays as it is.
        """
        listed: defaultdict[str, dict[str, T]] = defaultdict(dict)
        for one in unreadable:
            known = self.get(one.namespace, one.name)
            if known is not None and known.uid == one.uid:
                listed[one.namespace][one.name] = known
        for record in records:
            listed[record.namespace][record.name] = record
        changes = self._differences(listed, namespace)
        fresh: dict[str, Shelf[T]] = {}
        for where, found in listed.items():
            fresh[where] = self._make()
            fresh[where].fill(found)
        if namespace is None:
            self._shelves = fresh
        elif namespace in fresh:
            self._shelves[namespace] = fresh[namespace]
        else:
            self._shelves.pop(namespace, None)
        self._tell(changes)

    def _differences(
        self, listed: Mapping[str, dict[str, T]], namespace: str | None
    ) -> list[tuple[T | None, T | None]]:
        """What `listed` changes, removals first; a record that is as it was stays the same one."""
        changes: list[tuple[T | None, T | None]] = []
        for known in self.values(namespace):
            new = listed.get(known.namespace, {}).get(known.name)
            if new is None or new.uid != known.uid:
                changes.append((known, None))
        for found in listed.values():
            for name, record in found.items():
                old = self.get(record.namespace, name)
                if old is not None and old == record:
                    found[name] = old
                    if self._is_newer(record, old):
                        self._renew(old, record)
                        changes.append((old, old))
                else:
                    same = old is not None and old.uid == record.uid
                    changes.append((old if same else None, record))
        return changes

    def _is_newer(self, record: Record, held: Record) -> bool:
        """Whether `record`, an equal of the one that is `held`, has something that equality does
        not look at.
        """
        return False

    def _renew(self, held: T, record: T) -> None:
        """Let `held` have that of `record`."""

    def _tell(self, changes: Changes[T]) -> None:
        for callback in self._subscribers:
            callback(changes)
