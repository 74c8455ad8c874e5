"""A CustomResourceDefinition, generated from the models of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from kubervisor.api.group import GROUP, VERSION
from kubervisor.api.structural import Schema, structural_schema

SCHEMA_VERSION_ANNOTATION = "kubervisor.k8s.io/schema-version"

# Groups under k8s.io need this annotation, else the API server refuses the CRD.
_APPROVAL = {"api-approved.kubernetes.io": "unapproved, legacy group of Kubervisor"}
_PROTECTED = ".k8s.io"


@dataclass(frozen=True, slots=True)
class Definition:
    """A kind: its model, its names, what `kubectl get` shows of it, and rules for whole objects.

    `page` is the reference page that it shares with others; without it has one of its own.

    Raise `schema_version` with every change of the schema: a controller updates a stored definition
    only if that is older.
    """

    model: type[BaseModel]
    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    schema_version: int
    columns: tuple[Mapping[str, Any], ...]
    rules: tuple[Mapping[str, str], ...] = ()
    group: str = GROUP
    version: str = VERSION
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    page: str = ""

    @property
    def name(self) -> str:
        """The name of the CustomResourceDefinition."""
        return f"{self.plural}.{self.group}"

    @property
    def api_version(self) -> str:
        """What objects of the kind have as apiVersion."""
        return f"{self.group}/{self.version}"

    def crd(self) -> dict[str, Any]:
        """The apiextensions.k8s.io/v1 object, ready to be sent to an API server or written as
        YAML.
        """
        approval = _APPROVAL if self.group.endswith(_PROTECTED) else {}
        annotations = {**approval, SCHEMA_VERSION_ANNOTATION: str(self.schema_version)}
        names: dict[str, Any] = {
            "kind": self.kind,
            "listKind": f"{self.kind}List",
            "plural": self.plural,
            "singular": self.singular,
            "shortNames": list(self.short_names),
            "categories": ["kubervisor"],
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name, "annotations": annotations},
            "spec": {
                "group": self.group,
                "scope": self.scope,
                "names": names,
                "versions": [
                    {
                        "name": self.version,
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}},
                        "additionalPrinterColumns": [dict(column) for column in self.columns],
                        "schema": {"openAPIV3Schema": self.schema()},
                    }
                ],
            },
        }

    def schema(self) -> Schema:
        """The models' schema plus what every Kubernetes object has."""
        schema = structural_schema(self.model)
        identity: Schema = {
            "apiVersion": {"type": "string", "description": "Group and version of this object."},
            "kind": {"type": "string", "description": "Kind of this object."},
            "metadata": {"type": "object"},
        }
        schema["properties"] = identity | schema["properties"]
        if self.rules:
            schema["x-kubernetes-validations"] = [dict(rule) for rule in self.rules]
        return schema


def column(name: str, path: str, *, kind: str = "string", priority: int = 0) -> dict[str, Any]:
    """A column of `kubectl get`; with priority 1 only of `-o wide`."""
    shown: dict[str, Any] = {"name": name, "type": kind, "jsonPath": path}
    return shown | ({"priority": priority} if priority else {})


def of_condition(condition: str, field: str) -> str:
    """The path to `field` of that condition."""
    return f'.status.conditions[?(@.type=="{condition}")].{field}'
