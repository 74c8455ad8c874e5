"""`pause NAME` and `resume NAME`: the annotation that stops all writes to a Service's pods."""

from __future__ import annotations

from kubectl_kubervisor import words
from kubectl_kubervisor.errors import DONE
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import guard
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable


def run(line: Line) -> int:
    """Set or remove the annotation; that it is so already is well."""
    command, name = line.words[:2]
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    pause = command == "pause"
    found = guard(kubectl.get(GUARDS, name))
    done = "paused" if pause else "resumed"
    if found.paused == pause:
        say(f"kubervisorservice/{printable(found.name)} is {'' if pause else 'not '}paused already")
        return DONE
    patch = {"metadata": {"annotations": {words.PAUSE: "true" if pause else None}}}
    kubectl.patch(GUARDS, found.name, found.namespace, patch, dry_run=dry_run)
    say(f"kubervisorservice/{printable(found.name)} {done}{noted}")
    return DONE
