"""`workflows [NAME]`: how the objects of phase workflows stand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NoReturn

from kubectl_kubervisor import table
from kubectl_kubervisor import workflows_standing as standing
from kubectl_kubervisor.columns import lines_of, table_of
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import follow
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.say import say, tell, warn
from kubectl_kubervisor.text import wants_colour
from kubectl_kubervisor.workflows_listing import Operators, all_of, kinds, one_of, read
from kubectl_kubervisor.workflows_objects import Kind


def run(line: Line) -> int:
    """Print the table, or all about one; 1 where the one that was named is not Ready."""
    name, form = (line.words[1] if len(line.words) > 1 else ""), wanted(line)
    if name and line.has("all-namespaces"):
        raise UsageError("a NAME is in one namespace: leave --all-namespaces out")
    if name and line.flag("selector"):
        raise UsageError("name one NAME or select with -l, not both")
    if line.has("watch") and form not in ("table", "wide"):
        raise UsageError("--watch prints tables: leave -o out, or write -o wide")
    kubectl = Kubectl(line)
    if line.has("watch"):
        _follow(line, kubectl, name)
    if form in ("json", "yaml", "name"):
        return _pass_through(line, kubectl, name, form)
    operators = Operators(kubectl)
    return _one(line, kubectl, name, operators) if name else _all(line, kubectl, operators)


def _all(line: Line, kubectl: Kubectl, operators: Operators) -> int:
    known = kinds(kubectl)
    found = all_of(kubectl, known, *kubectl.selected, everywhere=line.has("all-namespaces"))
    if found:
        say(table_of(found, standing, line))
    else:
        warn(f"No resources found: there is no object of {', '.join(one.kind for one in known)}.")
    operators.warn(one.operator for one in known)
    return DONE


def _one(line: Line, kubectl: Kubectl, name: str, operators: Operators) -> int:
    found, now = one_of(kubectl, name), time.time()
    if wanted(line) == "wide" or line.has("no-headers"):
        say(table_of([found], standing, line))
    else:
        tell(standing.details(found, now))
        if rows := standing.timeline(found, now):
            say()
            say(table.render(("AGO", "LASTED", "PHASE", "WHY"), rows, colour=wants_colour()))
    operators.warn([found.kind.operator])
    return DONE if found.ready else FAILED


def _pass_through(line: Line, kubectl: Kubectl, name: str, form: str) -> int:
    if name:
        found = one_of(kubectl, name)
        asked = [found.kind.type, found.name]
    else:
        asked = [_types(kinds(kubectl)), *kubectl.selected]
    passed_through(kubectl, asked, form, everywhere=line.has("all-namespaces"))
    return DONE


def _follow(line: Line, kubectl: Kubectl, name: str) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    lines = lines_of(standing, line)
    if name:
        one = one_of(kubectl, name)
        known, chosen = [one.kind], [f"--field-selector=metadata.name={one.name}"]
    else:
        known, chosen = kinds(kubectl), kubectl.selected

    def told(what: str, body: Json) -> None:
        if found := read(known, body):
            lines.told(what, (found.namespace, f"{found.kind.type}/{found.name}"), found)

    asked = [(kind.type, *chosen) for kind in known]
    follow(kubectl, asked, told, everywhere=line.has("all-namespaces"))


def _types(known: Sequence[Kind]) -> str:
    return ",".join(one.type for one in known)
