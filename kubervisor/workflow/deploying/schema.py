"""The schema of a kind from the model of its user, whatever that has in it.

What a CustomResourceDefinition can say is said, so that the API server refuses what is wrong when
it is written. What it cannot say (a union of several types, anything at all) it lets through; the
operator, which reads every object with the model itself, has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from kubervisor.errors import SpecError

Schema = dict[str, Any]

_KEPT = (
    "type",
    "enum",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
)
_FORMATS = frozenset(["date-time", "date", "uuid", "ipv4", "ipv6"])
"""Those that mean the same to the API server; its durations are written in another way."""

_SCALARS = frozenset(["string", "integer", "number", "boolean"])
_LONGEST_DEFAULT = 80


def schema_of(model: type[BaseModel]) -> Schema:
    """The structural schema of `model`, which is an object. Defaults are told in descriptions: the
    API server would write them into the user's object.

    Raises SpecError where there is none: for what has no JSON, or contains itself.
    """
    try:
        whole = model.model_json_schema()
        return _structural(whole, whole.get("$defs", {}))
    except PydanticInvalidForJsonSchema as error:
        raise SpecError(f"{model.__name__}: {error.message}; use types that JSON has") from None
    except RecursionError:
        raise SpecError(
            f"{model.__name__} contains itself, which a definition cannot say; write Any there"
        ) from None


def _structural(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    alternatives = list(_alternatives(schema, definitions))
    kinds = [one for one in alternatives if one.get("type") != "null"]
    merged = {**(kinds[0] if len(kinds) == 1 else {}), **schema}
    result = _described(merged)
    if len(kinds) > 1:
        result |= _union({one.get("type") for one in kinds})
    else:
        result |= _plain(merged, definitions)
    # Of an enumeration the API server takes no null, whatever else it says.
    if len(kinds) < len(alternatives) and "enum" not in result:
        result["nullable"] = True
    return result | {name: merged[name] for name in merged if name.startswith("x-kubernetes-")}


def _alternatives(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """What a schema refers to, followed to its end: one or several of which a value is one."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix("#/$defs/")]
        yield from _followed(target, definitions)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(keyword, ()):
            yield from _followed(one, definitions)


def _followed(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    further = list(_alternatives(schema, definitions))
    if not further:
        yield schema
    for one in further:
        yield {
            **one,
            **{name: schema[name] for name in ("description", "default") if name in schema},
        }


def _described(schema: Schema) -> Schema:
    said = " ".join(schema.get("description", "").split())
    default = schema.get("default")
    if default not in (None, "", [], {}):
        told = json.dumps(default).strip('"')
        if len(told) <= _LONGEST_DEFAULT:
            said = f"{said} Default: {told}.".lstrip()
    return {"description": said} if said else {}


def _union(types: set[Any]) -> Schema:
    """One of several: the API server knows of one union only."""
    if types == {"integer", "string"}:
        return {"x-kubernetes-int-or-string": True}
    if types == {"integer", "number"}:
        return {"type": "number"}
    common = types.pop() if len(types) == 1 else None
    return {"type": common} if common in _SCALARS else _anything()


def _anything() -> Schema:
    return {"x-kubernetes-preserve-unknown-fields": True}


def _plain(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    if "type" not in schema:
        return _anything()
    result: Schema = {name: schema[name] for name in _KEPT if name in schema}
    if schema.get("format") in _FORMATS:
        result["format"] = schema["format"]
    # The API server knows no groups that look around.
    if "pattern" in schema and not any(sign in schema["pattern"] for sign in ("(?=", "(?!", "(?<")):
        result["pattern"] = schema["pattern"]
    for limit in ("minimum", "maximum"):
        exclusive = f"exclusive{limit.capitalize()}"
        if exclusive in schema:
            result |= {limit: schema[exclusive], exclusive: True}
    match schema["type"]:
        case "object":
            result |= _fields(schema, definitions)
        case "array":
            result |= _items(schema, definitions)
    return result


def _fields(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    fields = schema.get("properties", {})
    others = schema.get("additionalProperties", False)
    result: Schema = {}
    if fields:
        result["properties"] = {
            name: _structural(field, definitions) for name, field in fields.items()
        }
    if schema.get("required"):
        result["required"] = list(schema["required"])
    if isinstance(others, dict) and others and not fields:
        result["additionalProperties"] = _structural(others, definitions)
    elif others not in (False, None):
        result |= _anything()
    return result


def _items(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    items = _structural(schema.get("items") or {}, definitions)
    result: Schema = {"items": items}
    if schema.get("uniqueItems") and items.get("type") in _SCALARS:
        result["x-kubernetes-list-type"] = "set"
    return result
