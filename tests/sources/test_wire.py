"""The time that an answer may take, byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from kubervisor.sources import wire


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5.0)
        theirs.send(b"an answer")
        yield ours, theirs


def test_what_the_reader_does_in_between_is_not_the_sources_time(
    connection: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=lambda: now))
    ours, _ = connection
    with ours.makefile("rb", buffering=0) as raw:
        answer = wire._Bounded(ours, raw, max_bytes=100)
        assert answer.read(2) == b"an"
        now += 9.9
        assert answer.read(7) == b" answer"
        assert ours.gettimeout() == pytest.approx(0.1)
        now += 0.1
        with pytest.raises(TimeoutError):
            answer.read(1)
