"""Everything that is printed goes through here, fit to print."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kubectl_kubervisor.text import printable


def say(text: str = "") -> None:
    """Print to standard output, at once: others may read along."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(lines: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one to a line."""
    width = max((len(name) for name, _ in lines), default=0) + 1
    for name, value in lines:
        say(f"{name + ':':<{width}}  {printable(value)}")


def warn(text: str) -> None:
    """Print to standard error: what is not the answer."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
