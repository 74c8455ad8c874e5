"""`rules explain OBJECT`: why rules stand where they do about an object, and what was."""

from __future__ import annotations

import time

from kubectl_kubervisor import rules_explaining as explaining
from kubectl_kubervisor import table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, Refused
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.rules_listing import approvals, standings_about
from kubectl_kubervisor.rules_objects import Approval
from kubectl_kubervisor.rules_standing import history_rows
from kubectl_kubervisor.say import say, tell
from kubectl_kubervisor.text import coloured, printable, wants_colour


def run(line: Line) -> int:
    """Print it for each rule that selects the object; 0 whatever state it is in."""
    kubectl = Kubectl(line)
    acting = Acting(kubectl, words.RULES_LEASE_PREFIX)
    try:
        found, now = standings_about(kubectl, line.words[1]), time.time()
        asked = _asked(kubectl)
        for number, one in enumerate(found):
            if number:
                say()
            verdict = explaining.verdict(one, now)
            say(coloured(printable(verdict), "bold", wants_colour()))
            say()
            tell(explaining.reasons(one, asked.get((one.namespace, one.approval)), now))
            if rows := history_rows(one, now):
                say()
                say(table.render(("AGO", "STATE", "WHY"), rows, colour=wants_colour()))
    finally:
        acting.warn(line.flag("namespace"))
    return DONE


def _asked(kubectl: Kubectl) -> dict[tuple[str, str], Approval]:
    """The approvals; none where the user may not see them, for the rest is told all the same."""
    try:
        return {(one.namespace, one.name): one for one in approvals(kubectl)}
    except Refused as error:
        if error.forbidden:
            return {}
        raise
