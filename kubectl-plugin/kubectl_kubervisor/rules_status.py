"""`rules [status [RULE]]`: how the rules stand."""

from __future__ import annotations

import time

from kubectl_kubervisor import rules_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.data_status import tell
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import AGAIN_SECONDS, Lines, events
from kubectl_kubervisor.kubectl import RULES, Kubectl
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.rules_about import print_standings
from kubectl_kubervisor.rules_listing import rule_named, rules, standings
from kubectl_kubervisor.rules_objects import RULE_LABEL, Rule, rule
from kubectl_kubervisor.say import say, warn
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
        return _follow(line, kubectl, name)
    if form in ("json", "yaml", "name"):
        passed_through(kubectl, [RULES, *([name] if name else _selected(line))], form)
        return DONE
    acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
    try:
        return _one(line, kubectl, name) if name else _all(line, kubectl)
    finally:
        acting.warn(line.flag("namespace"))


def _all(line: Line, kubectl: Kubectl) -> int:
    found = rules(kubectl, *_selected(line))
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


def _follow(line: Line, kubectl: Kubectl, name: str) -> int:
    """Print a line for each change, until interrupted. Raises Refused."""
    wide = wanted(line) == "wide"
    lines = Lines(standing.rule_headers(wide=wide), show_headers=not line.has("no-headers"))
    while True:
        for what, body in events(kubectl, [RULES, *_selected(line)], None):
            found = rule(body)
            if body.get("kind") != "AutopilotRule" or name not in ("", found.name):
                continue
            if what == "DELETED":
                lines.gone(("", found.name))
                continue
            timeless, timed = (
                standing.rule_row(found, now, wide=wide) for now in (0.0, time.time())
            )
            lines.changed(("", found.name), timeless, timed)
        time.sleep(AGAIN_SECONDS)  # the server ended the watch


def _selected(line: Line) -> list[str]:
    return [f"--selector={line.flag('selector')}"] if line.flag("selector") else []
