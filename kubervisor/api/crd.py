"""The CustomResourceDefinition of KubervisorService, generated from its models."""

from __future__ import annotations

from typing import Any

from kubervisor.api.definition import (
    SCHEMA_VERSION_ANNOTATION,
    Definition,
    column,
    of_condition,
)
from kubervisor.api.kubervisorservice import (
    KIND,
    PLURAL,
    SHORT_NAMES,
    SINGULAR,
    KubervisorService,
)

__all__ = ["CRD_NAME", "DEFINITION", "SCHEMA_VERSION", "SCHEMA_VERSION_ANNOTATION", "crd"]

SCHEMA_VERSION = 3

_NAME_RULE = {
    "rule": "size(self.metadata.name) <= 63",
    "message": "metadata.name must have at most 63 characters, because it becomes a label value; "
    "write a shorter name",
}

# The breakers come from the status: a column prints only the first match of a path into a list.
DEFINITION = Definition(
    model=KubervisorService,
    kind=KIND,
    plural=PLURAL,
    singular=SINGULAR,
    short_names=SHORT_NAMES,
    schema_version=SCHEMA_VERSION,
    columns=(
        column("Service", ".spec.service"),
        column("Ready", of_condition("Ready", "status")),
        column("Active", of_condition("Active", "status")),
        column("Serving", ".status.fleet.serving", kind="integer"),
        column("Ejected", ".status.fleet.ejected", kind="integer"),
        column("Paused", ".status.fleet.paused", kind="integer"),
        column("Age", ".metadata.creationTimestamp", kind="date"),
        column("Reason", of_condition("Ready", "reason"), priority=1),
        column("Breakers", ".status.breakers", priority=1),
        column("DryRun", ".spec.dryRun", kind="boolean", priority=1),
    ),
    rules=(_NAME_RULE,),
)
CRD_NAME = DEFINITION.name


def crd() -> dict[str, Any]:
    """The apiextensions.k8s.io/v1 object, ready to be sent to an API server or written as YAML."""
    return DEFINITION.crd()
