"""What is garbage goes back to the system."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from kubervisor.runtime import memory


class Knot:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def by_hand() -> Iterator[None]:
    """Nothing is collected meanwhile, nor passed over afterwards."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def test_tidying_frees_cycles_and_says_when_to_come_again() -> None:
    knot = weakref.ref(Knot())
    assert knot() is not None
    assert memory.Tidy().step() == memory.EARLY_SECONDS
    assert knot() is None


def test_what_became_garbage_after_it_was_passed_over_is_freed_within_an_hour() -> None:
    tidy, holder = memory.Tidy(), [Knot()]
    knot = weakref.ref(holder[0])
    tidy.step()
    holder.clear()
    tidy.step()
    assert knot() is not None, "not looked at: that is what makes it quick"
    for _ in range(memory.EVERYTHING - 2):
        tidy.step()
    assert knot() is None
    assert memory.EVERYTHING * memory.TIDY_SECONDS == 3600


def test_it_looks_often_while_everything_is_taken_in_and_each_minute_then() -> None:
    tidy = memory.Tidy()
    waits = [tidy.step() for _ in range(memory.EARLY + 1)]
    assert waits == [memory.EARLY_SECONDS] * (memory.EARLY - 1) + [memory.TIDY_SECONDS] * 2


def test_what_lived_to_see_a_look_of_the_interpreters_own_is_still_freed_at_the_next() -> None:
    tidy, holder = memory.Tidy(), list[Knot]()
    tidy.step()
    holder.append(Knot())
    knot = weakref.ref(holder[0])
    gc.collect(0)
    holder.clear()
    tidy.step()
    assert knot() is None
