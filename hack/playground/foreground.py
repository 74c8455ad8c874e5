"""A program that a person starts at a terminal, and ends there."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def run(main: Callable[[], int]) -> NoReturn:
    """Exit with what `main` returns; SIGTERM and Ctrl-C end everything that it started, and 130."""
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
