"""The lines of a watch: those that came together are taken together, and nobody waits for long."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kubervisor.errors import ApiError
from kubervisor.kube import stream as streams
from kubervisor.kube.stream import Stream

from .polling import PATIENCE, until
from .scripted import Exchange, ScriptedServer


class Watched:
    """An open stream, whose lines a thread takes, and the server's end of it."""

    def __init__(self, stream: Stream, exchange: Exchange) -> None:
        self.stream, self.exchange = stream, exchange
        self.lines: list[bytes] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def send(self, *lines: bytes) -> None:
        """Send these in one go, each a chunk of its own, as the API server does."""
        self.exchange.send(b"".join(b"%x\r\n%b\n\r\n" % (len(x) + 1, x) for x in lines))

    def gathers(self) -> bool:
        """Whether lines gather now."""
        return self.stream._gathers

    def _take(self) -> None:
        try:
            self.lines.extend(iter(self.stream))
        except ApiError:
            pass
        finally:
            self.ended.set()


@contextmanager
def watched(server: ScriptedServer) -> Iterator[Watched]:
    begun: queue.SimpleQueue[Exchange] = queue.SimpleQueue()

    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        begun.put(exchange)
        exchange.stay_silent()

    server.script = script
    api = server.api()
    found = Watched(api.stream("/pods", {}, read_timeout=PATIENCE), begun.get(timeout=PATIENCE))
    try:
        yield found
    finally:
        found.stream.close()
        assert found.ended.wait(PATIENCE)
        api.close()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines gather until somebody asks for them."""
    monkeypatch.setattr(streams, "GATHERING", 10 * PATIENCE)


@pytest.mark.usefixtures("for_ever")
def test_lines_that_came_together_are_taken_together(server: ScriptedServer) -> None:
    sent = [b"%d" % number for number in range(100)]
    with watched(server) as watch:
        watch.send(*sent)
        until(lambda: len(watch.lines) == 100, "all lines are taken, and none gathers first")
        assert watch.lines == sent


@pytest.mark.usefixtures("for_ever")
def test_lines_gather_once_all_that_came_is_taken(server: ScriptedServer) -> None:
    with watched(server) as watch:
        watch.send(b"one")
        until(watch.gathers, "lines gather")
        watch.send(b"two", b"three")
        until(lambda: not watch.stream._is_drained(), "the lines are there")
        assert watch.lines == [b"one"]


@pytest.mark.usefixtures("for_ever")
def test_who_cannot_wait_gets_the_lines_that_gather(server: ScriptedServer) -> None:
    with watched(server) as watch:
        watch.send(b"first")
        for number in range(20):
            until(watch.gathers, "lines gather")
            watch.send(b"%d" % number, b"more")
            until(lambda: not watch.stream._is_drained(), "the lines are there")
            watch.stream.catch_up()
            assert watch.lines[-2:] == [b"%d" % number, b"more"]


@pytest.mark.usefixtures("for_ever")
def test_nobody_waits_where_nothing_has_come(server: ScriptedServer) -> None:
    with watched(server) as watch:
        watch.stream.catch_up()
        watch.send(b"one")
        until(watch.gathers, "lines gather")
        watch.stream.catch_up()
        assert watch.lines == [b"one"]


@pytest.mark.usefixtures("for_ever")
def test_a_stream_that_is_closed_while_lines_gather_ends_at_once(server: ScriptedServer) -> None:
    with watched(server) as watch:
        watch.send(b"one")
        until(watch.gathers, "lines gather")
        watch.stream.close()
        assert watch.ended.wait(PATIENCE)
        watch.stream.catch_up()


def test_lines_are_taken_after_a_moment_though_nobody_asks(server: ScriptedServer) -> None:
    with watched(server) as watch:
        for line in (b"one", b"two", b"three"):
            watch.send(line)
            until(lambda: watch.lines[-1:] == [line], "the line is taken")  # noqa: B023


def test_a_last_line_without_its_end_is_dropped(server: ScriptedServer) -> None:
    with watched(server) as watch:
        watch.send(b"one")
        watch.exchange.chunk(b"cut o")
        watch.exchange.chunk(b"")
        assert watch.ended.wait(PATIENCE)
        assert watch.lines == [b"one"]
