"""`rules objects [RULE]`: where rules stand about each object."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from kubectl_kubervisor import rules_standing as shown
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines, follow
from kubectl_kubervisor.kubectl import RULE_OBJECTS, Kubectl
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.rules_listing import standings
from kubectl_kubervisor.rules_objects import RULE_LABEL, Standing, standing
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable, wants_colour


def run(line: Line) -> int:
    """Print a line for each rule and each object that it selects."""
    rule, form, everywhere = _rule_of(line), wanted(line), line.has("all-namespaces")
    kubectl, chosen = Kubectl(line), _selected(line, rule)
    if line.has("watch"):
        if form not in ("table", "wide"):
            raise UsageError("--watch prints tables: leave -o out, or write -o wide")
        _follow(line, kubectl, chosen)
    if form in ("json", "yaml", "name"):
        passed_through(kubectl, [RULE_OBJECTS, *chosen], form, everywhere=everywhere)
        return DONE
    acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
    try:
        found = standings(kubectl, *chosen, everywhere=everywhere)
        if found:
            shows = not line.has("no-headers")
            print_standings(found, wide=form == "wide", everywhere=everywhere, show_headers=shows)
        else:
            whose = f" of rule {printable(rule)}" if rule else ""
            warn(f"No resources found{whose}: no rule selects an object here.")
    finally:
        acting.warn(line.flag("namespace"))
    return DONE


def print_standings(
    found: Sequence[Standing], *, wide: bool, everywhere: bool, show_headers: bool
) -> None:
    """Print the table of them."""
    now = time.time()
    rows = [shown.object_row(one, now, wide=wide, with_namespace=everywhere) for one in found]
    headers = shown.object_headers(wide=wide, with_namespace=everywhere)
    say(table.render(headers, rows, show_headers=show_headers, colour=wants_colour()))


def _follow(line: Line, kubectl: Kubectl, chosen: Sequence[str]) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    wide, everywhere = wanted(line) == "wide", line.has("all-namespaces")
    lines = Lines(
        shown.object_headers(wide=wide, with_namespace=everywhere),
        partial(shown.object_row, wide=wide, with_namespace=everywhere),
        show_headers=not line.has("no-headers"),
    )

    def told(what: str, body: Json) -> None:
        if body.get("kind") == "AutopilotRuleObject":
            found = standing(body)
            lines.told(what, (found.namespace, found.name), found)

    follow(kubectl, [(RULE_OBJECTS, *chosen)], told, everywhere=everywhere)


def _rule_of(line: Line) -> str:
    return line.words[1] if len(line.words) > 1 else ""


def _selected(line: Line, rule: str) -> list[str]:
    parts = [f"{RULE_LABEL}={rule}"] if rule else []
    parts += [line.flag("selector")] if line.flag("selector") else []
    return [f"--selector={','.join(parts)}"] if parts else []
