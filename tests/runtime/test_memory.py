"""What is garbage goes back to the system."""

from __future__ import annotations

import gc
import weakref

from kubervisor.runtime import memory


class Knot:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.me = self


def test_tidying_frees_cycles_and_says_when_to_come_again() -> None:
    gc.disable()
    try:
        knot = weakref.ref(Knot())
        assert knot() is not None
        assert memory.tidy() == memory.TIDY_SECONDS
        assert knot() is None
    finally:
        gc.enable()
