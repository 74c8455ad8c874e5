"""`pods NAME`: the members of a KubervisorService, and how each stands with traffic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from kubectl_kubervisor import instants, table, words
from kubectl_kubervisor.errors import DONE, Stop, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines, follow
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import (
    Guard,
    Json,
    Pod,
    as_words,
    guard,
    pod,
    selector_of,
    without_traffic,
)
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import wants_colour
from kubectl_kubervisor.watchdogs import in_short

HEADERS = (
    "NAME",
    "READY",
    "TRAFFIC",
    "SINCE",
    "BACK-IN",
    "BREAKER",
    "EJECTIONS",
    "REASON",
    "HEALTH",
)
WIDE = ("NODE", "WATCHDOGS", "EVIDENCE")


def run(line: Line) -> int:
    """Print the members; with -l only those of them that the selector matches too."""
    kubectl, form = Kubectl(line), wanted(line)
    if line.has("watch") and form not in ("table", "wide"):
        raise UsageError("--watch prints tables: leave -o out, or write -o wide")
    found = guard(kubectl.get(GUARDS, line.words[1]))
    selector = [f"--selector={_selector(kubectl, found, line.flag('selector'))}"]
    if line.has("watch"):
        _follow(line, kubectl, ["pods", *selector], wide=form == "wide")
    if form in ("json", "yaml", "name"):
        passed_through(kubectl, ["pods", *selector], form)
        return DONE
    pods = [pod(body) for body in kubectl.items("pods", *selector)]
    members = [one for one in pods if one.phase not in ("Succeeded", "Failed")]
    if not members:
        warn(f"No pods of Service {found.service} found.")
        return DONE
    now, wide = time.time(), form == "wide"
    say(
        table.render(
            headers(wide=wide),
            [row(one, now, wide=wide) for one in sorted(members, key=_worst_first)],
            show_headers=not line.has("no-headers"),
            colour=wants_colour(),
        )
    )
    return DONE


def _selector(kubectl: Kubectl, found: Guard, more: str) -> str:
    selector = without_traffic(selector_of(kubectl.get("service", found.service)))
    if not selector:
        raise Stop(f"Service {found.service} selects nothing but our label: it has no members")
    return ",".join(filter(None, (as_words(selector), more)))


def _follow(line: Line, kubectl: Kubectl, chosen: Sequence[str], *, wide: bool) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    shown = not line.has("no-headers")
    lines = Lines(headers(wide=wide), partial(row, wide=wide), show_headers=shown)

    def told(what: str, body: Json) -> None:
        if body.get("kind") == "Pod":
            one = pod(body)
            lines.told(what, (one.namespace, one.name), one)

    follow(kubectl, [chosen], told)


def headers(*, wide: bool) -> list[str]:
    """The headers of `row`."""
    return [*HEADERS, *(WIDE if wide else ())]


def row(one: Pod, now: float, *, wide: bool) -> list[str]:
    """One line of the table."""
    since = one.notes.get(words.EJECTED_AT if one.is_out else words.RETURNED_AT)
    left = instants.parse(one.notes.get(words.EJECTED_UNTIL))
    cells = [
        one.name,
        "yes" if one.ready else "no",
        one.state,
        instants.since(since, now) if since else "-",
        "-" if left is None or one.traffic != "no" else instants.age(left - now),
        one.labels.get(words.STRATEGY) or "-",
        one.notes.get(words.RETRY_COUNT) or "0",
        one.notes.get(words.REASON) or "-",
        one.labels.get(words.HEALTH) or "-",
    ]
    if wide:
        cells += [one.node or "-", in_short(one) or "-", one.notes.get(words.EVIDENCE) or "-"]
    return cells


def _worst_first(one: Pod) -> tuple[int, str]:
    order = ("ejected", "paused", "held", "unlabelled", "not ready", "serving", "deleting")
    return order.index(one.state), one.name
