"""What the fault proxy can do to a request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

from playground.fault_exchange import Exchange, Reply
from playground.fault_streams import spoil

Fault = Callable[[Exchange], None]

REASONS = {
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def answers(status: int, message: str = "so the test wants", *, retry_after: int = 0) -> Fault:
    """An error in the API server's own form; the request goes no further."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": REASONS[status],
        "code": status,
    }
    headers = [("Content-Type", "application/json")]
    if retry_after:
        headers.append(("Retry-After", str(retry_after)))
    reply = Reply(status, tuple(headers), json.dumps(body).encode())
    return lambda exchange: exchange.reply(reply)


def serves(reply: Reply) -> Fault:
    """This answer, whatever is asked: an older version of a list, for instance."""
    return lambda exchange: exchange.reply(reply)


def spoils_items(*names: str) -> Fault:
    """A LIST in which the objects of these names cannot be read."""

    def fault(exchange: Exchange) -> None:
        reply = exchange.forward()
        body = json.loads(reply.body)
        for item in body["items"]:
            if item["metadata"]["name"] in names:
                spoil(item)
        exchange.reply(replace(reply, body=json.dumps(body).encode()))

    return fault


def cuts(exchange: Exchange) -> None:
    """The connection ends; the request goes no further."""
    exchange.hang_up()


def hangs(exchange: Exchange) -> None:
    """No answer, and the request goes no further."""
    exchange.over.wait()
    exchange.hang_up()


def commits_and_cuts(exchange: Exchange) -> None:
    """The API server does it, and its answer is lost with the connection."""
    exchange.forward()
    exchange.hang_up()


def commits_and_hangs(exchange: Exchange) -> None:
    """The API server does it, and its answer never comes."""
    exchange.forward()
    exchange.over.wait()
    exchange.hang_up()


def delays(seconds: float) -> Fault:
    """The request is handed on that much later."""

    def fault(exchange: Exchange) -> None:
        exchange.over.wait(seconds)
        exchange.reply(exchange.forward())

    return fault


class Holds:
    """Requests stand still until they are let go, and then arrive, whoever still waits for them.

    Attributes:
        replies: what the API server answered to those that were let go.
    """

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self._gate = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, exchange: Exchange) -> None:
        """Hold one request."""
        self._gate.wait()
        reply = exchange.forward()
        with self._changed:
            self.replies.append(reply)
            self._changed.notify_all()
        exchange.reply(reply)

    def let_go(self) -> None:
        """Let those that are held arrive, and all later ones at once."""
        self._gate.set()

    def wait_reply(self, timeout: float) -> Reply:
        """The first answer of the API server. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.replies, timeout):
                raise TimeoutError(f"no answer in {timeout} s")
            return self.replies[0]
