"""The command line, read as kubectl reads one: flags anywhere, `--flag value` and `--flag=value`.

Own code, because argparse takes as long to import as all else that a command needs, and says things
in another way than kubectl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_kubervisor.errors import UsageError

SHORT = {
    "-n": "namespace",
    "-A": "all-namespaces",
    "-l": "selector",
    "-o": "output",
    "-w": "watch",
    "-k": "ks",
    "-h": "help",
}
VALUED = frozenset(
    {
        "namespace",
        "selector",
        "output",
        "ks",
        "context",
        "kubeconfig",
        "request-timeout",
        "timeout",
        "port",
        "as",
    }
)
SWITCHES = frozenset({"all-namespaces", "watch", "help", "no-headers", "all", "version"})
OPTIONAL = {"dry-run": "server"}
"""Flags whose value may be left out, and what it then is."""

ANYWHERE = frozenset({"namespace", "context", "kubeconfig", "request-timeout", "as", "help"})
"""Flags that every command has."""


class Line(NamedTuple):
    """A command line: words, and flags by their long names; a switch has the value `true`."""

    words: tuple[str, ...]
    flags: Mapping[str, str]

    def flag(self, name: str) -> str:
        """The value of a flag, empty where it was not given."""
        return self.flags.get(name, "")

    def has(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.flags.get(name, "false") == "true"


def parse(arguments: Sequence[str]) -> Line:
    """Read `arguments`. Raises UsageError.

    >>> parse(["pods", "-n=shop", "web", "-A"]).words
    ('pods', 'web')
    """
    words: list[str] = []
    flags: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            words += rest
            break
        if not argument.startswith("-") or argument == "-":
            words.append(argument)
            continue
        name, value = _split(argument)
        if name in VALUED and value is None:
            if not rest:
                raise UsageError(f"flag needs an argument: {argument}")
            value = rest.pop(0)
        flags[name] = _checked(argument, name, value)
    return Line(tuple(words), flags)


def _split(argument: str) -> tuple[str, str | None]:
    """Name and value: of `--name=value`, `--name`, `-n=value`, `-nvalue` or `-n`."""
    if argument.startswith("--"):
        name, equals, value = argument[2:].partition("=")
        return name, value if equals else None
    short, value = argument[:2], argument[2:].removeprefix("=")
    if short not in SHORT:
        raise UsageError(f"unknown flag: {short}")
    name = SHORT[short]
    if value and name not in VALUED and not argument[2:].startswith("="):
        raise UsageError(f"unknown flag: {argument}")
    return name, value if len(argument) > 2 else None


def _checked(argument: str, name: str, value: str | None) -> str:
    if name in OPTIONAL:
        return OPTIONAL[name] if value is None else value
    if name in SWITCHES:
        if value not in (None, "true", "false"):
            raise UsageError(f'invalid argument "{value}" for --{name}: true or false')
        return value or "true"
    if name not in VALUED:
        raise UsageError(f"unknown flag: {argument.partition('=')[0]}")
    return value or ""
