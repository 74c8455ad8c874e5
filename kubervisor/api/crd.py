"""The CustomResourceDefinition of KubervisorService, generated from its models."""

from __future__ import annotations

from typing import Any

from kubervisor.api.kubervisorservice import (
    GROUP,
    KIND,
    PLURAL,
    SHORT_NAMES,
    SINGULAR,
    VERSION,
    KubervisorService,
)
from kubervisor.api.structural import Schema, structural_schema

CRD_NAME = f"{PLURAL}.{GROUP}"

# Raise it with every change of the schema: a controller updates a stored CRD only if it is older.
SCHEMA_VERSION = 3
SCHEMA_VERSION_ANNOTATION = "kubervisor.k8s.io/schema-version"

# Groups under k8s.io need this annotation, else the API server refuses the CRD.
_APPROVAL = {"api-approved.kubernetes.io": "unapproved, legacy group of Kubervisor"}

_NAME_RULE = {
    "rule": "size(self.metadata.name) <= 63",
    "message": "metadata.name must have at most 63 characters, because it becomes a label value; "
    "write a shorter name",
}


def crd() -> dict[str, Any]:
    """The apiextensions.k8s.io/v1 object, ready to be sent to an API server or written as YAML."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": CRD_NAME,
            "annotations": {**_APPROVAL, SCHEMA_VERSION_ANNOTATION: str(SCHEMA_VERSION)},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": list(SHORT_NAMES),
                "categories": ["kubervisor"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": _columns(),
                    "schema": {"openAPIV3Schema": _object_schema()},
                }
            ],
        },
    }


def _object_schema() -> Schema:
    """The models' schema plus what every Kubernetes object has."""
    schema = structural_schema(KubervisorService)
    identity: Schema = {
        "apiVersion": {"type": "string", "description": "Group and version of this object."},
        "kind": {"type": "string", "description": "Kind of this object."},
        "metadata": {"type": "object"},
    }
    schema["properties"] = identity | schema["properties"]
    schema["x-kubernetes-validations"] = [_NAME_RULE]
    return schema


def _columns() -> list[dict[str, Any]]:
    """What `kubectl get kvs` shows; priority 1 only with `-o wide`.

    The breakers come from the status: a column prints only the first match of a path into a list.
    """
    return [
        _column("Service", ".spec.service"),
        _column("Ready", _of_condition("Ready", "status")),
        _column("Active", _of_condition("Active", "status")),
        _column("Serving", ".status.fleet.serving", kind="integer"),
        _column("Ejected", ".status.fleet.ejected", kind="integer"),
        _column("Paused", ".status.fleet.paused", kind="integer"),
        _column("Age", ".metadata.creationTimestamp", kind="date"),
        _column("Reason", _of_condition("Ready", "reason"), priority=1),
        _column("Breakers", ".status.breakers", priority=1),
        _column("DryRun", ".spec.dryRun", kind="boolean", priority=1),
    ]


def _column(name: str, path: str, *, kind: str = "string", priority: int = 0) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": kind, "jsonPath": path}
    return column | ({"priority": priority} if priority else {})


def _of_condition(condition: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{condition}")].{field}'
