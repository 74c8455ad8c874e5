"""`approve NAME` and `decline NAME`: a person's answer to what a rule asks."""

from __future__ import annotations

import time

from kubectl_kubervisor.errors import DONE, Refused, Stop
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import APPROVALS, Kubectl
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.rules_listing import approval_named, installed
from kubectl_kubervisor.rules_objects import Approval
from kubectl_kubervisor.rules_standing import approval_details
from kubectl_kubervisor.say import say, tell
from kubectl_kubervisor.text import printable

ANSWERS = {"approve": "approved", "decline": "declined"}


def run(line: Line) -> int:
    """Show what is asked and answer just that; that it is so already is well."""
    command, name = line.words[:2]
    answer, (dry_run, noted) = ANSWERS[command], dry_run_of(line)
    kubectl = Kubectl(line)
    with installed():
        found, now = approval_named(kubectl, name), time.time()
        tell(approval_details(found, now))
        say()
        if found.state == answer:
            say(f"actionapproval/{printable(found.name)} is {answer} already")
            return DONE
        if why := obstacle(found, answer, now):
            raise Stop(why)
        answer_exactly(kubectl, found, answer, dry_run)
    say(f"actionapproval/{printable(found.name)} {answer}{noted}")
    return DONE


def obstacle(found: Approval, answer: str, now: float) -> str:
    """Why it cannot be answered so, "" where it can."""
    anew = f"kubectl delete actionapproval {found.name} -n {found.namespace}"
    if found.state == "canceled":
        return "it is canceled: the rule's condition does not hold any more, so nothing is asked"
    if found.state == "declined":
        return f"it is declined; the rule asks anew once it is deleted: {anew}"
    if found.state == "pending" and found.is_over(now):
        return f"it has expired; the rule asks anew once it is deleted: {anew}"
    if answer == "approved" and not (found.digest and found.previews):
        return "it does not say yet what would be done: look again in a moment"
    return ""


def answer_exactly(kubectl: Kubectl, found: Approval, answer: str, dry_run: str = "") -> None:
    """Write the answer, if what is stored is what was shown. Raises Stop."""
    patch: list[dict[str, str]] = [
        {"op": "test", "path": "/metadata/uid", "value": found.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": found.version},
    ]
    if found.digest:
        patch.append({"op": "test", "path": "/status/actionsDigest", "value": found.digest})
    patch.append({"op": "add", "path": "/spec/approvalState", "value": answer})
    try:
        kubectl.patch(APPROVALS, found.name, found.namespace, patch, dry_run=dry_run)
    except Refused as error:
        if _is_as_shown(kubectl, found):
            raise
        raise Stop(
            "it has changed since it was shown, so nothing was answered: look at what it asks now "
            "and answer that"
        ) from error


def _is_as_shown(kubectl: Kubectl, found: Approval) -> bool:
    now = approval_named(kubectl, found.name)
    return (now.uid, now.version, now.digest) == (found.uid, found.version, found.digest)
