"""What the account of an operator may do: what its phases need, and no verb more.

Watches list and watch. To write an output is to patch it, and to create it where there is nothing;
what others wrote meanwhile is got, and what is no longer returned is deleted. Resources are patched
for their finalizer, and be it to take one off that an earlier state of the project put on.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.workflow.engine.kinds import all_kinds, resource_parameter, written_kinds
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Project

_WATCH = ("list", "watch")
_WRITE = ("get", "create", "patch", "delete")

_EVENTS: Json = {
    "apiGroups": ["events.k8s.io"],
    "resources": ["events"],
    "verbs": ["create", "patch"],
}


def rules(project: Project) -> list[Json]:
    """The rules for where its resources are, the same in a Role and in a ClusterRole."""
    own, written = resource_parameter(project), written_kinds(project)
    needed: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in all_kinds(project):
        more = _WRITE if one.lower_name in written else ()
        needed[one.group, one.lower_name] = (*_WATCH, *more)
    needed[own.group, own.lower_name] = (*_WATCH, "patch")
    needed[own.group, f"{own.lower_name}/status"] = ("patch",)
    return [*_grouped(needed), _EVENTS]


def lease_rules(name: str) -> list[Json]:
    """The rules for the Lease of that name, where Leases are kept. Of what is created no rule can
    say the name.
    """
    of = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    return [
        {**of, "resourceNames": [name], "verbs": ["get", "patch"]},
        {**of, "verbs": ["create"]},
    ]


def viewer_rules(project: Project) -> list[Json]:
    """The rules of who looks at workflows: to read the resources."""
    return [
        {"apiGroups": [project.group], "resources": [project.plural], "verbs": ["get", *_WATCH]},
    ]


def _grouped(needed: Mapping[tuple[str, str], tuple[str, ...]]) -> list[Json]:
    """One rule for all resources of a group with the same verbs."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), verbs in sorted(needed.items()):
        together.setdefault((group, verbs), []).append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        for (group, verbs), resources in together.items()
    ]
