"""`approvals`: what rules ask for, and what was answered."""

from __future__ import annotations

import time
from functools import partial
from typing import NoReturn

from kubectl_kubervisor import rules_standing as standing
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines, follow
from kubectl_kubervisor.kubectl import APPROVALS, Kubectl
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.rules_listing import approvals, installed
from kubectl_kubervisor.rules_objects import approval
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import wants_colour


def run(line: Line) -> int:
    """Print a line for each approval, those that wait for an answer first."""
    form, everywhere = wanted(line), line.has("all-namespaces")
    if line.has("watch") and form != "table":
        raise UsageError("--watch prints tables: leave -o out")
    kubectl = Kubectl(line)
    with installed():
        if line.has("watch"):
            _follow(line, kubectl)
        if form in ("json", "yaml", "name"):
            passed_through(kubectl, [APPROVALS, *kubectl.selected], form, everywhere=everywhere)
            return DONE
        acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
        try:
            _list(line, kubectl)
        finally:
            acting.warn(line.flag("namespace"))
    return DONE


def _list(line: Line, kubectl: Kubectl) -> None:
    everywhere, now = line.has("all-namespaces"), time.time()
    found = approvals(kubectl, *kubectl.selected, everywhere=everywhere)
    if not found:
        warn("No resources found: no rule has asked for an approval here.")
        return
    headers = standing.approval_headers(with_namespace=everywhere)
    rows = [standing.approval_row(one, now, with_namespace=everywhere) for one in found]
    shown = not line.has("no-headers")
    say(table.render(headers, rows, show_headers=shown, colour=wants_colour()))


def _follow(line: Line, kubectl: Kubectl) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    everywhere = line.has("all-namespaces")
    lines = Lines(
        standing.approval_headers(with_namespace=everywhere),
        partial(standing.approval_row, with_namespace=everywhere),
        show_headers=not line.has("no-headers"),
    )

    def told(what: str, body: Json) -> None:
        if body.get("kind") == "ActionApproval":
            found = approval(body)
            lines.told(what, (found.namespace, found.name), found)

    follow(kubectl, [(APPROVALS, *kubectl.selected)], told, everywhere=everywhere)
