"""How many workers there are; the order in which they take the tests names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.distribution import LONGEST_FIRST, rank, workers

ROOT = Path(__file__).parents[1]


def test_every_place_in_the_order_is_there() -> None:
    # One that was renamed would silently come last.
    assert [place for place in LONGEST_FIRST if not (ROOT / place).exists()] == []


def test_a_file_named_by_itself_comes_before_the_rest_of_its_folder() -> None:
    first, rest, unnamed = (
        rank(f"tests/{name}.py::test") for name in ("e2e/test_steady_state", "e2e/test_x", "cli/x")
    )
    assert first < rest < unnamed


@pytest.mark.parametrize(
    ("processors", "gigabytes", "count"),
    [
        pytest.param(2, 16, 4, id="processors bound them"),
        pytest.param(8, 7, 3, id="memory bounds them"),
        pytest.param(1, 1, 1, id="there is one at least"),
    ],
)
def test_there_are_as_many_workers_as_the_machine_can_bear(
    processors: int, gigabytes: int, count: int
) -> None:
    assert workers(processors, gigabytes * 2**30) == count
