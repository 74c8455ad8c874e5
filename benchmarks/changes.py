"""Who writes what to the API server, counted by watching: no writer's own word is needed."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import Self

from benchmarks.ground import guards_path
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch

PATHS = {
    "pods": "/api/v1/pods",
    "statuses": guards_path(""),
    "Events": "/apis/events.k8s.io/v1/events",
    "Leases": "/apis/coordination.k8s.io/v1/leases",
}
_SHARED = frozenset({"Events", "Leases"})
"""Collections that others write to as well, in a quiet cluster too."""


class Changes:
    """Counts the writes to each collection of PATHS, from the constructor until closed.

    Of Events and Leases, only those that a Kubervisor reports or holds count.
    """

    def __init__(self, api: Api) -> None:
        self._counts: Counter[str] = Counter()
        with ExitStack() as stack:
            for name, path in PATHS.items():
                read = partial(_version, anybody=name not in _SHARED)
                stack.enter_context(Watch(api, path, read, changed=partial(self._changed, name)))
            self._watches = stack.pop_all()
        self._counts.clear()

    def during(self, seconds: float) -> Counter[str]:
        """Wait that long; the writes of this time by collection."""
        before = self._counts.copy()
        time.sleep(seconds)
        return self._counts - before

    def close(self) -> None:
        """End the watches."""
        self._watches.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, name: str, key: str, version: str | None, at: float) -> None:
        if version:
            self._counts[name] += 1


def _version(body: Json, *, anybody: bool) -> str:
    """The object's version, empty where it is not one that a controller of ours writes."""
    ours = (
        anybody or "kubervisor" in f"{body['metadata']['name']} {body.get('reportingController')}"
    )
    return str(body["metadata"]["resourceVersion"]) if ours else ""
