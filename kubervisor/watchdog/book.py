"""What the prober itself last saw: what an eviction may rest on, as whoever may patch a pod can
write anything on it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import Level

MANY = 10
"""Pods of which more than half are silent only where the fault is between them and us."""

_NOTHING: Mapping[str, Word] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Word:
    """What a watchdog is judged to say, since when (Unix seconds).

    It counts until `until` (monotonic seconds): by then the next probe should have confirmed it.
    `probed` is False where nothing was asked because its annotation cannot be used: no eviction
    mends that. `silent` is whether no answer came the last time.
    """

    level: Level
    since: float
    message: str
    until: float
    probed: bool = True
    silent: bool = False

    def fails(self, now: float) -> bool:
        """Whether a probe has failed, and it counts at `now` (monotonic seconds)."""
        return self.level is Level.ERROR and self.probed and now < self.until


class Book:
    """The judged watchdogs of each pod, by its uid. Thread-safe; an answer is never changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words: dict[PodUid, Mapping[str, Word]] = {}

    def note(self, uid: PodUid, name: str, word: Word) -> None:
        """Have `word` be the last one of that watchdog."""
        with self._lock:
            self._words[uid] = {**self._words.get(uid, _NOTHING), name: word}

    def forget(self, uid: PodUid, name: str | None = None) -> None:
        """Know nothing of that watchdog any more, or of any of that pod."""
        with self._lock:
            rest = {} if name is None else {**self._words.get(uid, _NOTHING)}
            rest.pop(name or "", None)
            if rest:
                self._words[uid] = rest
            else:
                self._words.pop(uid, None)

    def of(self, uid: PodUid) -> Mapping[str, Word]:
        """The last words of that pod's watchdogs, by name; empty where none is judged yet."""
        return self._words.get(uid, _NOTHING)

    def is_cut_off(self) -> bool:
        """Whether most pods are silent: then it is more likely us whom nobody hears."""
        with self._lock:
            pods = list(self._words.values())
        silent = sum(any(word.silent for word in words.values()) for words in pods)
        return len(pods) >= MANY and 2 * silent > len(pods)

    def failing(self, now: float) -> Mapping[PodUid, tuple[str, ...]]:
        """The pods that failed a probe, and the watchdogs that say so, in the order of names;
        `now` in monotonic seconds: a word that no probe has confirmed in time is left out, and so
        is mere silence while most pods are silent.
        """
        cut_off = self.is_cut_off()
        with self._lock:
            pods = list(self._words.items())
        found = {
            uid: tuple(
                sorted(
                    name
                    for name, word in words.items()
                    if word.fails(now) and not (word.silent and cut_off)
                )
            )
            for uid, words in pods
        }
        return {uid: names for uid, names in found.items() if names}
