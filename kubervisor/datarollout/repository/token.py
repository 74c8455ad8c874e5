"""The token that callers must show, read anew for each: a mounted Secret may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Token:
    """What is in `file`, else `text`; nothing is wanted where there is neither."""

    file: Path | None = None
    text: str = field(default="", repr=False)

    def __call__(self) -> str | None:
        """The token; None where none is wanted, "" where the file holds none: then none is
        right.
        """
        if self.file is None:
            return self.text or None
        try:
            with self.file.open("rb") as file:
                found = file.read(MOST_BYTES).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return found if found.isprintable() else ""
