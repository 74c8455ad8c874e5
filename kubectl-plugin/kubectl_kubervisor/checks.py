"""Decides what is well and what is not, one list of findings a section; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kubectl_kubervisor import instants, standing, words
from kubectl_kubervisor.activation import Template
from kubectl_kubervisor.leases import name_of, stopped_for
from kubectl_kubervisor.objects import (
    Guard,
    Json,
    mapping,
    selector_of,
    text,
    texts,
    without_traffic,
)
from kubectl_kubervisor.text import counted, listed

WELL, MIND, WRONG = "ok", "warning", "error"


class Finding(NamedTuple):
    """One line of the answer: how it is, what was looked at, what to do."""

    level: str
    what: str
    hint: str = ""


def server(version: Json) -> list[Finding]:
    """Whether the API server is new enough."""
    info = mapping(version.get("serverVersion"))
    said = text(info.get("gitVersion"))
    major, minor = (re.sub(r"\D.*", "", text(info.get(part))) for part in ("major", "minor"))
    if not major or not minor:
        return [Finding(WRONG, "the API server answers", "kubectl reaches no server")]
    oldest = ".".join(map(str, words.OLDEST_SERVER))
    if (int(major), int(minor)) < words.OLDEST_SERVER:
        return [Finding(WRONG, f"Kubernetes {said} is older than {oldest}", "upgrade the cluster")]
    return [Finding(WELL, f"Kubernetes {said}, at least {oldest}")]


def crd(definition: Json | None) -> list[Finding]:
    """Whether KubervisorServices are served, with the schema that this plugin knows."""
    if definition is None:
        return [
            Finding(
                WRONG,
                f"the CustomResourceDefinition {words.CRD} is not there",
                "install the chart with crds.enabled, or kubectl apply -f crds/",
            )
        ]
    notes = texts(mapping(definition.get("metadata")).get("annotations"))
    stored = notes.get(words.SCHEMA_VERSION_KEY, "0")
    version = int(stored) if stored.isascii() and stored.isdigit() else 0
    ours = words.SCHEMA_VERSION
    if version < ours:
        hint = "update the CRD: helm upgrade with crds.enabled, or kubectl apply -f crds/"
        return [Finding(MIND, f"the CRD has schema version {version}, older than {ours}", hint)]
    if version > ours:
        what = f"the CRD has schema version {version}, newer than {ours}"
        return [Finding(MIND, what, "update this plugin")]
    return [Finding(WELL, f"the CRD is there, schema version {version}")]


def leases(found: Sequence[Json], now: float) -> list[Finding]:
    """Whether a controller holds each Lease and renews it, and may write."""
    if not found:
        hint = "start a controller; one that runs with --no-leader-elect has no Lease"
        return [Finding(WRONG, f"no controller's Lease ({words.LEASE_PREFIX}*) is there", hint)]
    return [finding for lease in found for finding in _lease(lease, now)]


def policies(bindings: Sequence[Json] | None, mutating: Sequence[Json] | None) -> list[Finding]:
    """Which of the chart's admission policies are bound; having none is allowed."""
    found = []
    for bound, what, value in (
        (bindings, "restrict what the controller may do", "admission.restrict"),
        (mutating, "label new pods", "admission.label"),
    ):
        if bound is None:
            found.append(
                Finding(MIND, f"policies that {what}: cannot be read", "ask for the right")
            )
        elif not bound:
            found.append(Finding(MIND, f"no policies that {what} are bound", f"set {value}"))
        else:
            found.append(Finding(WELL, f"policies that {what} are bound"))
    return found


def services(
    bodies: Sequence[Json], workloads: Sequence[Template], labels_new_pods: Callable[[str], bool]
) -> list[Finding]:
    """Services that select on our label, against the templates whose pods they select.

    `labels_new_pods` tells of a namespace whether a policy labels what is created there.
    """
    active = [body for body in bodies if words.TRAFFIC in selector_of(body)]
    found = [finding for body in active for finding in _service(body, workloads, labels_new_pods)]
    if not active:
        return [Finding(WELL, f"no Service selects on {words.TRAFFIC}: Kubervisor is not enabled")]
    return found or [Finding(WELL, f"{counted(len(active), 'Service')} enabled, none loses a pod")]


def guards(found: Sequence[Guard]) -> list[Finding]:
    """KubervisorServices that are not Ready, or need a person."""
    if not found:
        return [Finding(MIND, "there is no KubervisorService", "create one")]
    findings = []
    for one in found:
        word, said = standing.state(one), standing.message(one)
        name = f"kubervisorservice {one.namespace}/{one.name}"
        if not one.ready:
            findings.append(Finding(WRONG, f"{name} is not Ready: {word}", said))
        elif word != "Guarding":
            findings.append(Finding(MIND, f"{name}: {word}", said))
    return findings or [Finding(WELL, f"{counted(len(found), 'KubervisorService')} Ready")]


def rights(allowed: Mapping[str, bool]) -> list[Finding]:
    """What the user may not do, by the commands that need it."""
    lacking = [what for what, may in allowed.items() if not may]
    if not lacking:
        return [Finding(WELL, "you may do all that this plugin does")]
    return [Finding(MIND, f"you may not {what}", "ask your administrator") for what in lacking]


def _lease(lease: Json, now: float) -> list[Finding]:
    spec, name = mapping(lease.get("spec")), name_of(lease)
    holder, renewed = text(spec.get("holderIdentity")), instants.parse(spec.get("renewTime"))
    found = []
    if stopped := stopped_for(lease):
        where = "all namespaces" if "*" in stopped else listed(sorted(stopped))
        hint = "kubectl kubervisor start --all"
        found.append(Finding(WRONG, f"{name}: controllers are stopped in {where}", hint))
    if not holder or renewed is None:
        return [*found, Finding(WRONG, f"{name} is held by nobody", "start a controller")]
    lasting = spec.get("leaseDurationSeconds")
    duration = float(lasting) if isinstance(lasting, int) else 15.0
    ago = f"renewed {instants.age(now - renewed)} ago"
    if now - renewed > duration:
        hint = "see the controller's log; a clock that is wrong, here or there, shows here too"
        return [*found, Finding(WRONG, f"{name} is held by {holder} and {ago}", hint)]
    return [*found, Finding(WELL, f"{name} is held by {holder}, {ago}")]


def _service(
    body: Json, workloads: Sequence[Template], labels_new_pods: Callable[[str], bool]
) -> list[Finding]:
    meta = mapping(body.get("metadata"))
    namespace = text(meta.get("namespace"))
    members = without_traffic(selector_of(body))
    made = [one for one in workloads if one.namespace == namespace and one.makes(members)]
    name = f"service {namespace}/{text(meta.get('name'))}"
    found = [
        Finding(
            WRONG,
            f"{name}: the pods of {one.name} get no traffic: its template lacks {words.TRAFFIC}",
            f'add {words.TRAFFIC}: "yes" to spec.template.metadata.labels, or set admission.label',
        )
        for one in made
        if not one.labels_pods and not labels_new_pods(namespace)
    ]
    return found + [
        Finding(
            WRONG,
            f"{name}: the selector of {one.name} contains {words.TRAFFIC}: it loses ejected pods",
            "create the workload anew, with a selector without it",
        )
        for one in made
        if words.TRAFFIC in one.selects
    ]
