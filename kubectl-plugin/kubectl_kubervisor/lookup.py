"""Finds the KubervisorService of a pod."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_kubervisor import words
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import (
    Guard,
    Pod,
    guard,
    mapping,
    selector_of,
    text,
    without_traffic,
)


def guard_of(kubectl: Kubectl, found: Pod) -> tuple[Guard | None, Mapping[str, str]]:
    """The KubervisorService of a pod and the selector of its Service; None where it has none.

    By the pod's label, and for a pod without it, as in dry run, by the Services that match it.
    Raises Refused.
    """
    guards = [guard(body) for body in kubectl.items(GUARDS)]
    selectors = {
        text(mapping(body.get("metadata")).get("name")): selector_of(body)
        for body in (kubectl.items("services") if guards else [])
    }
    name = found.labels.get(words.NAME)
    for one in guards:
        selector = selectors.get(one.service, {})
        members = without_traffic(selector)
        matches = bool(members) and members.items() <= found.labels.items()
        if one.name == name or (name is None and matches):
            return one, selector
    return None, {}
