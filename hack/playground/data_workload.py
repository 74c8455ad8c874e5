"""A program that works with data from files, for every pod that has some: it answers at each pod's
own address, and reads through the link at each request, as such programs do.

A file `prices.json` says what things cost, and a program cannot sell what costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PORT = 8080
FILE = "prices.json"


class UnusableData(Exception):
    """What a program says of data that it cannot work with."""


def prices(release: str, tea: float) -> str:
    """The file's content, of a release in which tea costs so much."""
    return json.dumps({"release": release, "tea": tea, "coffee": 4.5}) + "\n"


def read(folder: Path, source: str) -> dict[str, Any]:
    """What a pod has of a source now. Raises UnusableData, OSError or ValueError."""
    found: dict[str, Any] = json.loads((folder / source / FILE).read_text())
    free = [item for item, price in found.items() if price == 0]
    if free:
        raise UnusableData(f"{source} {found['release']}: {', '.join(free)} costs nothing")
    return found


class Workloads:
    """Answers for pods, on a thread, until closed.

    `GET /SOURCE` is what the pod sells by, 500 where it has nothing to sell by; `GET /watchdog` is
    500 while some of its data cannot be used.
    """

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}
        self._servers: dict[str, asyncio.Server] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="workloads")
        self._thread.start()

    def add(self, address: str, folder: Path) -> None:
        """Answer for a pod at this address, whose data is in this folder."""
        self._folders[address] = folder
        asyncio.run_coroutine_threadsafe(self._listen(address), self._loop).result()

    def remove(self, address: str) -> None:
        """Answer for it no more."""
        self._loop.call_soon_threadsafe(self._servers.pop(address).close)

    def close(self) -> None:
        """End."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers.values():
            server.close()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.sleep(0)  # their connections are closed by then

    async def _listen(self, address: str) -> None:
        self._servers[address] = await asyncio.start_server(self._answer, address, PORT)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            connection: socket.socket = writer.get_extra_info("socket")
            folder = self._folders[connection.getsockname()[0]]
            path = request.split(b" ", 2)[1].decode().strip("/")
            writer.write(_response(*_answer_of(folder, path)))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()


def _answer_of(folder: Path, path: str) -> tuple[int, str]:
    if path != "watchdog":
        try:
            return 200, (folder / path / FILE).read_text()
        except OSError as error:
            return 500, str(error)
    try:
        for source in sorted(one.name for one in folder.iterdir() if one.is_symlink()):
            read(folder, source)
    except (UnusableData, OSError, ValueError) as error:
        return 500, str(error)
    return 200, ""


def _response(status: int, text: str) -> bytes:
    what: Mapping[int, str] = {200: "OK", 500: "Internal Server Error"}
    said = f"X-Watchdog-Message: {text}\r\n" if status == 500 else ""
    head = f"HTTP/1.1 {status} {what[status]}\r\nContent-Length: {len(text.encode())}\r\n{said}"
    return f"{head}Connection: close\r\n\r\n{text}".encode()
