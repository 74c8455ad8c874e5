"""The order in which workers take the tests names what there is."""

from __future__ import annotations

from pathlib import Path

from tests.distribution import LONGEST_FIRST, rank

ROOT = Path(__file__).parents[1]


def test_every_place_in_the_order_is_there() -> None:
    # One that was renamed would silently come last.
    assert [place for place in LONGEST_FIRST if not (ROOT / place).exists()] == []


def test_a_file_named_by_itself_comes_before_the_rest_of_its_folder() -> None:
    first, rest, unnamed = (
        rank(f"tests/{name}.py::test") for name in ("e2e/test_steady_state", "e2e/test_x", "cli/x")
    )
    assert first < rest < unnamed
