"""One request on its way through the fault proxy, and the means to answer it."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from playground.fleet_api import Json

_PATH = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/([^/]+)(?=/))?/([^/]+)(?:/([^/]+))?(?:/([^/]+))?"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OWN = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
"""Headers that belong to one hop."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as RBAC would name it; `resource` includes a subresource, as `pods/eviction`."""

    method: str
    target: str
    verb: str
    resource: str
    namespace: str
    name: str
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters after the path."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def content(self) -> Json:
        """The body, decoded; a list of operations is under `patch`."""
        decoded = json.loads(self.body or b"{}")
        return decoded if isinstance(decoded, dict) else {"patch": decoded}

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.name}".rstrip()


def read_request(method: str, target: str, body: bytes) -> Request:
    """What a request asks for.

    >>> str(read_request("PATCH", "/api/v1/namespaces/shop/pods/a?fieldManager=x", b""))
    'patch pods a'
    """
    parts = urlsplit(target)
    found = _PATH.fullmatch(parts.path)
    namespace, resource, name, sub = found.groups() if found else ("", "", "", "")
    verb = _VERBS.get(method, "get")
    if verb == "get" and resource and not name:
        verb = "watch" if "watch" in dict(parse_qsl(parts.query)) else "list"
    whole = f"{resource}/{sub}" if sub else resource
    return Request(method, target, verb, whole, namespace or "", name or "", body)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Exchange:
    """A request, the API server behind it, and the client before it.

    `over` is set when the fault that has the exchange is taken back, or the proxy ends.
    """

    def __init__(
        self, handler: BaseHTTPRequestHandler, request: Request, upstream: HTTPSConnection
    ) -> None:
        self.request, self.over = request, threading.Event()
        self._handler, self._upstream = handler, upstream

    def send(self) -> HTTPResponse:
        """Hand the request to the API server; its answer, of which only the head is read."""
        sent = self.request
        own = {name: value for name, value in self._handler.headers.items() if name != "Host"}
        for fresh in (False, True):
            try:
                self._upstream.request(sent.method, sent.target, sent.body or None, own)
                return self._upstream.getresponse()
            except OSError:
                # A kept connection may have been closed meanwhile; a new one tells the truth.
                self._upstream.close()
                if fresh:
                    raise
        raise AssertionError

    def forward(self) -> Reply:
        """Hand the request to the API server and return its whole answer. Raises OSError."""
        with self.send() as answer:
            return Reply(answer.status, kept_headers(answer), answer.read())

    def reply(self, reply: Reply) -> None:
        """Answer the client. Raises OSError where it has gone."""
        self.begin(reply.status, (*reply.headers, ("Content-Length", str(len(reply.body)))))
        self.write(reply.body)

    def begin(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """Send the head of an answer. Raises OSError where the client has gone."""
        self._handler.send_response_only(status)
        for name, value in headers:
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, part: bytes) -> None:
        """Send a part of the body at once. Raises OSError where the client has gone."""
        self._handler.wfile.write(part)
        self._handler.wfile.flush()

    def write_chunk(self, part: bytes) -> None:
        """Send a chunk of a body without a length; an empty one ends it."""
        self.write(b"%x\r\n%b\r\n" % (len(part), part))

    def hang_up(self) -> None:
        """Cut the connection to the client, in the middle of whatever was said."""
        self._handler.close_connection = True
        with suppress(OSError):
            socket.socket.shutdown(self._handler.connection, socket.SHUT_RDWR)

    def give_up(self) -> None:
        """Cut the connection to the API server: a thread that reads from it comes back."""
        if self._upstream.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._upstream.sock, socket.SHUT_RDWR)


def kept_headers(answer: HTTPResponse) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that are meant for the client."""
    return tuple((k, v) for k, v in answer.getheaders() if k.lower() not in _OWN)
