"""Watches that begin when a rule first needs what they show: nobody pays for kinds that no rule is
about, nor needs rights for them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.rule_records import SeenObject
from kubervisor.runtime.process import Background


class OnDemand:
    """Some reflectors, each on a thread that waits until somebody asks."""

    def __init__(self, reflectors: Iterable[Reflector[Any]]) -> None:
        self._reflectors = tuple(reflectors)
        self._asked = threading.Event()

    def are_synced(self) -> bool:
        """Whether all has been listed. The first to ask has them begin."""
        self._asked.set()
        return all(one.synced.is_set() for one in self._reflectors)

    def are_current(self) -> bool:
        """Whether all of them work now: what they show is of the same moment, or nearly."""
        return all(one.healthy_since is not None for one in self._reflectors)

    def problem(self) -> str:
        """What keeps them from beginning, "" where nothing does."""
        found = (one for one in self._reflectors if one.problem and not one.synced.is_set())
        return "; ".join(f"{one.name}: {one.problem}" for one in found)

    def backgrounds(self) -> list[Background]:
        """What runs them, for the process to start."""
        return [
            Background(one.name, partial(self._run, one), partial(self._interrupt, one))
            for one in self._reflectors
        ]

    def _run(self, reflector: Reflector[Any]) -> None:
        self._asked.wait()
        reflector.run()

    def _interrupt(self, reflector: Reflector[Any]) -> None:
        # The stop event is set by now: what begins only then ends at once.
        self._asked.set()
        reflector.interrupt()


class Kind:
    """The objects of one kind that rules can be about."""

    def __init__(self, cache: ObjectCache[SeenObject], watches: OnDemand) -> None:
        self._cache, self.watches = cache, watches

    def seen(self) -> tuple[SeenObject, ...]:
        """All of them, as the watch has shown them."""
        return self._cache.values()

    def __len__(self) -> int:
        return len(self._cache)
