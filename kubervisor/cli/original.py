"""The command lines of AutoCrane and of Portworx Autopilot in our words."""

from __future__ import annotations

from collections.abc import Sequence

ARGUMENTS = "AUTOCRANE_ARGS"
"""The variable that stood for the arguments, split at spaces without quoting."""

MODES = {
    "watchdoghealthz": ("watchdog", "healthz"),
    "getwatchdog": ("watchdog", "get"),
    "postwatchdog": ("watchdog", "post"),
    "datarepo": ("data", "repository"),
    "datadeployinit": ("data", "init"),
    "datadeploy": ("data", "sidecar"),
}
"""Its modes that have another name here."""


def in_our_words(given: Sequence[str], variable: str | None) -> list[str]:
    """The arguments of a command; where none are given, the variable may stand for them.

    >>> in_our_words([], "WatchdogHealthz")
    ['watchdog', 'healthz']
    >>> in_our_words(["run", "--dry-run"], None)
    ['run', '--dry-run']
    >>> in_our_words(["-f", "config.yaml", "policy", "test", "policy.yaml"], None)
    ['rules', 'test', '--config=config.yaml', 'policy.yaml']
    """
    words = list(given) or (variable or "").split()
    if (of_autopilot := _policy_test(words)) is not None:
        return of_autopilot
    mode = MODES.get(words[0].lower(), (words[0],)) if words else ()
    return [*mode, *words[1:]]


def _policy_test(words: Sequence[str]) -> list[str] | None:
    """Autopilot's `[-f CONFIG] policy test FILE…`, whose flag stood before the command; None where
    the words are not that.
    """
    rest, config = list(words), list[str]()
    if rest and rest[0] in ("-f", "--config") and len(rest) > 1:
        config, rest = [f"--config={rest[1]}"], rest[2:]
    elif rest and rest[0].startswith("--config="):
        config, rest = rest[:1], rest[1:]
    return ["rules", "test", *config, *rest[2:]] if rest[:2] == ["policy", "test"] else None
