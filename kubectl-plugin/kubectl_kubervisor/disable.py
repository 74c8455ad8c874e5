"""`disable SERVICE`: takes our label out of a Service's selector; every pod gets traffic."""

from __future__ import annotations

from kubectl_kubervisor import words
from kubectl_kubervisor.enable import KEY
from kubectl_kubervisor.errors import DONE, Stop
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.objects import mapping, selector_of, text, without_traffic
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable


def run(line: Line) -> int:
    """Patch the selector, if it is as it was seen; that our key is not there is well."""
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    service = kubectl.get("service", line.words[1].removeprefix("service/").removeprefix("svc/"))
    meta, selector = mapping(service.get("metadata")), selector_of(service)
    name = text(meta.get("name"))
    if words.TRAFFIC not in selector:
        say(f"service/{printable(name)} is not enabled")
        return DONE
    if not without_traffic(selector):
        raise Stop(f"service {name} selects nothing but our label: without it, it has no pods")
    patch = [
        {"op": "test", "path": KEY, "value": selector[words.TRAFFIC]},
        {"op": "remove", "path": KEY},
    ]
    kubectl.patch("service", name, text(meta.get("namespace")), patch, dry_run=dry_run)
    say(f"service/{printable(name)} disabled{noted}")
    if not dry_run:
        say("Every pod gets traffic, also those that were ejected; nothing more is ejected.")
    return DONE
