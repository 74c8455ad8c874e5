"""Reads the command line, finds the command, and turns whatever happens into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from kubectl_kubervisor.errors import FAILED, INTERRUPTED, USAGE, Stop, UsageError
from kubectl_kubervisor.flags import ANYWHERE, Line, parse
from kubectl_kubervisor.text import printable_lines


class Command(NamedTuple):
    """Where a command is, how many words it takes, and its own flags beside those of all."""

    module: str
    least: int = 0
    most: int = 0
    flags: frozenset[str] = frozenset()


_LISTING = frozenset({"output", "selector", "no-headers", "watch"})
_DRY = frozenset({"dry-run"})

COMMANDS = {
    "status": Command("status", 0, 1, _LISTING | {"all-namespaces", "timeout", "ks"}),
    "pods": Command("pods", 1, 1, _LISTING),
    "explain": Command("explain", 1, 1),
    "enable": Command("enable", 1, 1, _DRY),
    "disable": Command("disable", 1, 1, _DRY),
    "pause": Command("pausing", 1, 1, _DRY),
    "resume": Command("pausing", 1, 1, _DRY),
    "eject": Command("eject", 1, 1, _DRY | {"timeout"}),
    "return": Command("giveback", 1, 1, _DRY),
    "stop": Command("stopping", 0, 0, _DRY | {"all"}),
    "start": Command("stopping", 0, 0, _DRY | {"all"}),
    "data": Command("data", 0, 3, _LISTING | _DRY | {"all-namespaces"}),
    "rules": Command("rules", 0, 2, _LISTING | {"all-namespaces"}),
    "approvals": Command("approvals", 0, 0, _LISTING | {"all-namespaces"}),
    "approve": Command("approving", 1, 1, _DRY),
    "decline": Command("approving", 1, 1, _DRY),
    "workflows": Command("workflows", 0, 1, _LISTING | {"all-namespaces"}),
    "dashboard": Command("dashboard", 0, 1, frozenset({"port"})),
    "check": Command("check", 0, 0, frozenset({"all-namespaces", "output"})),
    "version": Command("version"),
    "help": Command("usage", 0, 1),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a locale without our ticks shows ?
    try:
        return _run(arguments)
    except UsageError as error:
        _complain(f"{error}\nSee 'kubectl kubervisor help' for usage.")
        return USAGE
    except Stop as error:
        _complain(str(error))
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # never a traceback: a person reads this
        if os.environ.get("KUBERVISOR_DEBUG"):
            raise
        _complain(
            f"unexpected {type(error).__name__}: {error}; KUBERVISOR_DEBUG=1 shows where; "
            "please report it"
        )
        return FAILED


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "__complete":
        from kubectl_kubervisor.complete import complete  # noqa: PLC0415 - only for the shell

        return complete(list(arguments[1:]))
    line = parse(arguments)
    name = line.words[0] if line.words else "status"
    if line.has("version"):
        name, line = "version", Line(("version",), {})
    if name not in COMMANDS:
        raise UsageError(
            f'unknown command "{name}"; of a KubervisorService of that name: `status {name}`'
        )
    if line.has("help"):
        name, line = "help", Line(("help", name) if line.words else ("help",), {})
    _check(name, line)
    module = import_module(f"kubectl_kubervisor.{COMMANDS[name].module}")
    code: int = module.run(line)
    return code


def _check(name: str, line: Line) -> None:
    command, given = COMMANDS[name], len(line.words[1:])
    if foreign := sorted(line.flags.keys() - command.flags - ANYWHERE):
        raise UsageError(f"unknown flag for {name}: --{foreign[0]}")
    if line.has("all-namespaces") and line.flag("namespace"):
        raise UsageError("--namespace and --all-namespaces exclude each other")
    if given < command.least:
        raise UsageError(f"{name} needs a name")
    if given > command.most:
        raise UsageError(f"too many arguments for {name}: {' '.join(line.words[1:])}")


def _complain(text: str) -> None:
    sys.stdout.flush()
    # What the API server said is printed as kubectl prints it.
    prefix = "" if text.startswith("Error from server") else "error: "
    sys.stderr.write(f"{prefix}{printable_lines(text)}\n")
