"""Objects in the columns that `-o wide` and `-A` ask for: all at once, or each as it changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol, TypeVar

from kubectl_kubervisor import table
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines
from kubectl_kubervisor.output import wanted
from kubectl_kubervisor.text import wants_colour

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Columns(Protocol[T_contra]):
    """A module that decides what to say of objects of a kind."""

    def headers(self, *, wide: bool, with_namespace: bool) -> list[str]:
        """The headers of `row`."""

    def row(self, one: T_contra, now: float, /, *, wide: bool, with_namespace: bool) -> list[str]:
        """One line of the table."""


def table_of(found: Sequence[T], columns: Columns[T], line: Line) -> str:
    """All of them, as a table."""
    wide, everywhere, now = wanted(line) == "wide", line.has("all-namespaces"), time.time()
    return table.render(
        columns.headers(wide=wide, with_namespace=everywhere),
        [columns.row(one, now, wide=wide, with_namespace=everywhere) for one in found],
        show_headers=not line.has("no-headers"),
        colour=wants_colour(),
    )


def lines_of(columns: Columns[T], line: Line) -> Lines[T]:
    """One for each change that is told."""
    wide, everywhere = wanted(line) == "wide", line.has("all-namespaces")
    return Lines(
        columns.headers(wide=wide, with_namespace=everywhere),
        lambda one, now: columns.row(one, now, wide=wide, with_namespace=everywhere),
        show_headers=not line.has("no-headers"),
    )
