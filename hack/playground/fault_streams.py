"""Watch streams through the fault proxy: event by event, and what can happen to them on the way."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from http.client import HTTPException, HTTPResponse

from playground.fault_exchange import Exchange, kept_headers
from playground.fleet_api import Json

Event = Json
"""A watch event: `type` and `object`."""

Edit = Callable[[Event], Iterable[Event]]
"""What becomes of one event: itself, nothing, several. Called on the stream's own thread."""


class WatchStream:
    """One watch that is open through the proxy. Safe to use from several threads."""

    def __init__(self, exchange: Exchange, edits: Callable[[], Iterable[Edit]]) -> None:
        self.resource = exchange.request.resource
        self._exchange, self._edits = exchange, edits
        self._writing = threading.Lock()

    def run(self, answer: HTTPResponse, thawed: threading.Event) -> None:
        """Pass events on until either side ends; none while `thawed` is not set."""
        exchange = self._exchange
        exchange.begin(200, (*kept_headers(answer), ("Transfer-Encoding", "chunked")))
        try:
            while line := answer.readline():
                events = [json.loads(line)]
                for edit in self._edits():
                    events = [made for event in events for made in edit(event)]
                thawed.wait()
                for event in events:
                    self.say(event)
            exchange.write_chunk(b"")
        except (OSError, HTTPException, ValueError):
            exchange.hang_up()  # one of the two sides was cut
        finally:
            exchange.give_up()

    def say(self, event: Event) -> None:
        """Tell the client an event. Raises OSError where it has gone."""
        with self._writing:
            self._exchange.write_chunk(json.dumps(event).encode() + b"\n")

    def cut(self) -> None:
        """End it in the middle, on both sides."""
        self._exchange.hang_up()
        self._exchange.give_up()


def drops(which: Callable[[Event], bool]) -> Edit:
    """Events that the client never hears of."""
    return lambda event: () if which(event) else (event,)


def spoils(which: Callable[[Event], bool]) -> Edit:
    """Events whose object has labels that are no strings, which no client can read."""

    def edit(event: Event) -> Iterable[Event]:
        if which(event):
            spoil(event["object"])
        return (event,)

    return edit


def spoil(object: Json) -> None:
    """Make of an object one that no client can read."""
    object["metadata"]["labels"] = {"app": 7}


def doubles(event: Event) -> Iterable[Event]:
    """Every event twice."""
    return (event, event)


def lags(seconds: float) -> Edit:
    """Every event so much later than the one before it: a consumer, or a server, that is slow."""
    pause = threading.Event()

    def edit(event: Event) -> Iterable[Event]:
        pause.wait(seconds)
        return (event,)

    return edit


def swaps(kept: deque[Event]) -> Edit:
    """Neighbouring events of different objects in the wrong order; each waits for the next in
    `kept`, where whoever ends this finds the one that waits then.
    """

    def edit(event: Event) -> Iterable[Event]:
        kept.append(event)
        if len(kept) < 2:
            return ()
        first, second = kept.popleft(), kept.popleft()
        return (first, second) if _name(first) == _name(second) else (second, first)

    return edit


def is_about(name: str) -> Callable[[Event], bool]:
    """Events of the object of that name."""
    return lambda event: _name(event) == name


def expired() -> Event:
    """What the API server says in a stream whose version it has forgotten."""
    return {
        "type": "ERROR",
        "object": {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": "too old resource version",
            "reason": "Expired",
            "code": 410,
        },
    }


def bookmark(version: str) -> Event:
    """Nothing happened up to this version."""
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}}


def _name(event: Event) -> str:
    name: str = event["object"].get("metadata", {}).get("name", "")
    return name
