"""What is wrong with a specification, in words: the field's path, the rule, and what to write."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from kubervisor.api.fields import PATTERN_WORDS
from kubervisor.errors import SpecError

_AT_MOST_NAMED = 3

_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "must be given",
    "greater_than": lambda ctx: f"must be more than {ctx['gt']}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']:.0f}",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda ctx: f"must have at most {ctx['max_length']} characters",
    "too_short": lambda ctx: f"must have at least {ctx['min_length']} entry",
    "too_long": lambda ctx: f"must have at most {ctx['max_length']} entries",
    "string_type": lambda _: "must be a string",
    "string_unicode": lambda _: "must be a valid Unicode string",
    "int_type": lambda _: "must be an integer",
    "float_type": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be true or false",
    "list_type": lambda _: "must be a list",
    "model_type": lambda _: "must be an object",
    "dict_type": lambda _: "must be an object",
    "literal_error": lambda ctx: f"must be one of {ctx['expected']}",
    "enum": lambda ctx: f"must be one of {ctx['expected']}",
    "string_pattern_mismatch": lambda ctx: PATTERN_WORDS[ctx["pattern"]],
    "value_error": lambda ctx: str(ctx["error"]),
}


def spec_error(model: type[BaseModel], error: ValidationError) -> SpecError:
    """The error for people: up to three problems, each starting with its field's path."""
    problems = error.errors(include_url=False)
    named = [_sentence(model, problem) for problem in problems[:_AT_MOST_NAMED]]
    if len(problems) > _AT_MOST_NAMED:
        named.append(f"{len(problems) - _AT_MOST_NAMED} more")
    return SpecError(". Also ".join(named))


def _sentence(model: type[BaseModel], problem: ErrorDetails) -> str:
    kind, location = problem["type"], problem["loc"]
    words = _WORDS[kind](problem.get("ctx", {})) if kind in _WORDS else problem["msg"]
    if kind not in ("missing", "value_error"):
        words += f", is {_shown(problem['input'])}"
    field = _field_at(model, location)
    if field is not None and field.examples and "; write " not in words:
        words += f"; write {location[-1]}: {json.dumps(field.examples[0])}"
    return f"{_path(location)}: {words}"


def _path(location: Sequence[int | str]) -> str:
    return "spec" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in location
    )


def _shown(value: object) -> str:
    """The value where it is short, in ASCII; never a whole object, which may be of any size."""
    match value:
        case str():
            return json.dumps(value if len(value) <= 40 else value[:40] + "...")
        case int() if abs(value) >= 10**15:
            return "a huge number"
        case bool() | int() | float() | None:
            return json.dumps(value)
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def _field_at(model: type[BaseModel], location: Sequence[int | str]) -> FieldInfo | None:
    """The field a location ends at; None where it ends in a list or at an object of a list."""
    found: FieldInfo | None = None
    inside: type[BaseModel] | None = model
    for step in location:
        found = None
        if inside is not None and isinstance(step, str):
            found = next((f for f in inside.model_fields.values() if f.alias == step), None)
            inside = _model_in(found.annotation) if found else None
    return found


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
