"""`data …`: the commands of data deployments; without another word, `status`."""

from __future__ import annotations

from importlib import import_module

from kubectl_kubervisor.cli import Command
from kubectl_kubervisor.errors import Refused, UsageError
from kubectl_kubervisor.flags import ANYWHERE, Line
from kubectl_kubervisor.kubectl import ROLLOUTS

_TABLES = frozenset({"output", "no-headers", "watch", "all-namespaces"})
_DRY = frozenset({"dry-run"})
COMMANDS = {
    "status": Command("data_status", 0, 1, _TABLES | {"selector"}),
    "pods": Command("data_pods", 0, 1, _TABLES | {"selector"}),
    "explain": Command("data_explain", 1, 1),
    "pause": Command("data_steering", 1, 1, _DRY),
    "resume": Command("data_steering", 1, 1, _DRY),
    "pin": Command("data_steering", 2, 2, _DRY),
    "unpin": Command("data_steering", 1, 1, _DRY),
}
"""Each with how many words it takes after its own name, and its flags."""

NOT_INSTALLED = (
    f"the server does not know DataRollouts ({ROLLOUTS}): data deployments are not installed here"
)


def run(line: Line) -> int:
    """Run one of them. Raises UsageError for what it does not take."""
    name, given = (line.words[1], line.words[2:]) if len(line.words) > 1 else ("status", ())
    command = COMMANDS.get(name)
    if command is None:
        known = ", ".join(COMMANDS)
        raise UsageError(f'unknown command "data {name}": one of {known}')
    if foreign := sorted(line.flags.keys() - command.flags - ANYWHERE):
        raise UsageError(f"unknown flag for data {name}: --{foreign[0]}")
    if len(given) < command.least:
        wanted = "a source" if not given else "a version: its path, digest, or a beginning"
        raise UsageError(f"data {name} needs {wanted}")
    if len(given) > command.most:
        raise UsageError(f"too many arguments for data {name}: {' '.join(given)}")
    module = import_module(f"kubectl_kubervisor.{command.module}")
    try:
        code: int = module.run(Line((name, *given), line.flags))
    except Refused as error:
        if "have a resource type" in str(error):
            raise Refused(NOT_INSTALLED) from error
        raise
    return code
