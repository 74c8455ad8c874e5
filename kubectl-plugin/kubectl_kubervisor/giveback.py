"""`return POD`: the label `yes` by hand, which is a return."""

from __future__ import annotations

from kubectl_kubervisor import words
from kubectl_kubervisor.errors import DONE
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.objects import pod
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable

_LABEL = "/metadata/labels/" + words.TRAFFIC.replace("/", "~1")


def run(line: Line) -> int:
    """Set the label, if the pod is still out as it was seen; the controller clears the rest."""
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    found = pod(kubectl.get("pod", line.words[1].removeprefix("pod/")))
    name = printable(found.name)
    if not found.is_out:
        say(f"pod/{name} is not out of traffic: {found.state}")
        return DONE
    patch = [
        {"op": "test", "path": _LABEL, "value": found.traffic},
        {"op": "replace", "path": _LABEL, "value": "yes"},
    ]
    kubectl.patch("pod", found.name, found.namespace, patch, dry_run=dry_run)
    say(f"pod/{name} returned to traffic{noted}")
    if not found.ready and not dry_run:
        say("It is not Ready: it gets traffic once it is.")
    return DONE
