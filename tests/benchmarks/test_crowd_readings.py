"""What a controller says of itself is read as what it means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import crowd_readings as readings


def says(page: str) -> Any:
    """A controller with this page of metrics."""
    return cast("Any", SimpleNamespace(page=lambda _: page))


@pytest.mark.parametrize(
    ("judged", "late", "guarded"),
    [
        pytest.param(0, 0, 0, id="none has been evaluated"),
        pytest.param(3, 0, 3, id="three were, once each"),
        pytest.param(5, 2, 3, id="three were, two of them twice"),
        pytest.param(4, 2, 2, id="a second evaluation has begun: not counted before it ends"),
    ],
)
def test_only_first_evaluations_guard(judged: int, late: int, guarded: int) -> None:
    page = f"{readings.JUDGED} {judged}\n{readings.LATENESS}_count {late}\n"
    assert readings.guarded(says(page if judged else "")) == guarded
