"""What every kind of source is asked, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kubervisor.datarollout.repository.tree import Tree


@dataclass(frozen=True, slots=True)
class Fetched:
    """A state of a source. `revision` is its own word for it (a commit, a validator), `at` when it
    had it (Unix seconds), None where it does not say.
    """

    revision: str
    at: float | None = None


class Fetcher(Protocol):
    """One source, asked by one thread at a time."""

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        """Fill `tree` with what the source has now; None where that is still revision `known`.

        Raises SourceError or ApiError, with a message that goes on from "the source NAME: "; and
        OSError where the disk fails.
        """
