"""Stories of the playground, as `make demo` plays them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playground.story import Story

Play = Callable[[Callable[[Story], None]], str]
"""Plays a story; what it printed."""


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Play:
    """Stories end after their last word."""
    monkeypatch.setenv("ONCE", "1")

    def played(tell: Callable[[Story], None]) -> str:
        tell(Story())
        return capsys.readouterr().out

    return played
