"""Which resources have read what: whom a change of an object concerns."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Found:
    """An object was asked for by name, whether or not there was one. `kind` is its lower name,
    `namespace` is "" where the kind has none.
    """

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The objects that have all of `labels` were asked for; a namespace of None is all of them.

    That a resource owns objects of a kind is `Listed(kind, None, {OWNER_LABEL: uid})`.
    """

    kind: str
    namespace: str | None
    labels: Mapping[str, str] = field(default_factory=dict)


_Pair = tuple[str, str]
_Selection = tuple[str, str | None, frozenset[_Pair]]
_Place = tuple[str, str | None, _Pair | None]


class Dependencies(Generic[Key]):
    """What each resource has read in its last sync. Not safe by itself: its owner has a lock.

    A change finds its readers by the object's name and by one label of each selection, so it costs
    what it concerns, however many resources there are.
    """

    def __init__(self) -> None:
        self._reads: dict[Key, frozenset[Found | _Selection]] = {}
        self._by_name: dict[Found, set[Key]] = {}
        self._by_label: dict[_Place, dict[_Selection, set[Key]]] = {}

    def note(self, key: Key, reads: Iterable[Found | Listed]) -> None:
        """What `key` has read instead of what it had read before; nothing forgets it."""
        now = frozenset(one if isinstance(one, Found) else _selection(one) for one in reads)
        before = self._reads.pop(key, frozenset())
        for gone in before - now:
            self._forget(key, gone)
        for new in now - before:
            self._readers(new).add(key)
        if now:
            self._reads[key] = now

    def readers_of(
        self, kind: str, namespace: str, name: str, *labels: Mapping[str, str]
    ) -> frozenset[Key]:
        """Whom a change of an object concerns; `labels` are those before and those after it."""
        found = set(self._by_name.get(Found(kind, namespace, name), ()))
        for has in labels:
            pairs = has.items()
            for place in product((kind,), (namespace, None), (None, *pairs)):
                for selection, keys in self._by_label.get(place, {}).items():
                    if selection[2] <= pairs:
                        found |= keys
        return frozenset(found)

    def _readers(self, read: Found | _Selection) -> set[Key]:
        if isinstance(read, Found):
            return self._by_name.setdefault(read, set())
        return self._by_label.setdefault(_place(read), {}).setdefault(read, set())

    def _forget(self, key: Key, read: Found | _Selection) -> None:
        readers = self._readers(read)
        readers.discard(key)
        if readers:
            return
        if isinstance(read, Found):
            del self._by_name[read]
            return
        at_place = self._by_label[_place(read)]
        del at_place[read]
        if not at_place:
            del self._by_label[_place(read)]


def _selection(listed: Listed) -> _Selection:
    return listed.kind, listed.namespace, frozenset(listed.labels.items())


def _place(selection: _Selection) -> _Place:
    kind, namespace, pairs = selection
    return kind, namespace, min(pairs, default=None)
