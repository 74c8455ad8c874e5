"""`deploy`: looks at what there is, refuses what would harm another, applies the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from kubervisor.errors import Conflict, SpecError
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.crds import wait_until_served
from kubervisor.workflow.deploying.installed import (
    FIELD_MANAGER,
    Installed,
    Place,
    delete,
    find_deployed,
    look,
    place_of,
    read,
)
from kubervisor.workflow.deploying.parts import NAMESPACE_LABEL
from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL

APPLY = "application/apply-patch+yaml"
_QUERY = {"fieldManager": FIELD_MANAGER, "force": "true"}
Say = Callable[[str], None]


def deploy(api: Api, operator: str, manifests: Sequence[Json], *, namespace: str, say: Say) -> None:
    """Apply all `manifests` of an operator, and remove what an earlier deployment in that namespace
    had and this one has not. Each object is said in a line.

    Raises SpecError, before anything is written, where an object is somebody else's or the operator
    would have two masters; ApiError.
    """
    deployed = find_deployed(api, operator)
    places = {place_of(one): one for one in manifests}
    standing = {place: look(api, place) for place in places}
    _refuse_two(operator, namespace, places, deployed)
    _refuse_foreign(operator, namespace, filter(None, standing.values()))
    _ensure_namespace(api, operator, namespace, say)
    for place, manifest in places.items():
        say(f"{place}: {_apply(api, place, manifest, standing[place])}")
    for one in superfluous(deployed, places, namespace):
        delete(api, one)
        say(f"{one.place}: removed")


def superfluous(
    deployed: Iterable[Installed], wanted: Iterable[Place], namespace: str
) -> list[Installed]:
    """What was deployed for `namespace` and is wanted no more; a namespace always is."""
    kept = frozenset(wanted)
    return [
        one
        for one in deployed
        if one.home == namespace and one.place.kind != "Namespace" and one.place not in kept
    ]


def elsewhere(deployed: Iterable[Installed], namespace: str) -> dict[str, bool]:
    """The other namespaces where the operator is deployed, and whether the one there looks after
    all namespaces.
    """
    found: dict[str, bool] = {}
    for one in deployed:
        if one.home not in ("", namespace) and one.place.kind != "Namespace":
            is_wide = one.place.kind == "ClusterRoleBinding"
            found[one.home] = found.get(one.home, False) or is_wide
    return found


def _refuse_two(
    operator: str, namespace: str, places: Iterable[Place], deployed: Iterable[Installed]
) -> None:
    """Raises SpecError where two operators would look after the same resources."""
    others = elsewhere(deployed, namespace)
    is_wide = any(place.kind == "ClusterRoleBinding" for place in places)
    for other, other_is_wide in sorted(others.items()):
        if is_wide or other_is_wide:
            where = "all namespaces" if other_is_wide else "its namespace"
            raise SpecError(
                f"{operator} is deployed in namespace {other} and looks after {where}: undeploy it "
                "there first, or deploy both with --namespaced"
            )


def _refuse_foreign(operator: str, namespace: str, standing: Iterable[Installed]) -> None:
    foreign = [
        one for one in standing if one.operator != operator or one.home not in ("", namespace)
    ]
    if foreign:
        told = ", ".join(f"{one.place} ({_whose(one, operator)})" for one in foreign)
        raise SpecError(
            f"nothing is applied, these are not {operator}'s of namespace {namespace}: {told}. "
            f"Remove them, or choose another operatorName; what is yours may be labelled "
            f"{OPERATOR_LABEL}={operator}"
        )


def _whose(one: Installed, operator: str) -> str:
    if one.operator == operator:
        return f"of namespace {one.home}"
    return f"of {one.operator}" if one.operator else "not labelled"


def _ensure_namespace(api: Api, operator: str, namespace: str, say: Say) -> None:
    place = Place("Namespace", "", namespace)
    if look(api, place) is not None:
        return
    labels = {OPERATOR_LABEL: operator, NAMESPACE_LABEL: namespace}
    metadata = {"name": namespace, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        api.request("POST", paths.NAMESPACES, query={"fieldManager": FIELD_MANAGER}, body=body)
    except Conflict:
        return  # somebody else made it in this moment
    say(f"{place}: created")


def _apply(api: Api, place: Place, manifest: Json, standing: Installed | None) -> str:
    """What became of it."""
    answer = api.request("PATCH", place.path, query=_QUERY, body=manifest, content_type=APPLY)
    if place.kind == "CustomResourceDefinition":
        wait_until_served(api, place.name, threading.Event())
    if standing is None:
        return "created"
    return "unchanged" if read(place.kind, answer).version == standing.version else "changed"
