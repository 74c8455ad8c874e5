"""How the process treats its memory: settings of the interpreter and the C library, made once."""

from __future__ import annotations

import ctypes
import gc

YOUNG_OBJECTS, YOUNGER, OLDER = 20_000, 20, 20
"""An answer of a source becomes hundreds of thousands of objects at once, none of them in a cycle.
Looking through them after each 700, as is the default, takes a third of the time of reading one;
and through so many, strewn over the memory, 20 ms in which nobody else can do anything.
"""

ARENAS = 2
MAPPED_BYTES = 128 * 1024
"""glibc gives threads heaps of their own, eight for each core, and what one of them frees no other
uses. And each large body that it frees makes it keep larger ones in its heap: fixed, they go back.
"""

TIDY_SECONDS, EVERYTHING = 60.0, 60
EARLY_SECONDS, EARLY = 5.0, 12
"""While a process takes everything in, little may gather from one look to the next: what 5,000
Services need in their first minute takes half a second to look through at once.
"""

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
_LIBRARY = ctypes.CDLL(None)


def settle() -> None:
    """Make the settings; where the C library is not glibc, those of the interpreter only."""
    gc.set_threshold(YOUNG_OBJECTS, YOUNGER, OLDER)
    gc.freeze()  # what is imported by now stays
    mallopt = getattr(_LIBRARY, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)


class Tidy:
    """Frees what nothing refers to and gives it back to the system, each time a `step` is taken.

    Errors of an outage keep their frames, and those the bodies of answers: in cycles, which the
    interpreter's own rare look through everything would leave for long. To look through all that
    5,000 Services have stops every thread for half a second, and finds nothing: what was there at
    the last look is passed over, but once in `EVERYTHING` looks, for the Services that went since.
    Not what was there at the interpreter's looks too: they are so many that most errors live to see
    one, and would keep their answers for an hour.
    """

    def __init__(self) -> None:
        self._looks = 0

    def step(self) -> float:
        """Tidy once; returns the seconds until the next time."""
        self._looks += 1
        if self._looks % EVERYTHING == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        trim = getattr(_LIBRARY, "malloc_trim", None)
        if trim is not None:
            trim(0)
        return EARLY_SECONDS if self._looks < EARLY else TIDY_SECONDS
