"""What we wrote is seen before a watch shows it, and not after it shows something newer."""

from __future__ import annotations

from kubervisor.workflow.engine.written import LONGEST_LAG, Written
from tests.workflow.engine.seen_objects import seen


class _Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_newer_of_cache_and_write_is_seen() -> None:
    written = Written[str]()
    written.note("a", seen("a", 5))
    assert written.newest("a", None) == seen("a", 5)
    assert written.newest("a", seen("a", 4)) == seen("a", 5)
    assert written.newest("a", seen("a", 6)) == seen("a", 6)
    assert written.newest("b", seen("b", 1)) == seen("b", 1)


def test_what_a_watch_has_shown_is_not_remembered() -> None:
    written = Written[str]()
    written.note("a", seen("a", 5))
    written.shown("a", 4)
    assert written.newest("a", None) == seen("a", 5)
    written.shown("a", 5)
    assert written.newest("a", None) is None


def test_what_no_watch_ever_shows_is_forgotten() -> None:
    time = _Time()
    written = Written[str](time)
    written.note("a", seen("a", 5))
    time.now += LONGEST_LAG + 1
    assert written.not_shown() == ()
    assert written.newest("a", seen("a", 4)) == seen("a", 4)


def test_all_that_is_not_shown_yet_is_told() -> None:
    written = Written[str]()
    written.note("a", seen("a", 5))
    written.note("b", seen("b", 5))
    written.shown("b", 5)
    assert written.not_shown() == (seen("a", 5),)
