"""`approvals`: what rules ask for, and what was answered."""

from __future__ import annotations

import time

from kubectl_kubervisor import rules_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import AGAIN_SECONDS, Lines, events
from kubectl_kubervisor.kubectl import APPROVALS, Kubectl
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.rules_listing import approvals, installed
from kubectl_kubervisor.rules_objects import approval
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import wants_colour


def run(line: Line) -> int:
    """Print a line for each approval, those that wait for an answer first."""
    form, everywhere = wanted(line), line.has("all-namespaces")
    selected = [f"--selector={line.flag('selector')}"] if line.flag("selector") else []
    if line.has("watch") and form != "table":
        raise UsageError("--watch prints tables: leave -o out")
    kubectl = Kubectl(line)
    with installed():
        if line.has("watch"):
            return _follow(line, kubectl, selected)
        if form in ("json", "yaml", "name"):
            passed_through(kubectl, [APPROVALS, *selected], form, everywhere=everywhere)
            return DONE
        acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
        try:
            _list(line, kubectl, selected)
        finally:
            acting.warn(line.flag("namespace"))
    return DONE


def _list(line: Line, kubectl: Kubectl, selected: list[str]) -> None:
    everywhere, now = line.has("all-namespaces"), time.time()
    found = approvals(kubectl, *selected, everywhere=everywhere)
    if not found:
        warn("No resources found: no rule has asked for an approval here.")
        return
    headers = standing.approval_headers(with_namespace=everywhere)
    rows = [standing.approval_row(one, now, with_namespace=everywhere) for one in found]
    shown = not line.has("no-headers")
    say(table.render(headers, rows, show_headers=shown, colour=wants_colour()))


def _follow(line: Line, kubectl: Kubectl, selected: list[str]) -> int:
    """Print a line for each change, until interrupted. Raises Refused."""
    everywhere = line.has("all-namespaces")
    headers = standing.approval_headers(with_namespace=everywhere)
    lines = Lines(headers, show_headers=not line.has("no-headers"))
    while True:
        for what, body in events(kubectl, [APPROVALS, *selected], None, everywhere=everywhere):
            found = approval(body)
            if body.get("kind") != "ActionApproval":
                continue
            key = found.namespace, found.name
            if what == "DELETED":
                lines.gone(key)
                continue
            timeless, timed = (
                standing.approval_row(found, now, with_namespace=everywhere)
                for now in (0.0, time.time())
            )
            lines.changed(key, timeless, timed)
        time.sleep(AGAIN_SECONDS)  # the server ended the watch
