"""A collection of the API server, kept current by a watch."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Generic, Self, TypeVar

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from playground.fleet_api import Api, ApiRefused, Json, lines

T = TypeVar("T")

Changed = Callable[[str, T | None, float], None]
"""Told of each change: key, new value (None: deleted) and the monotonic instant it arrived."""


class Watch(Generic[T]):
    """The objects at `path`, each as `read` projects it, under the key NAMESPACE/NAME.

    Complete on return from the constructor; kept current by a thread until closed. A stream that
    ends is followed by a new LIST, whose differences are told like events. `changed` is called on
    the thread, one call at a time, after the object is visible in `objects`.
    """

    def __init__(
        self,
        api: Api,
        path: str,
        read: Callable[[Json], T],
        *,
        selector: str = "",
        fields: str = "",
        changed: Changed[T] | None = None,
    ) -> None:
        self._api, self._path, self._read, self._changed = api, path, read, changed
        self._query = {"labelSelector": selector, "fieldSelector": fields}
        self._objects: dict[str, T] = {}
        self._versions: dict[str, int] = {}
        self._told = threading.Condition()
        self._stopped = threading.Event()
        self._stream: BaseHTTPResponse | None = None
        self._version = self._list()
        self._thread = threading.Thread(target=self._run, name=f"watch {path}", daemon=True)
        self._thread.start()

    @property
    def objects(self) -> Mapping[str, T]:
        """A copy of what is there now."""
        return self._objects.copy()

    def catch_up(self, timeout: float = 10.0) -> None:
        """Return once all that the API server has now was told; other watches may be ahead of this.

        Raises TimeoutError after `timeout` seconds.
        """
        answer = self._api.get(self._path, **self._query)
        stored = {_key(body): revision(body) for body in answer["items"]}
        listed = revision(answer)

        def is_told() -> bool:
            told, others = self._versions, self.objects.keys() - stored.keys()
            return all(told.get(key, 0) >= at for key, at in stored.items()) and all(
                told.get(key, 0) > listed for key in others
            )

        with self._told:
            if not self._told.wait_for(is_told, timeout):
                raise TimeoutError(f"{self._path} is behind for {timeout:g} s")

    def close(self) -> None:
        """End the watch and its thread."""
        self._stopped.set()
        if self._stream is not None:
            _cut(self._stream)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._follow()
                if not self._stopped.is_set():
                    self._version = self._list()
            except (ApiRefused, HTTPError, OSError):
                self._stopped.wait(0.2)

    def _follow(self) -> None:
        query = {"resourceVersion": self._version, **self._query}
        with closing(self._api.open_watch(self._path, **query)) as stream:
            self._stream = stream
            # `close` may have come before there was a stream to cut.
            if self._stopped.is_set():
                return
            for line in lines(stream):
                event = json.loads(line)
                body = event["object"]
                if event["type"] == "ERROR":
                    return
                self._version = body["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    self._put(_key(body), None, revision(body))
                elif event["type"] != "BOOKMARK":
                    self._put(_key(body), self._read(body), revision(body))

    def _list(self) -> str:
        answer = self._api.get(self._path, **self._query)
        present = {_key(body): (self._read(body), revision(body)) for body in answer["items"]}
        for key in self._objects.keys() - present.keys():
            self._put(key, None, revision(answer))
        for key, (value, at) in present.items():
            if self._objects.get(key) != value:
                self._put(key, value, at)
            else:
                self._note(key, at)
        version: str = answer["metadata"]["resourceVersion"]
        return version

    def _put(self, key: str, value: T | None, version: int) -> None:
        if value is None:
            self._objects.pop(key, None)
        else:
            self._objects[key] = value
        if self._changed is not None:
            self._changed(key, value, time.monotonic())
        self._note(key, version)

    def _note(self, key: str, version: int) -> None:
        with self._told:
            self._versions[key] = version
            self._told.notify_all()


def revision(body: Json) -> int:
    """That of etcd at which this version of an object was stored: it counts for all objects."""
    return int(body["metadata"]["resourceVersion"])


def _key(body: Json) -> str:
    metadata = body["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def _cut(stream: BaseHTTPResponse) -> None:
    """Wake the thread that reads the stream, and alone may close it."""
    connection = stream.connection
    if isinstance(connection, HTTPConnection) and connection.sock is not None:
        # Not the socket's own method: that of a TLS socket, and so `stream.shutdown`, also drops
        # the encryption under the reader, who then takes what is on the wire for the body.
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def await_object(
    api: Api, collection: str, name: str, accepted: Callable[[Json], bool], timeout: float
) -> Json:
    """The object `name` of `collection` as soon as `accepted` says yes, seen by watch.

    One that lacks a key which `accepted` looks at is not there yet, and not accepted. Raises
    TimeoutError, showing the object as it last was, after `timeout` seconds.
    """
    seen: list[Json] = []
    found = threading.Event()

    def changed(_: str, body: Json | None, __: float) -> None:
        if body is not None and not found.is_set():
            seen.append(body)
            with suppress(KeyError):
                if accepted(body):
                    found.set()

    watch = Watch(
        api, collection, lambda body: body, fields=f"metadata.name={name}", changed=changed
    )
    with watch:
        if not found.wait(timeout):
            last = json.dumps(seen[-1], indent=1) if seen else "it does not exist"
            raise TimeoutError(f"{collection}/{name} not as awaited after {timeout} s: {last}")
    return seen[-1]
