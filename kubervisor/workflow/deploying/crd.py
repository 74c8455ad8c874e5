"""The CustomResourceDefinition of a project's kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from kubervisor.api.definition import column, of_condition
from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.schema import Schema, schema_of
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Phase, Project
from kubervisor.workflow.scheduler.status import RESERVED

PHASES = "workflow.kubervisor.k8s.io/phases"
"""The annotation that says which phases there are and what may follow: for who shows them."""

_TEXT: Schema = {"type": "string"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "format": "int64", "minimum": 0}

_CONDITION: Schema = {
    "type": "object",
    "required": ["type", "status"],
    "properties": {
        "type": {**_TEXT, "description": "Ready, or Complete."},
        "status": {**_TEXT, "enum": ["True", "False", "Unknown"]},
        "reason": {**_TEXT, "description": "Why, in one word."},
        "message": {**_TEXT, "description": "Why, for people."},
        "lastTransitionTime": {**_INSTANT, "description": "When the status last changed."},
        "observedGeneration": {**_COUNT, "description": "The spec that this is about."},
    },
}
_STEP: Schema = {
    "type": "object",
    "required": ["phase", "since"],
    "properties": {
        "phase": _TEXT,
        "since": _INSTANT,
        "message": {**_TEXT, "description": "Why it came to it."},
    },
}
STATUS: Schema = {
    "phase": {**_TEXT, "description": "The phase; none is the initial one."},
    "phaseSince": {**_INSTANT, "description": "Since when it is in that phase."},
    "phaseMessage": {**_TEXT, "description": "What the worker of the phase said last."},
    "phaseFailures": {**_COUNT, "description": "Failed syncs in a row in this phase."},
    "phaseHistory": {
        "type": "array",
        "description": "The last phases; the present one is the last.",
        "items": _STEP,
    },
    "observedGeneration": {**_COUNT, "description": "The spec that this status is about."},
    "conditions": {
        "type": "array",
        "description": "Ready: the last sync went well. Complete: nothing is left to do.",
        "items": _CONDITION,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    },
}
"""The schema of what every status has: of `RESERVED`."""

_COLUMNS = (
    column("Phase", ".status.phase"),
    column("Ready", of_condition("Ready", "status")),
    column("Age", ".metadata.creationTimestamp", kind="date"),
    column("Since", ".status.phaseSince", kind="date", priority=1),
    column("Reason", of_condition("Ready", "reason"), priority=1),
    column("Message", ".status.phaseMessage", priority=1),
)


def definition(
    project: Project, spec_model: type[BaseModel], status_model: type[BaseModel]
) -> Json:
    """The apiextensions.k8s.io/v1 object. Who deploys it labels it.

    Raises SpecError where a model has no schema, or the status a field that is reserved or has no
    default.
    """
    lower = project.kind.lower()
    names = {
        "kind": project.kind,
        "listKind": f"{project.kind}List",
        "plural": project.plural,
        "singular": lower,
    }
    version: Json = {
        "name": project.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": list(_COLUMNS),
        "schema": {"openAPIV3Schema": _schema(project, spec_model, status_model)},
    }
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{project.plural}.{project.group}",
            "annotations": {PHASES: _phases(project)},
        },
        "spec": {
            "group": project.group,
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
        },
    }
    # A copy: whoever writes it as YAML, or changes it, has nothing in it twice.
    copied: Json = json.loads(json.dumps(crd))
    return copied


def is_of(project: Project, crd: Mapping[str, Any]) -> bool:
    """Whether a definition, as read from a file, is that of the project as it is now; of its models
    nothing is known here.
    """
    match crd:
        case {
            "kind": "CustomResourceDefinition",
            "metadata": {"name": str(name), "annotations": {**annotations}},
            "spec": {"group": str(group), "versions": [{"name": str(version)}]},
        }:
            said = (name, group, version, annotations.get(PHASES))
        case _:
            return False
    whole = f"{project.plural}.{project.group}"
    return said == (whole, project.group, project.version, _phases(project))


def _schema(project: Project, spec_model: type[BaseModel], status_model: type[BaseModel]) -> Schema:
    spec = schema_of(spec_model)
    properties: Schema = {
        "apiVersion": {**_TEXT, "description": "Group and version of this object."},
        "kind": {**_TEXT, "description": "Kind of this object."},
        "metadata": {"type": "object"},
        "spec": spec,
        "status": _status(status_model),
    }
    schema: Schema = {"type": "object", "properties": properties}
    said = f"{project.kind}: a workflow of the phases {_listed(project.phases)}."
    schema["description"] = said
    if "required" in spec:
        schema["required"] = ["spec"]
    return schema


def _status(model: type[BaseModel]) -> Schema:
    """Ours and the user's fields. None is required: a status begins with ours alone."""
    theirs = schema_of(model)
    fields = theirs.get("properties", {})
    if taken := sorted(RESERVED & fields.keys()):
        raise SpecError(
            f"{model.__name__}: every status has {', '.join(taken)} already; choose another name"
        )
    if theirs.get("required"):
        told = ", ".join(theirs["required"])
        raise SpecError(
            f"{model.__name__}: {told} must have a default, for a new resource has no status"
        )
    more = {name: theirs[name] for name in theirs if name.startswith("x-kubernetes-")}
    return {"type": "object", "properties": {**STATUS, **fields}, **more}


def _listed(phases: tuple[Phase, ...]) -> str:
    return ", ".join(phase.name for phase in phases)


def _phases(project: Project) -> str:
    return json.dumps([_phase(one) for one in project.phases], separators=(",", ":"))


def _phase(phase: Phase) -> dict[str, Any]:
    said: dict[str, Any] = {
        "initial": phase.initial,
        "final": phase.final,
        "next": list(phase.next),
        "timeout": phase.timeout,
        "onTimeout": phase.on_timeout,
    }
    return {"name": phase.name, **{name: value for name, value in said.items() if value}}
