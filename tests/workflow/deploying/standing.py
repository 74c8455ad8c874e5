"""What is on a cluster of an operator, and what should be."""

from __future__ import annotations

from kubervisor.workflow.deploying.installed import KINDS, Place
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL
from playground.fleet_api import Api
from tests.workflow.deploying.projects import Folder


def labelled(admin: Api, folder: Folder) -> set[Place]:
    """All objects on the cluster that are labelled for the operator."""
    selector = f"{OPERATOR_LABEL}={folder.operator}"
    return {
        Place(kind, one["metadata"].get("namespace", ""), one["metadata"]["name"])
        for kind, path in KINDS.items()
        for one in admin.get(path, labelSelector=selector)["items"]
        if not one["metadata"].get("deletionTimestamp")
    }


def deployed(folder: Folder, namespace: str, *, is_wide: bool = True) -> set[Place]:
    """What deploying brings."""
    name, scope = folder.operator, "" if is_wide else namespace
    role = "ClusterRole" if is_wide else "Role"
    return {
        *shared(folder),
        Place("ConfigMap", namespace, f"{name}-config"),
        Place("ServiceAccount", namespace, name),
        Place("Role", namespace, f"{name}-lease"),
        Place("RoleBinding", namespace, f"{name}-lease"),
        Place(role, scope, name),
        Place(f"{role}Binding", scope, name),
        Place("Deployment", namespace, name),
    }


def shared(folder: Folder) -> set[Place]:
    """What operators of several namespaces have together."""
    of = folder.project
    return {
        Place("CustomResourceDefinition", "", f"{of.plural}.{of.group}"),
        Place("ClusterRole", "", f"{folder.operator}-viewer"),
    }


def told(place: Place, what: str) -> str:
    return f"{place}: {what}"
