"""`enable SERVICE`: lets a Service select on our label, once no pod can be lost by it."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_kubervisor import activation, words
from kubectl_kubervisor.errors import DONE, Refused, Stop
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import (
    Json,
    as_words,
    guard,
    mapping,
    pod,
    selector_of,
    text,
    without_traffic,
)
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable, printable_lines

KEY = "/spec/selector/" + words.TRAFFIC.replace("/", "~1")


def run(line: Line) -> int:
    """Check, then patch the selector; 1 where something is in the way, which is named."""
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    service = kubectl.get("service", line.words[1].removeprefix("service/").removeprefix("svc/"))
    name, namespace = _identity(service)
    selector = selector_of(service)
    members = without_traffic(selector)
    if selector.get(words.TRAFFIC) == "yes":
        say(f"service/{printable(name)} is enabled already")
        return DONE
    if not members:
        raise Stop(f"service {name} has no selector of its own: Kubervisor cannot guard its pods")
    if found := _obstacles(kubectl, members, namespace):
        raise Stop("\n  ".join([f"service {name} is not enabled:", *found]))
    patch = [
        {"op": "test", "path": "/spec/selector", "value": dict(selector)},
        {"op": "add", "path": KEY, "value": "yes"},
    ]
    kubectl.patch("service", name, namespace, patch, dry_run=dry_run)
    say(f"service/{printable(name)} enabled{noted}")
    _advise(kubectl, namespace, name, members)
    return DONE


def _identity(service: Json) -> tuple[str, str]:
    meta = mapping(service.get("metadata"))
    return text(meta.get("name")), text(meta.get("namespace"))


def _obstacles(kubectl: Kubectl, members: Mapping[str, str], namespace: str) -> list[str]:
    workloads = activation.templates(kubectl.items(activation.WORKLOADS))
    pods = [pod(body) for body in kubectl.items("pods", f"--selector={as_words(members)}")]

    def look(labelled_by_policy: bool) -> list[str]:
        return activation.obstacles(members, workloads, pods, labelled_by_policy=labelled_by_policy)

    found = look(labelled_by_policy=False)
    return look(labelled_by_policy=True) if found and _policy_bound(kubectl, namespace) else found


def _policy_bound(kubectl: Kubectl, namespace: str) -> bool:
    try:
        policies = kubectl.items(activation.POLICIES, f"--selector={activation.CHART}")
    except Refused:
        return False  # an older server, or no right to look: then nothing vouches for new pods
    return activation.labels_new_pods(policies, namespace)


def _advise(kubectl: Kubectl, namespace: str, service: str, members: Mapping[str, str]) -> None:
    """What else the user may want to change."""
    guards = [one for one in map(guard, kubectl.items(GUARDS)) if one.service == service]
    if not guards:
        warn(f"No KubervisorService guards service {printable(service)} yet: create one.")
    floor = next((one.fleet.floor for one in guards if one.fleet), 1)
    try:
        budgets = kubectl.items("poddisruptionbudgets")
    except Refused:
        budgets = []
    if manifest := activation.budget_manifest(namespace, service, members, budgets, floor):
        say(f"\n{printable_lines(manifest)}")
