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
    assert memory.Tidy().step() == memory.TIDY_SECONDS
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
