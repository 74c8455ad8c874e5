"""`eject POD`: asks the controller to eject a pod, and waits for its answer.

The budget is the controller's alone to keep. So the pod gets an annotation with the instant of the
request; the controller ejects the pod or refuses with the budget's words, and takes it off.
"""

from __future__ import annotations

import time

from kubectl_kubervisor import instants, words
from kubectl_kubervisor.errors import DONE, Refused, Stop
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.lookup import guard_of
from kubectl_kubervisor.objects import Guard, Pod, guard, pod
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable

PATIENCE = "30s"
LOOK_SECONDS = 0.3


def run(line: Line) -> int:
    """Ask and wait; 1 where it is refused or nobody answers in time."""
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    patience = instants.seconds(line.flag("timeout") or PATIENCE)
    found = pod(kubectl.get("pod", line.words[1].removeprefix("pod/")))
    owner, _ = guard_of(kubectl, found)
    if owner is None:
        raise Stop(f"pod {found.name} is not guarded: it is no member of a KubervisorService")
    if no := why_not(found, owner):
        raise Stop(f"pod {found.name} is not ejected: {no}")
    asked_at = instants.render(time.time())
    if dry_run:
        _annotate(kubectl, found, asked_at, dry_run)
        fleet = f"; {owner.fleet}" if owner.fleet else ""
        say(f"pod/{printable(found.name)}: the controller would be asked{fleet}{noted}")
        return DONE
    _annotate(kubectl, found, asked_at)
    try:
        return _await(kubectl, found, owner.name, asked_at, patience)
    finally:
        _withdraw(kubectl, found, asked_at)


def why_not(found: Pod, owner: Guard) -> str:
    """Why the controller would refuse or not even look, empty where it may well agree; pure."""
    if found.is_out:
        return f"it is out of traffic already ({found.state})"
    if found.state != "serving":
        return f"it does not serve ({found.state})"
    for kind, wrong in (
        ("Ready", "False"),
        ("Active", "False"),
        ("Paused", "True"),
        ("DryRun", "True"),
    ):
        condition = owner.condition(kind)
        if condition.status == wrong:
            said = f": {condition.message}" if condition.message else ""
            return f"kubervisorservice {owner.name} is {kind}={wrong}{said}"
    return ""


def answer(found: Pod, owner: Guard, asked_at: str) -> tuple[bool, str] | None:
    """Whether it was ejected, and the controller's words; None while there is no answer; pure."""
    for one in owner.recent:
        if one.uid == found.uid and f"at {asked_at}" in one.evidence:
            note = one.evidence.partition("; ")[2]
            if one.action == "Ejected":
                return True, note
            if one.action == "EjectionRefused":
                return False, f"{one.reason}: {note}"
    return None


def ejected_meanwhile(found: Pod) -> str:
    """Who was faster than the request, empty where nobody was; pure."""
    if not found.is_out or found.notes.get(words.REASON) == words.REQUESTED:
        return ""
    if found.is_ejected:
        return f"was ejected by breaker {found.labels.get(words.STRATEGY)} meanwhile"
    return "was taken out of traffic by hand meanwhile"


def _await(kubectl: Kubectl, found: Pod, owner: str, asked_at: str, patience: float) -> int:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        said = answer(found, guard(kubectl.get(GUARDS, owner)), asked_at)
        if said is not None:
            ejected, note = said
            if not ejected:
                raise Stop(f"pod {found.name} is not ejected: {note}")
            say(f"pod/{printable(found.name)} ejected: {printable(note)}")
            return DONE
        if other := ejected_meanwhile(pod(kubectl.get("pod", found.name))):
            say(f"pod/{printable(found.name)} {printable(other)}")
            return DONE
        time.sleep(LOOK_SECONDS)
    raise Stop(
        f"pod {found.name}: no controller answered within {patience:g} s, and the request is "
        "withdrawn; `kubectl kubervisor check` tells whether one runs"
    )


def _annotate(kubectl: Kubectl, found: Pod, value: str, dry_run: str = "") -> None:
    patch = {"metadata": {"uid": found.uid, "annotations": {words.EJECT_REQUEST: value}}}
    kubectl.patch("pod", found.name, found.namespace, patch, dry_run=dry_run)


def _withdraw(kubectl: Kubectl, found: Pod, asked_at: str) -> None:
    """Take our request off the pod, unless it was answered or is another's by now."""
    path = "/metadata/annotations/" + words.EJECT_REQUEST.replace("/", "~1")
    patch = [{"op": "test", "path": path, "value": asked_at}, {"op": "remove", "path": path}]
    try:
        kubectl.patch("pod", found.name, found.namespace, patch)
    except Refused:
        return  # it is gone already; if not, it expires
