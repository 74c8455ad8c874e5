"""`data [status [SOURCE]]`: how the rollouts of data stand."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kubectl_kubervisor import data_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.data_listing import all_of, one_of
from kubectl_kubervisor.data_objects import Rollout, rollout
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import AGAIN_SECONDS, Lines, events
from kubectl_kubervisor.kubectl import ROLLOUTS, Kubectl
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable, wants_colour


def run(line: Line) -> int:
    """Print the table, or all about one; 1 where the one that was named is not Ready."""
    source, form = _source_of(line), wanted(line)
    kubectl = Kubectl(line)
    if line.has("watch"):
        if form not in ("table", "wide"):
            raise UsageError("--watch prints tables: leave -o out, or write -o wide")
        return _follow(line, kubectl, source)
    if form in ("json", "yaml", "name"):
        chosen = [one_of(kubectl, source).name] if source else _selected(line)
        everywhere = line.has("all-namespaces")
        passed_through(kubectl, [ROLLOUTS, *chosen], form, everywhere=everywhere)
        return DONE
    acting = Acting(kubectl, words.DATA_LEASE_PREFIX)
    try:
        return _one(line, kubectl, source) if source else _all(line, kubectl)
    finally:
        acting.warn(line.flag("namespace"))


def tell(lines: Sequence[tuple[str, str]]) -> None:
    """Print names and values, one to a line."""
    width = max((len(name) for name, _ in lines), default=0) + 1
    for name, value in lines:
        say(f"{name + ':':<{width}}  {printable(value)}")


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
    found = all_of(kubectl, *_selected(line), everywhere=line.has("all-namespaces"))
    if not found:
        where = f" in {line.flag('namespace')} namespace" if line.flag("namespace") else ""
        warn(f"No resources found{printable(where)}: no pod there uses data of a source yet.")
        return DONE
    say(_table(found, line))
    return DONE


def _one(line: Line, kubectl: Kubectl, source: str) -> int:
    found = one_of(kubectl, source)
    if wanted(line) == "wide" or line.has("no-headers"):
        say(_table([found], line))
    else:
        now = time.time()
        tell(standing.details(found, now))
        tell_past(found, now)
    return DONE if found.ready else FAILED


def _table(found: list[Rollout], line: Line) -> str:
    wide, everywhere, now = wanted(line) == "wide", line.has("all-namespaces"), time.time()
    rows = [standing.row(one, now, wide=wide, with_namespace=everywhere) for one in found]
    return table.render(
        standing.headers(wide=wide, with_namespace=everywhere),
        rows,
        show_headers=not line.has("no-headers"),
        colour=wants_colour(),
    )


def _follow(line: Line, kubectl: Kubectl, source: str) -> int:
    """Print a line for each change, until interrupted. Raises Refused."""
    wide, everywhere = wanted(line) == "wide", line.has("all-namespaces")
    headers = standing.headers(wide=wide, with_namespace=everywhere)
    lines = Lines(headers, show_headers=not line.has("no-headers"))
    while True:
        for what, body in events(
            kubectl, [ROLLOUTS, *_selected(line)], None, everywhere=everywhere
        ):
            found = rollout(body)
            if body.get("kind") != "DataRollout" or source not in ("", found.source):
                continue
            key = found.namespace, found.name
            if what == "DELETED":
                lines.gone(key)
                continue
            timeless, timed = (
                standing.row(found, now, wide=wide, with_namespace=everywhere)
                for now in (0.0, time.time())
            )
            lines.changed(key, timeless, timed)
        time.sleep(AGAIN_SECONDS)  # the server ended the watch


def _selected(line: Line) -> list[str]:
    return [f"--selector={line.flag('selector')}"] if line.flag("selector") else []
