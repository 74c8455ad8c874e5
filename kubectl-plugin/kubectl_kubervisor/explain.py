"""`explain POD`: the last decision on a pod, why it was taken or why not, and what came before."""

from __future__ import annotations

import time

from kubectl_kubervisor import explaining, table, words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.errors import DONE, Refused
from kubectl_kubervisor.explaining import Case
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.instants import age, render
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.lookup import guard_of
from kubectl_kubervisor.objects import Json, pod
from kubectl_kubervisor.say import say, tell
from kubectl_kubervisor.text import coloured, printable, wants_colour


def run(line: Line) -> int:
    """Print the explanation."""
    kubectl = Kubectl(line)
    acting = Acting(kubectl)
    try:
        _explain(kubectl, line.words[1].removeprefix("pod/"))
    finally:
        acting.warn(line.flag("namespace"))
    return DONE


def _explain(kubectl: Kubectl, name: str) -> None:
    case, now = _gather(kubectl, name), time.time()
    say(coloured(printable(explaining.verdict(case, now)), "bold", wants_colour()))
    reasons = explaining.reasons(case, now)
    if reasons:
        say()
    tell(reasons)
    if moments := explaining.timeline(case):
        say()
        rows = [(render(one.at), age(now - one.at), one.what, one.note) for one in moments]
        say(table.render(("TIME", "AGO", "WHAT", "WHY"), rows))


def _gather(kubectl: Kubectl, name: str) -> Case:
    found = pod(kubectl.get("pod", name))
    owner, selector = guard_of(kubectl, found)
    events: list[Json] = []
    if owner is not None:
        about = f"involvedObject.kind=KubervisorService,involvedObject.name={owner.name}"
        try:
            events = kubectl.items("events", f"--field-selector={about}")
        except Refused:
            events = []  # without the right to Events the record of the status has to do
    return Case(found, owner, selector.get(words.TRAFFIC) == "yes", events)
