"""How one request reaches its pod: over HTTP as a user's would, or by a call within the process."""

from __future__ import annotations

import asyncio
from typing import Protocol
from urllib.parse import urlsplit

from playground.faults import NO_SUCH_POD
from playground.workload import NoAnswer, PodName, Workload

REQUEST_TIMEOUT = 1.0
"""Seconds after which a client gives up on an answer."""


class Sender(Protocol):
    """Sends requests, all from one event loop."""

    async def send(self, pod: PodName) -> str:
        """The outcome of one request: a status code, `timeout`, `refused` or `no-pod`."""

    def close(self) -> None:
        """Drop the connections."""


class DirectSender:
    """Calls the workload: the cheapest way, for benchmarks. A hanging pod counts at once."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    async def send(self, pod: PodName) -> str:
        match self._workload.handle(pod):
            case NoAnswer.HANGS:
                return "timeout"
            case NoAnswer.NO_SUCH_POD:
                return "no-pod"
            case code:
                return str(code)

    def close(self) -> None:
        pass


class HttpSender:
    """Sends over kept connections to a workload server, which must be on 127.0.0.1."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.hostname != "127.0.0.1" or parts.port is None:
            raise ValueError(f"load goes to http://127.0.0.1:PORT only, not to {url}")
        self._port = parts.port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, pod: PodName) -> str:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                return await self._exchange(pod)
        except TimeoutError:
            return "timeout"
        except (OSError, EOFError):
            return "refused"

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _exchange(self, pod: PodName) -> str:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(f"GET /pods/{pod}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            _, _, rest = head.lower().partition(b"content-length:")
            await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        except BaseException:
            # Half an answer may still come: this connection serves nobody else.
            writer.close()
            raise
        self._idle.append((reader, writer))
        code = head[9:12].decode()
        return "no-pod" if code == str(NO_SUCH_POD) else code
