"""AutoCrane's command line in our words: its modes were one word, its arguments a variable."""

from __future__ import annotations

from collections.abc import Sequence

ARGUMENTS = "AUTOCRANE_ARGS"
"""The variable that stood for the arguments, split at spaces without quoting."""

MODES = {
    "watchdoghealthz": ("watchdog", "healthz"),
    "getwatchdog": ("watchdog", "get"),
    "postwatchdog": ("watchdog", "post"),
}
"""Its modes that have another name here."""


def in_our_words(given: Sequence[str], variable: str | None) -> list[str]:
    """The arguments of a command; where none are given, the variable may stand for them.

    >>> in_our_words([], "WatchdogHealthz")
    ['watchdog', 'healthz']
    >>> in_our_words(["run", "--dry-run"], None)
    ['run', '--dry-run']
    """
    words = list(given) or (variable or "").split()
    mode = MODES.get(words[0].lower(), (words[0],)) if words else ()
    return [*mode, *words[1:]]
