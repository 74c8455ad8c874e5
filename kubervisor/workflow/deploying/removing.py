"""`undeploy`: removes what deploying made, and leaves what others made and what they still need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubervisor.kube.client import Api
from kubervisor.workflow.deploying.applying import Say, elsewhere
from kubervisor.workflow.deploying.installed import (
    Installed,
    Place,
    Stored,
    delete,
    find_deployed,
    look,
)
from kubervisor.workflow.deploying.resources import (
    delete_definition,
    delete_resources,
    list_resources,
    named,
)
from kubervisor.workflow.project.model import Project


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to go: `resources` before all else, while the operator still works, then `objects` in
    their order. `staying` says what stays, and why.
    """

    resources: tuple[Stored, ...]
    objects: tuple[Installed, ...]
    staying: tuple[str, ...]


def plan(
    project: Project,
    deployed: Sequence[Installed],
    resources: Sequence[Stored],
    *,
    namespace: str,
    delete_objects: bool,
) -> Removal:
    """What to remove of what was `deployed` for `namespace`.

    The definition goes only with the last operator and the last of its `resources`: with it the API
    server deletes them all, and nobody is left who finishes them. With `delete_objects` those that
    this operator looks after go first: those in the namespaces of its Roles, all where it has none.
    """
    others = sorted(elsewhere(deployed, namespace))
    own = [one for one in deployed if one.home == namespace and one.place.kind != "Namespace"]
    shared = [one for one in deployed if not one.home]
    role = ("Role", project.operator_name)
    watched = {one.place.namespace for one in own if (one.place.kind, one.place.name) == role}
    doomed = [
        one
        for one in resources
        if delete_objects and (one.metadata.namespace in watched if watched else not others)
    ]
    left = [one for one in resources if one not in doomed]
    staying = [
        f"{one.place}, which was made for it, stays with whatever else is in it"
        for one in deployed
        if one.place == Place("Namespace", "", namespace)
    ]
    if shared and others:
        told = ", ".join(others)
        staying += [f"{one.place} stays: {project.operator_name} is in {told}" for one in shared]
    elif shared and left:
        staying += [f"{one.place} stays: {_resting(project, left)}" for one in shared]
    else:
        own += shared
    return Removal(tuple(doomed), tuple(own), tuple(staying))


def gather(api: Api, project: Project) -> tuple[tuple[Installed, ...], tuple[Stored, ...]]:
    """All that is deployed, and all resources. Raises ApiError."""
    return find_deployed(api, project.operator_name), list_resources(api, project)


def remove(api: Api, project: Project, removal: Removal, say: Say) -> None:
    """Do it, and say each in a line.

    Raises ApiUnavailable where the operator does not finish its resources in time, and is still
    there itself then; Conflict where there are resources that were not planned for; ApiError.
    """
    delete_resources(api, project, removal.resources)
    for resource in removal.resources:
        say(f"{project.kind.lower()} {resource}: removed")
    for one in removal.objects:
        if one.place.kind == "CustomResourceDefinition":
            delete_definition(api, project, one)
        else:
            delete(api, one)
        say(f"{one.place}: removed")
        for lock in _leases(api, project, one):
            delete(api, lock)
            say(f"{lock.place}: removed")


def _leases(api: Api, project: Project, one: Installed) -> Iterable[Installed]:
    """The Lease that the operator made by the right that `one` is."""
    kind, namespace, name = one.place
    if kind == "Role" and name == f"{project.operator_name}-lease":
        lock = look(api, Place("Lease", namespace, project.operator_name))
        return [lock] if lock else []
    return []


def _resting(project: Project, left: Sequence[Stored]) -> str:
    return (
        f"there still are {project.plural}: {named(left)}. Nobody works on them now; deploy "
        "again, delete them, or have --delete-objects do it while the operator is deployed"
    )
