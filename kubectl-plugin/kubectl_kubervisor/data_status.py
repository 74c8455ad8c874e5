"""`data [status [SOURCE]]`: how the rollouts of data stand."""

from __future__ import annotations

import time
from typing import NoReturn

from kubectl_kubervisor import data_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.columns import lines_of, table_of
from kubectl_kubervisor.data_listing import all_of, one_of
from kubectl_kubervisor.data_objects import Rollout, rollout
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import follow
from kubectl_kubervisor.kubectl import ROLLOUTS, Kubectl
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.say import say, tell, warn
from kubectl_kubervisor.text import printable, wants_colour


def run(line: Line) -> int:
    """Print the table, or all about one; 1 where the one that was named is not Ready."""
    source, form = _source_of(line), wanted(line)
    kubectl = Kubectl(line)
    if line.has("watch"):
        if form not in ("table", "wide"):
            raise UsageError("--watch prints tables: leave -o out, or write -o wide")
        _follow(line, kubectl, source)
    if form in ("json", "yaml", "name"):
        chosen = [one_of(kubectl, source).name] if source else kubectl.selected
        everywhere = line.has("all-namespaces")
        passed_through(kubectl, [ROLLOUTS, *chosen], form, everywhere=everywhere)
        return DONE
    acting = Acting(kubectl, words.DATA_LEASE_PREFIX)
    try:
        return _one(line, kubectl, source) if source else _all(line, kubectl)
    finally:
        acting.warn(line.flag("namespace"))


def tell_past(found: Rollout, now: float) -> None:
    """Print what was taken back, and what happened."""
    for headers, rows in (
        (("AGO", "QUARANTINED", "WHY"), standing.quarantine_rows(found, now)),
        (("AGO", "WHAT", "VERSION", "WHY"), standing.history_rows(found, now)),
    ):
        if rows:
            say()
            say(table.render(headers, rows, colour=wants_colour()))


def _source_of(line: Line) -> str:
    source = line.words[1] if len(line.words) > 1 else ""
    if source and line.has("all-namespaces"):
        raise UsageError("a SOURCE is in one namespace: leave --all-namespaces out")
    if source and line.flag("selector"):
        raise UsageError("name one SOURCE or select with -l, not both")
    return source


def _all(line: Line, kubectl: Kubectl) -> int:
    found = all_of(kubectl, *kubectl.selected, everywhere=line.has("all-namespaces"))
    if not found:
        where = f" in {line.flag('namespace')} namespace" if line.flag("namespace") else ""
        warn(f"No resources found{printable(where)}: no pod there uses data of a source yet.")
        return DONE
    say(table_of(found, standing, line))
    return DONE


def _one(line: Line, kubectl: Kubectl, source: str) -> int:
    found = one_of(kubectl, source)
    if wanted(line) == "wide" or line.has("no-headers"):
        say(table_of([found], standing, line))
    else:
        now = time.time()
        tell(standing.details(found, now))
        tell_past(found, now)
    return DONE if found.ready else FAILED


def _follow(line: Line, kubectl: Kubectl, source: str) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    lines = lines_of(standing, line)

    def told(what: str, body: Json) -> None:
        found = rollout(body)
        if body.get("kind") == "DataRollout" and source in ("", found.source):
            lines.told(what, (found.namespace, found.name), found)

    asked = [(ROLLOUTS, *kubectl.selected)]
    follow(kubectl, asked, told, everywhere=line.has("all-namespaces"))
