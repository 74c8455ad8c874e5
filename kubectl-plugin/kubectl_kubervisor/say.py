"""Everything that is printed goes through here, already fit to print."""

from __future__ import annotations

import sys


def say(text: str = "") -> None:
    """Print to standard output, at once: others may read along."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """Print to standard error: what is not the answer."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
