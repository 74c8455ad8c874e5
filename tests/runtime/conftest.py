"""A scheduler to try, and one that has a single thread to lend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.scheduled import Allowance, Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.end()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread for all steps: they are taken one after the other."""
    Allowance(monkeypatch, 2)
