"""A data repository of the test's own: what it publishes is what the test says."""

from __future__ import annotations

import hashlib
import threading
from contextlib import ExitStack
from typing import Self

from kubervisor.datarollout.versions import Version, write_manifest
from tests.datarollout.origins import Answer, Seen, serving

FIRST_AT = 1_700_000_000.0


class Shelf:
    """Serves a manifest. `down` has it answer 503; `token` is what it wants, where it wants one."""

    def __init__(self) -> None:
        self.down = False
        self.token = ""
        self.body: bytes | None = None
        self.asked = 0
        self.unchanged = 0
        self._sources: dict[str, list[Version]] = {}
        self._moved = threading.Condition()
        self._stack = ExitStack()
        self.url = self._stack.enter_context(serving(self._answer)).url("")

    def publish(self, source: str, name: str) -> Version:
        """The newest version of a source from now on; its bytes are its name."""
        versions = self._sources.setdefault(source, [])
        digest = hashlib.sha256(f"{source}/{name}".encode()).hexdigest()
        version = Version(f"{name}.tar.zst", digest, FIRST_AT + 60 * len(versions), 10)
        versions.append(version)
        return version

    def withdraw(self, source: str, version: Version) -> None:
        """Publish it no more."""
        self._sources[source].remove(version)

    def _answer(self, seen: Seen) -> Answer:
        body = self.body if self.body is not None else self.manifest()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        status = self._status(seen, etag)
        with self._moved:
            self.asked += 1
            self.unchanged += status == 304
            self._moved.notify_all()
        return Answer(status, body if status == 200 else b"", {"ETag": etag})

    def _status(self, seen: Seen, etag: str) -> int:
        if self.down:
            return 503
        if self.token and seen.headers.get("authorization") != f"Bearer {self.token}":
            return 401
        if seen.path != "/.manifest":
            return 404
        return 304 if seen.headers.get("if-none-match") == etag else 200

    def manifest(self) -> bytes:
        """What is published."""
        return write_manifest({name: tuple(some) for name, some in self._sources.items()})

    def wait_asked(self, times: int, within: float = 30.0) -> None:
        """Return once it was asked so often again."""
        with self._moved:
            wanted = self.asked + times
            assert self._moved.wait_for(lambda: self.asked >= wanted, within)

    def close(self) -> None:
        """End it."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
