"""Several collections of the API server, kept current by watches and waited for as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch

WITHIN = 60.0
"""Seconds that anything may take; nothing should, and nobody waits for it to pass."""

LOOK_SECONDS = 0.2
"""What is awaited may hang on more than the collections: so often it is asked without a change."""


def _nothing(_: Json | None) -> None:
    """What a collection has to do by itself where nobody said."""


class Watches:
    """Watches of whole objects, until the context ends.

    `show` says what there is, for who waited in vain.
    """

    def __init__(self, api: Api, show: Callable[[], object]) -> None:
        self._api, self._show = api, show
        self._moved = threading.Condition()
        self._watches: list[Watch[Json]] = []
        self._stack = ExitStack()

    def add(self, path: str, changed: Callable[[Json | None], None] = _nothing) -> Watch[Json]:
        """The collection at `path` from now on; `changed` is told of each change of an object, and
        of its end (None), before who waits looks again.
        """

        def told(_: str, body: Json | None, __: float) -> None:
            changed(body)
            with self._moved:
                self._moved.notify_all()

        watch: Watch[Json] = Watch(self._api, path, lambda body: body, changed=told)
        self._stack.callback(watch.close)
        self._watches.append(watch)
        return watch

    def wait(self, so: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Return once `so()` holds, and all watches have told what is stored then.

        Raises TimeoutError, showing what there is.
        """
        until = time.monotonic() + within
        with self._moved:
            while not so():
                if time.monotonic() > until:
                    raise TimeoutError(f"not within {within:g} s that {what}: {self._show()}")
                self._moved.wait(LOOK_SECONDS)
        for watch in self._watches:
            watch.catch_up(within)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
