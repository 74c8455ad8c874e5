"""Asks a pod's watchdog: one GET to the pod's own address, of which little is believed.

A connection for each probe, no redirects, no cookies, no name to look up. Of the answer only its
head counts; a little of the body is read for politeness, and thrown away. Names in certificates are
not verified, nor who signed them: the address is the pod's, which no certificate names, and a probe
carries no secret. It is what the kubelet does.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Container
from dataclasses import dataclass
from ipaddress import ip_address

import h11

from kubervisor import __version__
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceError,
    SourceNotAllowed,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.address_rules import AddressRules
from kubervisor.text import printable, without_secrets

MOST_HEAD, MOST_BODY = 16 * 1024, 4 * 1024
MOST_INTERIM = 8
"""Informational answers (1xx) before the real one."""
LONGEST_MESSAGE = 256
_CHUNK = 4 * 1024


@dataclass(frozen=True, slots=True)
class ProbeReply:
    """The status of an answer, and what its headers `X-Watchdog-Level` and `X-Watchdog-Message`
    say, empty where it has none.
    """

    status: int
    level: str
    message: str


class ProbeClient:
    """Probes by the event loop of whoever awaits `ask`; any number at once.

    `forbidden` holds addresses that are no pod's, as of `AddressRules`. With `loopback` pods may
    have an address of this machine: for tests.
    """

    def __init__(self, forbidden: Container[str] = (), *, loopback: bool = False) -> None:
        self._rules, self._loopback = AddressRules((), forbidden), loopback
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    async def ask(
        self, address: str, port: int, target: str, *, tls: bool, timeout: float
    ) -> ProbeReply:
        """What the pod at `address` answers to GET `target`, its head complete within `timeout`
        seconds.

        Raises SourceNotAllowed where that is no address of a pod; SourceTimeout and
        SourceUnavailable where nothing comes back; SourceAnswerUnusable where it is no HTTP.
        """
        host = self._checked(address, port)
        replied: ProbeReply | None = None
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=self._tls if tls else None, limit=_CHUNK
                )
                try:
                    exchange = _Exchange(reader, writer)
                    replied = await exchange.reply(_request(host, port, target))
                    await exchange.drain()
                finally:
                    writer.transport.abort()
        except (TimeoutError, OSError, h11.RemoteProtocolError) as error:
            # An answer whose head is there is one, however its body ends.
            if replied is None:
                raise _told(error, timeout) from None
        assert replied is not None
        return replied

    def _checked(self, address: str, port: int) -> str:
        try:
            parsed = ip_address(address)
        except ValueError:
            raise SourceNotAllowed(f"{printable(address[:60])!r} is no IP address") from None
        if parsed.version == 6 and parsed.scope_id:
            raise SourceNotAllowed("its address has a zone, which is this machine's")
        if not (self._loopback and parsed.is_loopback):
            refusal = self._rules.pod_refusal(str(parsed), port)
            if refusal is not None:
                raise SourceNotAllowed(f"its address is {refusal}")
        return str(parsed)


class _Exchange:
    """One request and its answer on one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self._left = MOST_HEAD

    async def reply(self, request: h11.Request) -> ProbeReply:
        """The head of the answer. Raises OSError and h11.RemoteProtocolError."""
        self._send(request)
        self._send(h11.EndOfMessage())
        for _ in range(MOST_INTERIM):
            event = await self._next()
            if isinstance(event, h11.Response):
                headers = dict(event.headers)
                return ProbeReply(
                    event.status_code,
                    _text(headers.get(b"x-watchdog-level", b"")),
                    _text(headers.get(b"x-watchdog-message", b"")),
                )
            if not isinstance(event, h11.InformationalResponse):
                break
        raise h11.RemoteProtocolError("no answer came")

    async def drain(self) -> None:
        """Read to the end of the body, but no more than `MOST_BODY`: whoever is cut off while it
        writes may log that as an error.
        """
        self._left = MOST_BODY
        while isinstance(await self._next(), h11.Data):
            continue

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if not self._left:
                raise h11.RemoteProtocolError("it sends too much")
            data = await self._reader.read(min(_CHUNK, self._left))
            self._left -= len(data)
            self._http.receive_data(data)
        return event


def _request(host: str, port: int, target: str) -> h11.Request:
    name = f"[{host}]" if ":" in host else host
    headers = [
        ("Host", f"{name}:{port}"),
        ("User-Agent", f"kubervisor-watchdog/{__version__}"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]
    return h11.Request(method="GET", target=target, headers=headers)


def _text(value: bytes) -> str:
    return without_secrets(printable(value.decode(errors="replace")))[:LONGEST_MESSAGE]


def _told(error: Exception, timeout: float) -> SourceError:
    if isinstance(error, TimeoutError):
        return SourceTimeout(f"it did not answer within {timeout:g} s")
    if isinstance(error, ConnectionRefusedError):
        return SourceUnavailable("it refused the connection")
    if isinstance(error, h11.RemoteProtocolError):
        return SourceAnswerUnusable("its answer is no HTTP, or was cut off")
    if isinstance(error, ssl.SSLError):
        return SourceAnswerUnusable("it does not speak TLS")
    why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
    return SourceUnavailable(f"it cannot be reached, or cut the connection ({why})")
