"""A proxy between a controller and the real API server that makes of it what a test wants.

    with FaultProxy(cluster) as proxy:
        Controller(proxy.kubeconfig, …)
        with proxy.rule(asks("patch", "pods"), answers(409), times=2) as rule:
            rule.wait(2, 10)

Where no rule applies, it passes everything on, bearer tokens included.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, Self
from urllib.parse import urlsplit

from playground import kubeconfig
from playground.fault_exchange import Exchange, Reply, Request, kept_headers, read_request
from playground.fault_streams import Edit, Event, WatchStream
from playground.local import LocalCluster
from playground.processes import free_port

Match = Callable[[Request], bool]
Fault = Callable[[Exchange], None]
"""What happens to one request; it runs on the thread of the client's connection."""

PATIENCE = 90.0
"""Seconds the API server may be silent, between two bookmarks for instance."""


def asks(verb: str = "", resource: str = "", name: str = "") -> Match:
    """Requests with this verb, resource and object name; an empty one is any."""
    wanted = (verb, resource, name)
    return lambda request: all(
        not want or want == is_
        for want, is_ in zip(wanted, (request.verb, request.resource, request.name), strict=True)
    )


class Rule:
    """A fault for the requests that match, the first `times` of them; all where it is 0."""

    def __init__(self, match: Match, fault: Fault, times: int) -> None:
        self.fault = fault
        self.hits: list[Request] = []
        self._match, self._times = match, times
        self._changed = threading.Condition()
        self._exchanges: list[Exchange] = []

    def wait(self, count: int, timeout: float) -> None:
        """Return once it has hit so many requests. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.hits) >= count, timeout):
                raise TimeoutError(f"{len(self.hits)} of {count} requests came in {timeout} s")

    def takes(self, exchange: Exchange) -> bool:
        """True where the request is this rule's; it is counted then."""
        with self._changed:
            spent = self._times and len(self.hits) >= self._times
            if spent or not self._match(exchange.request):
                return False
            self.hits.append(exchange.request)
            self._exchanges.append(exchange)
            self._changed.notify_all()
            return True

    def end(self) -> None:
        """Let go of the requests it still has."""
        with self._changed:
            for exchange in self._exchanges:
                exchange.over.set()


class FaultProxy:
    """Listens with the certificate of `cluster`'s API server, until closed.

    Attributes:
        kubeconfig: the administrator's, by way of the proxy.
        requests: what was asked so far, with the monotonic instant.
    """

    def __init__(self, cluster: LocalCluster) -> None:
        self.requests: list[tuple[float, Request]] = []
        self._upstream = urlsplit(cluster.server).netloc
        self._trust = ssl.create_default_context(cafile=cluster.pki.authority)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(cluster.pki.certificate, cluster.pki.key)
        self._rules: list[Rule] = []
        self._edits: list[tuple[str, Edit]] = []
        self._streams: dict[WatchStream, str] = {}
        self._thawed: dict[str, threading.Event] = {}
        self._connections: set[socket] = set()
        self._lock = threading.Lock()
        self._port = free_port()
        entry = kubeconfig.local(self._port, cluster.pki.authority.read_bytes())
        self.kubeconfig = kubeconfig.write(
            cluster.folder / f"proxy-{self._port}.kubeconfig", entry, cluster.token
        )
        self._listen()

    # What a test does.

    @contextmanager
    def rule(self, match: Match, fault: Fault, *, times: int = 0) -> Iterator[Rule]:
        """A rule for as long as the context lasts; the youngest that matches is applied."""
        rule = Rule(match, fault, times)
        with self._lock:
            self._rules.insert(0, rule)
        try:
            yield rule
        finally:
            with self._lock:
                self._rules.remove(rule)
            rule.end()

    @contextmanager
    def edit(self, resource: str, edit: Edit) -> Iterator[None]:
        """Apply `edit` to every event of the watches on a resource, also of those that are open."""
        entry = (resource, edit)
        self._edits.append(entry)
        try:
            yield
        finally:
            self._edits.remove(entry)

    @contextmanager
    def silence(self, *resources: str) -> Iterator[None]:
        """Watches on these stay open and say nothing, not even bookmarks; then all at once."""
        for resource in resources:
            self._gate(resource).clear()
        try:
            yield
        finally:
            for resource in resources:
                self._gate(resource).set()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Every connection ends, and every new one is refused."""
        self._stop_listening()
        try:
            yield
        finally:
            self._listen()

    def streams(self, resource: str) -> tuple[WatchStream, ...]:
        """The watches on a resource that are open now."""
        with self._lock:
            return tuple(one for one in self._streams if one.resource == resource)

    def cut(self, resource: str) -> int:
        """End the open watches on a resource in the middle; how many there were."""
        streams = self.streams(resource)
        for stream in streams:
            stream.cut()
        return len(streams)

    def say(self, resource: str, event: Event) -> None:
        """Tell every open watch on a resource an event of ours."""
        for stream in self.streams(resource):
            with suppress(OSError):
                stream.say(event)

    def count(self, match: Match, since: float = 0.0) -> int:
        """How many requests matched since a monotonic instant."""
        return sum(at >= since and match(request) for at, request in self.requests.copy())

    def close(self) -> None:
        """End all of it."""
        for rule in self._rules:
            rule.end()
        for gate in self._thawed.values():
            gate.set()
        self._stop_listening()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # How it listens.

    def _listen(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def _stop_listening(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            streams, connections = tuple(self._streams), tuple(self._connections)
        for stream in streams:
            stream.cut()
        for connection in connections:
            with suppress(OSError):
                socket.shutdown(connection, 2)

    def _gate(self, resource: str) -> threading.Event:
        with self._lock:
            gate = self._thawed.get(resource)
            if gate is None:
                gate = self._thawed[resource] = threading.Event()
                gate.set()
            return gate

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                self.request = proxy._tls.wrap_socket(self.request, server_side=True)
                with proxy._lock:
                    proxy._connections.add(self.request)
                self.upstream = HTTPSConnection(
                    proxy._upstream, context=proxy._trust, timeout=PATIENCE
                )
                super().setup()

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()
                self.upstream.close()
                with proxy._lock:
                    proxy._connections.discard(self.request)
                self.request.close()

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.serve
                raise AttributeError(name)

            def serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = read_request(self.command, self.path, self.rfile.read(length))
                proxy._serve(Exchange(self, request, self.upstream))

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def _serve(self, exchange: Exchange) -> None:
        with self._lock:
            self.requests.append((time.monotonic(), exchange.request))
            rules = tuple(self._rules)
        rule = next((rule for rule in rules if rule.takes(exchange)), None)
        try:
            if rule is not None:
                rule.fault(exchange)
            elif exchange.request.verb == "watch":
                self._watch(exchange)
            else:
                exchange.reply(exchange.forward())
        except (OSError, HTTPException):
            exchange.hang_up()  # one side has gone: so does the other

    def _watch(self, exchange: Exchange) -> None:
        with exchange.send() as answer:
            self._pass_on(exchange, answer)

    def _pass_on(self, exchange: Exchange, answer: HTTPResponse) -> None:
        if answer.status != 200:
            exchange.reply(Reply(answer.status, kept_headers(answer), answer.read()))
            return
        resource = exchange.request.resource
        stream = WatchStream(
            exchange, lambda: [edit for where, edit in self._edits.copy() if where == resource]
        )
        with self._lock:
            self._streams[stream] = resource
        try:
            stream.run(answer, self._gate(resource))
        finally:
            with self._lock:
                del self._streams[stream]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes in the middle of a handshake is what this is for."""
