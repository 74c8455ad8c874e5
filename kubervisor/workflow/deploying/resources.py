"""The resources of an operator that is removed, and what is left of their outputs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from kubervisor.errors import ApiUnavailable, Conflict, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all
from kubervisor.workflow.deploying.installed import (
    Installed,
    Stored,
    any_object,
    delete,
    delete_at,
    look,
)
from kubervisor.workflow.engine.kinds import path_of, resource_parameter, written_kinds
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL, OWNER_LABEL

GONE_SECONDS = 60.0
"""How long the operator has for its finalizers once its resources are deleted."""

POLL_SECONDS = 0.2
_MOST_NAMED = 5


def list_resources(api: Api, project: Project) -> tuple[Stored, ...]:
    """All there are, none where the kind is not known. Raises ApiError."""
    return tuple(_all(api, path_of(resource_parameter(project))))


def delete_resources(api: Api, project: Project, resources: Sequence[Stored]) -> None:
    """Delete these, and return once the operator has finished them.

    Raises ApiUnavailable where some are still there after `GONE_SECONDS`; ApiError.
    """
    path = path_of(resource_parameter(project))
    for one in resources:
        meta = one.metadata
        delete_at(api, paths.single(path, meta.namespace, meta.name), meta.uid)
    doomed, deadline = {one.metadata.uid for one in resources}, time.monotonic() + GONE_SECONDS
    while doomed:
        left = [one for one in list_resources(api, project) if one.metadata.uid in doomed]
        if not left:
            return
        if time.monotonic() > deadline:
            raise ApiUnavailable(
                f"still there after {GONE_SECONDS:.0f} s: {named(left)}. Nothing else is removed: "
                f"{project.operator_name} has to finish them (see `kubervisor workflow logs`)"
            )
        time.sleep(POLL_SECONDS)


def delete_definition(api: Api, project: Project, crd: Installed) -> None:
    """Delete the definition, and before it what is left of outputs; return once it is gone: what
    is applied to one that is going would go with it.

    Raises Conflict where there are resources; ApiUnavailable where it is still there after
    `GONE_SECONDS`; ApiError.
    """
    if left := list_resources(api, project):
        raise Conflict(f"{crd.place} stays: {named(left)} came meanwhile; undeploy again")
    _delete_outputs(api, project)
    delete(api, crd)
    deadline = time.monotonic() + GONE_SECONDS
    while (found := look(api, crd.place)) and found.uid == crd.uid:
        if time.monotonic() > deadline:
            raise ApiUnavailable(
                f"{crd.place} is being deleted, and still there after {GONE_SECONDS:.0f} s"
            )
        time.sleep(POLL_SECONDS)


def _delete_outputs(api: Api, project: Project) -> None:
    """Delete what the operator wrote for resources that are gone, as all of them are: once their
    kind is not known any more the garbage collector cannot tell, and would keep it for ever.
    """
    query = {"labelSelector": f"{OPERATOR_LABEL}={project.operator_name},{OWNER_LABEL}"}
    for kind in written_kinds(project):
        path = path_of(project.parameter(kind))
        for one in _all(api, path, query):
            if one.is_managed_by(project.operator_name):
                meta = one.metadata
                delete_at(api, paths.single(path, meta.namespace or None, meta.name), meta.uid)


def named(some: Sequence[Stored]) -> str:
    """The first of them by their names, and how many more there are."""
    more = f" and {len(some) - _MOST_NAMED} more" if len(some) > _MOST_NAMED else ""
    return ", ".join(str(one) for one in some[:_MOST_NAMED]) + more


def _all(api: Api, path: str, query: dict[str, str] | None = None) -> Iterator[Stored]:
    try:
        yield from list_all(api, path, any_object.decode, query=query)
    except NotFound:
        return  # there is no such kind
