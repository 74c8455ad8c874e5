"""`rules …`: how rules stand, and about which objects; without another word, `status`."""

from __future__ import annotations

from importlib import import_module

from kubectl_kubervisor.cli import Command
from kubectl_kubervisor.errors import UsageError
from kubectl_kubervisor.flags import ANYWHERE, Line
from kubectl_kubervisor.rules_listing import installed

_TABLES = frozenset({"output", "no-headers", "watch", "selector"})
COMMANDS = {
    "status": Command("rules_status", 0, 1, _TABLES),
    "objects": Command("rules_about", 0, 1, _TABLES | {"all-namespaces"}),
    "explain": Command("rules_explain", 1, 1),
}
"""Each with how many words it takes after its own name, and its flags."""


def run(line: Line) -> int:
    """Run one of them. Raises UsageError for what it does not take."""
    name, given = (line.words[1], line.words[2:]) if len(line.words) > 1 else ("status", ())
    command = COMMANDS.get(name)
    if command is None:
        known = ", ".join(COMMANDS)
        raise UsageError(f'unknown command "rules {name}": one of {known}')
    if foreign := sorted(line.flags.keys() - command.flags - ANYWHERE):
        raise UsageError(f"unknown flag for rules {name}: --{foreign[0]}")
    if len(given) < command.least:
        raise UsageError(f"rules {name} needs an object: the name of a claim, for instance")
    if len(given) > command.most:
        raise UsageError(f"too many arguments for rules {name}: {' '.join(given)}")
    module = import_module(f"kubectl_kubervisor.{command.module}")
    with installed():
        code: int = module.run(Line((name, *given), line.flags))
    return code
