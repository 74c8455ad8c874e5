from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.schema import Schema, schema_of

ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class A(BaseModel):
    kind: Literal["a"]


class B(BaseModel):
    kind: Literal["b"]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    size: int


INNER: Schema = {
    "type": "object",
    "properties": {"size": {"type": "integer"}},
    "required": ["size"],
}
INTEGER: Schema = {"type": "integer"}


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (int, INTEGER),
        (bool, {"type": "boolean"}),
        (str, {"type": "string"}),
        (float, {"type": "number"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (timedelta, {"type": "string"}),
        (Decimal, ANYTHING),
        (Any, ANYTHING),
        (Color, {"type": "string", "enum": ["red", "blue"]}),
        (Literal["a"], {"type": "string", "enum": ["a"]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], ANYTHING),
        (Literal["a"] | None, {"type": "string", "enum": ["a"]}),
        (Inner, INNER),
        (Inner | None, INNER | {"nullable": True}),
        (int | None, INTEGER | {"nullable": True}),
        (int | str, {"x-kubernetes-int-or-string": True}),
        (int | str | None, {"x-kubernetes-int-or-string": True, "nullable": True}),
        (int | float, {"type": "number"}),
        (Literal["a"] | Color, {"type": "string"}),
        (A | B, ANYTHING),
        (Annotated[A | B, Field(discriminator="kind")], ANYTHING),
        (list[int] | dict[str, int], ANYTHING),
        (list[int], {"type": "array", "items": INTEGER}),
        (list[Inner], {"type": "array", "items": INNER}),
        (list[Any], {"type": "array", "items": ANYTHING}),
        (set[str], {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}),
        (
            tuple[int, str],
            {"type": "array", "items": ANYTHING, "minItems": 2, "maxItems": 2},
        ),
        (dict[str, int], {"type": "object", "additionalProperties": INTEGER}),
        (dict[str, Inner], {"type": "object", "additionalProperties": INNER}),
        (dict[str, Any], {"type": "object"} | ANYTHING),
        (Open, INNER | ANYTHING),
        (
            Annotated[int, Field(gt=0, le=9)],
            INTEGER | {"minimum": 0, "exclusiveMinimum": True, "maximum": 9},
        ),
        (
            Annotated[float, Field(ge=0, lt=1)],
            {"type": "number", "minimum": 0, "maximum": 1, "exclusiveMaximum": True},
        ),
        (Annotated[str, Field(pattern="^a+$")], {"type": "string", "pattern": "^a+$"}),
        (
            Annotated[str, Field(json_schema_extra={"x-kubernetes-validations": [{"rule": "x"}]})],
            {"type": "string", "x-kubernetes-validations": [{"rule": "x"}]},
        ),
        (
            Annotated[str, Field(min_length=1, max_length=9, description="A\n  name.")],
            {"type": "string", "minLength": 1, "maxLength": 9, "description": "A name."},
        ),
        (
            Annotated[Inner, Field(description="Of this one.")],
            INNER | {"description": "Of this one."},
        ),
    ],
)
def test_a_type_of_the_user_is_said_as_far_as_a_definition_can_say_it(
    type_: Any, schema: Schema
) -> None:
    model = create_model("Spec", field=(type_, ...))
    assert schema_of(model)["properties"]["field"] == schema


def test_a_pattern_that_the_api_server_cannot_read_is_left_to_the_model() -> None:
    looking = Annotated[str, Field(json_schema_extra={"pattern": "^(?!x)"})]
    assert schema_of(create_model("Spec", field=(looking, ...)))["properties"]["field"] == {
        "type": "string"
    }


@pytest.mark.parametrize(
    ("type_", "default", "told"),
    [
        (int, 3, "Default: 3."),
        (float, 95.0, "Default: 95.0."),
        (bool, False, "Default: false."),
        (str, "x", "Default: x."),
        (list[int], [1, 2], "Default: [1, 2]."),
        (str, "", None),
        (int | None, None, None),
        (str, "long" * 30, None),
    ],
)
def test_defaults_are_told_in_the_description_and_are_no_defaults_of_the_api_server(
    type_: Any, default: object, told: str | None
) -> None:
    schema = schema_of(create_model("Spec", field=(type_, default)))
    assert "required" not in schema
    field = schema["properties"]["field"]
    assert "default" not in field
    assert field.get("description") == told


def test_a_field_has_its_name_in_json() -> None:
    schema = schema_of(create_model("Spec", of_it=(int, Field(alias="ofIt"))))
    assert schema["required"] == list(schema["properties"]) == ["ofIt"]


class Loop(BaseModel):
    inner: Loop | None = None


class Calls(BaseModel):
    call: Callable[[], None]


@pytest.mark.parametrize(
    ("model", "said"), [(Loop, "Loop contains itself"), (Calls, "use types that JSON has")]
)
def test_what_has_no_schema_is_refused_in_a_sentence(model: type[BaseModel], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        schema_of(model)
