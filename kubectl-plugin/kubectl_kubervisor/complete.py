"""What the shell offers after `kubectl kubervisor`: kubectl calls `kubectl_complete-kubervisor`.

One choice a line; the last line is a directive of kubectl's: 4, no names of files.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor import words
from kubectl_kubervisor.cli import COMMANDS
from kubectl_kubervisor.errors import DONE, Stop
from kubectl_kubervisor.flags import ANYWHERE, SHORT, Line, parse
from kubectl_kubervisor.say import say

KINDS = {
    "status": "kubervisorservices.kubervisor.k8s.io",
    "pods": "kubervisorservices.kubervisor.k8s.io",
    "pause": "kubervisorservices.kubervisor.k8s.io",
    "resume": "kubervisorservices.kubervisor.k8s.io",
    "enable": "services",
    "disable": "services",
    "explain": "pods",
    "eject": "pods",
    "return": "pods",
    "approve": "actionapprovals.autopilot.libopenstorage.org",
    "decline": "actionapprovals.autopilot.libopenstorage.org",
    "dashboard": "leases.coordination.k8s.io",
}
OUT_ONLY = ("--selector=kubervisor/traffic in (no,pause)",)
_VALUES = {
    "-o": ("table", "wide", "json", "yaml", "name"),
    "--output": ("table", "wide", "json", "yaml", "name"),
    "--dry-run": ("server", "client", "none"),
}
_NO_FILES = ":4"


def complete(typed: Sequence[str]) -> int:
    """Print the choices for the last of the words `typed`; never fails."""
    try:
        found = choices(typed)
    except Stop:
        found = []
    for one in found:
        say(one)
    say(_NO_FILES)
    return DONE


def choices(typed: Sequence[str]) -> list[str]:
    """The choices for the last word, the others being given. Raises Stop."""
    *given, last = typed or [""]
    if given and given[-1] in _VALUES:
        return [one for one in _VALUES[given[-1]] if one.startswith(last)]
    if given and given[-1] in ("-n", "--namespace"):
        return _names("namespaces", given[:-1], last)
    line = parse(given)
    if last.startswith("-"):
        return _flags(line.words, last)
    if not line.words:
        return [name for name in COMMANDS if name.startswith(last)]
    command = COMMANDS.get(line.words[0])
    if command is None or len(line.words) > command.most:
        return []
    if line.words[0] == "help":
        return [name for name in COMMANDS if name.startswith(last)]
    if line.words[0] in _OF_CAPABILITIES:
        return _OF_CAPABILITIES[line.words[0]](line, given, last)
    more = OUT_ONLY if line.words[0] == "return" else ()
    names = _names(KINDS[line.words[0]], given, last, *more)
    if line.words[0] == "dashboard":
        return [name for name in names if name.startswith(words.LEASE_PREFIX)]
    return names


def _flags(given: Sequence[str], last: str) -> list[str]:
    command = COMMANDS.get(given[0] if given else "status")
    known = ANYWHERE | (command.flags if command else frozenset())
    long = [f"--{name}" for name in sorted(known)]
    short = [short for short, name in SHORT.items() if name in known]
    return [one for one in (*long, *short) if one.startswith(last)]


def _of_data(line: Line, given: Sequence[str], last: str) -> list[str]:
    from kubectl_kubervisor import data, data_listing  # noqa: PLC0415 - for these commands only
    from kubectl_kubervisor.kubectl import Kubectl  # noqa: PLC0415 - words need no kubectl

    words_of_data = line.words[1:]
    if not words_of_data:
        return [name for name in data.COMMANDS if name.startswith(last)]
    command = data.COMMANDS.get(words_of_data[0])
    if command is None or len(words_of_data) > command.most:
        return []
    kubectl = Kubectl(parse([*given, "--request-timeout=3s"]))
    if len(words_of_data) == 1:
        names = {one.source for one in data_listing.all_of(kubectl)}
    else:
        names = {one.name for one in data_listing.one_of(kubectl, words_of_data[1]).known()}
    return sorted(name for name in names if name.startswith(last))


def _of_rules(line: Line, given: Sequence[str], last: str) -> list[str]:
    from kubectl_kubervisor import rules, rules_listing  # noqa: PLC0415 - for these commands only
    from kubectl_kubervisor.kubectl import RULES, Kubectl  # noqa: PLC0415 - words need no kubectl

    words_of_rules = line.words[1:]
    if not words_of_rules:
        return [name for name in rules.COMMANDS if name.startswith(last)]
    command = rules.COMMANDS.get(words_of_rules[0])
    if command is None or len(words_of_rules) > command.most:
        return []
    if words_of_rules[0] != "explain":
        return _names(RULES, given, last)
    kubectl = Kubectl(parse([*given, "--request-timeout=3s"]))
    names = {one.about for one in rules_listing.standings(kubectl)}
    return sorted(name for name in names if name.startswith(last))


def _of_workflows(_: Line, given: Sequence[str], last: str) -> list[str]:
    from kubectl_kubervisor import workflows_listing as listing  # noqa: PLC0415 - here only
    from kubectl_kubervisor.kubectl import Kubectl  # noqa: PLC0415 - words need no kubectl

    kubectl = Kubectl(parse([*given, "--request-timeout=3s"]))
    found = listing.all_of(kubectl, listing.kinds(kubectl))
    names = {f"{one.kind.singular}/{one.name}" if "/" in last else one.name for one in found}
    return sorted(name for name in names if name.startswith(last))


_OF_CAPABILITIES = {"data": _of_data, "rules": _of_rules, "workflows": _of_workflows}


def _names(kind: str, given: Sequence[str], last: str, *more: str) -> list[str]:
    from kubectl_kubervisor.kubectl import Kubectl  # noqa: PLC0415 - words need no kubectl

    kubectl = Kubectl(parse([*given, "--request-timeout=3s"]))
    listed = kubectl.run("get", kind, *kubectl.scope, *more, "--output=name").split()
    names = [one.partition("/")[2] for one in listed]
    return [name for name in names if name.startswith(last)]
