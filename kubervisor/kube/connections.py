"""Connections to the API server that are kept for the next request.

The client library's pool takes 1.3 ms of processor for a request of the kind that a controller
sends now and then; urllib3's connection, which knows TLS, with the standard library's messages on
it takes half of that, and a controller does little else.
"""

from __future__ import annotations

import ssl
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, IncompleteRead
from urllib.parse import urlsplit

import urllib3
from kubernetes.client.configuration import Configuration
from kubernetes.utils.keepalive import tcp_keepalive_socket_options
from urllib3.connection import HTTPConnection as PlainConnection
from urllib3.connection import HTTPSConnection as TlsConnection
from urllib3.util.wait import wait_for_read

from kubervisor.kube.exchange import CONNECT_SECONDS, Answer, send


class Connections:
    """Safe for any number of threads, each of which has a connection to itself while it asks."""

    def __init__(self, configuration: Configuration) -> None:
        """To the host of `configuration`, which is reached without a proxy."""
        self._configuration = configuration
        self._prefix = urlsplit(configuration.host).path.rstrip("/")
        # The one used last is the next: the others the server closes in time.
        self._idle: deque[HTTPConnection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def ask(
        self,
        method: str,
        target: str,
        *,
        payload: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> Iterator[Answer]:
        """The answer, of which nothing but its head is read; a silence of `timeout` seconds ends
        it. Its connection is kept where all of it was read.

        Raises what urllib3 raises where no connection can be made, then what http.client does;
        ValueError where the host is no address.
        """
        connection = self._take(timeout)
        try:
            HTTPConnection.request(connection, method, self._prefix + target, payload, headers)
            answer = HTTPConnection.getresponse(connection)
            yield answer
            if answer.length:  # of a body that is cut off, `read1` says nothing
                raise IncompleteRead(b"", answer.length)
            is_whole = answer.isclosed() or answer.length == 0
        except BaseException:
            connection.close()
            raise
        answer.close()
        if is_whole and connection.sock is not None:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        _close_all(self._idle)

    def _take(self, timeout: float) -> HTTPConnection:
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:
                break  # another thread was quicker
            # What can be read of a connection at rest is its end.
            if not wait_for_read(kept.sock, 0):
                kept.sock.settimeout(timeout)
                return kept
            kept.close()
        return self._open(timeout)

    def _open(self, timeout: float) -> HTTPConnection:
        connection = self._new(min(CONNECT_SECONDS, timeout))
        connection.connect()
        connection.sock.settimeout(timeout)
        return connection

    def _new(self, timeout: float) -> HTTPConnection:
        options = [*PlainConnection.default_socket_options, *tcp_keepalive_socket_options()]
        told = self._configuration
        parts = urlsplit(told.host)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "http":
            return PlainConnection(host, port, timeout=timeout, socket_options=options)
        if parts.scheme != "https":
            raise ValueError("the server's address begins with http:// or https://")
        return TlsConnection(
            host,
            port,
            timeout=timeout,
            socket_options=options,
            cert_reqs=ssl.CERT_REQUIRED if told.verify_ssl else ssl.CERT_NONE,
            ca_certs=told.ssl_ca_cert,
            ca_cert_data=told.ca_cert_data,
            cert_file=told.cert_file,
            key_file=told.key_file,
            assert_hostname=False if told.assert_hostname is False else None,
            server_hostname=told.tls_server_name,
        )


def _close_all(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


class Proxied:
    """The same through the proxy that the client library was told of."""

    def __init__(self, pool: urllib3.PoolManager, host: str) -> None:
        self._pool, self._host = pool, host

    @contextmanager
    def ask(
        self,
        method: str,
        target: str,
        *,
        payload: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> Iterator[Answer]:
        """As `Connections.ask`; raises what urllib3 does."""
        url = self._host + target
        answer = send(self._pool, method, url, payload=payload, headers=headers, timeout=timeout)
        try:
            yield answer
        except BaseException:
            answer.close()
            raise
        answer.release_conn()

    def close(self) -> None:
        """Close those that nobody uses."""
        self._pool.clear()


def connections_of(
    configuration: Configuration, pool: urllib3.PoolManager
) -> Connections | Proxied:
    """Connections to the server of `configuration`, for which the library has made `pool`."""
    is_straight = type(pool) is urllib3.PoolManager
    return Connections(configuration) if is_straight else Proxied(pool, configuration.host)
