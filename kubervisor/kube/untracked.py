"""Records that the garbage collector need not visit."""

from __future__ import annotations

import ctypes
from typing import TypeVar

T = TypeVar("T")

_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.argtypes, _untrack.restype = [ctypes.py_object], None


def untracked(record: T) -> T:
    """Return `record`, an object with slots, of which the collector of cycles knows no more.

    Nothing that a record of texts and numbers refers to refers back, so it is freed with its last
    reference. Visited, 150,000 pods that watch events have strewn over the memory make every thread
    stand still for a third of a second.
    """
    _untrack(record)
    return record
