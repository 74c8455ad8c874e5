"""From the JSON schema of a model to a structural schema, the subset that a CRD may contain.

See "Specifying a structural schema" in the Kubernetes documentation of CustomResourceDefinitions.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

# Keywords that a structural schema does not know, or that are written anew.
_REPLACED = frozenset(
    [
        "title",
        "description",
        "default",
        "examples",
        "exclusiveMinimum",
        "anyOf",
        "$ref",
        "$defs",
        "items",
        "properties",
    ]
)


def structural_schema(model: type[BaseModel]) -> Schema:
    """The structural schema of `model`: no references, no titles, defaults told in the description.

    Defaults are not in the schema itself: the API server would write them into the user's object,
    where they fight with GitOps and outlive the version that chose them.
    """
    schema = model.model_json_schema()
    return _structural(schema, schema.get("$defs", {}))


def _structural(schema: Schema, definitions: Schema) -> Schema:
    """`schema` with its references followed; its own keywords win over those it refers to."""
    merged = {**_referred(schema, definitions), **schema}
    result: Schema = {}
    if "description" in merged:
        result["description"] = " ".join(merged["description"].split()) + _default_of(merged)
    result |= {name: merged[name] for name in merged if name not in _REPLACED}
    if "exclusiveMinimum" in merged:
        result |= {"minimum": merged["exclusiveMinimum"], "exclusiveMinimum": True}
    if "items" in merged:
        result["items"] = _structural(merged["items"], definitions)
    if "properties" in merged:
        result["properties"] = {
            name: _structural(field, definitions) for name, field in merged["properties"].items()
        }
    return result


def _referred(schema: Schema, definitions: Schema) -> Schema:
    """The schema behind a reference, or the one alternative that is not null; else nothing."""
    if "$ref" in schema:
        target: Schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
        return target
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return {**_referred(alternative, definitions), **alternative}
    return {}


def _default_of(schema: Schema) -> str:
    """A sentence for the description; nothing where unset has a meaning of its own."""
    match schema.get("default"):
        case None:
            return ""
        case bool(default):
            return f" Default: {str(default).lower()}."
        case float(default):  # a duration is a string in JSON and seconds in Python
            return f" Default: {default:g}{'s' if schema['type'] == 'string' else ''}."
        case default:
            return f" Default: {default}."
