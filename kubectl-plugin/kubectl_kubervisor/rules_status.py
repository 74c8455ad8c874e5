"""`rules [status [RULE]]`: how the rules stand."""

from __future__ import annotations

import time
from functools import partial
from typing import NoReturn

from kubectl_kubervisor import rules_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines, follow
from kubectl_kubervisor.kubectl import RULES, Kubectl
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.rules_about import print_standings
from kubectl_kubervisor.rules_listing import rule_named, rules, standings
from kubectl_kubervisor.rules_objects import RULE_LABEL, Rule, rule
from kubectl_kubervisor.say import say, tell, warn
from kubectl_kubervisor.text import wants_colour


def run(line: Line) -> int:
    """Print the table, or all about one; 1 where the one that was named is not Ready."""
    name, form = (line.words[1] if len(line.words) > 1 else ""), wanted(line)
    if name and line.flag("selector"):
        raise UsageError("name one RULE or select with -l, not both")
    kubectl = Kubectl(line)
    if line.has("watch"):
        if form not in ("table", "wide"):
            raise UsageError("--watch prints tables: leave -o out, or write -o wide")
        _follow(line, kubectl, name)
    if form in ("json", "yaml", "name"):
        passed_through(kubectl, [RULES, *([name] if name else kubectl.selected)], form)
        return DONE
    acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
    try:
        return _one(line, kubectl, name) if name else _all(line, kubectl)
    finally:
        acting.warn(line.flag("namespace"))


def _all(line: Line, kubectl: Kubectl) -> int:
    found = rules(kubectl, *kubectl.selected)
    if found:
        say(_table(found, line))
    else:
        warn("No resources found: there is no AutopilotRule.")
    return DONE


def _one(line: Line, kubectl: Kubectl, name: str) -> int:
    found = rule_named(kubectl, name)
    if wanted(line) == "wide" or line.has("no-headers"):
        say(_table([found], line))
    else:
        tell(standing.rule_details(found, time.time()))
        everywhere = not line.flag("namespace")
        about = standings(kubectl, f"--selector={RULE_LABEL}={name}", everywhere=everywhere)
        if about:
            say()
            print_standings(about, wide=False, everywhere=everywhere, show_headers=True)
    return DONE if found.ready else FAILED


def _table(found: list[Rule], line: Line) -> str:
    wide, now = wanted(line) == "wide", time.time()
    return table.render(
        standing.rule_headers(wide=wide),
        [standing.rule_row(one, now, wide=wide) for one in found],
        show_headers=not line.has("no-headers"),
        colour=wants_colour(),
    )


def _follow(line: Line, kubectl: Kubectl, name: str) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    wide = wanted(line) == "wide"
    lines = Lines(
        standing.rule_headers(wide=wide),
        partial(standing.rule_row, wide=wide),
        show_headers=not line.has("no-headers"),
    )

    def told(what: str, body: Json) -> None:
        found = rule(body)
        if body.get("kind") == "AutopilotRule" and name in ("", found.name):
            lines.told(what, ("", found.name), found)

    follow(kubectl, [(RULES, *kubectl.selected)], told)
