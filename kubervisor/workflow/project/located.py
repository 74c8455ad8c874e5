"""YAML whose values know their lines, from whoever wrote it: bounded in size, depth and number.

Scalars are what kubectl takes them for: 22:00 is a text, and so is 2026-01-01.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from kubervisor.workflow.project.problems import Problems, quoted

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 16
MAX_VALUES = 10_000
"""With what aliases repeat counted each time."""

Scalar: TypeAlias = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a mapping: the line of its name, and its value."""

    line: int
    value: Value


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the line it begins in."""

    line: int
    content: Scalar | tuple[Value, ...] | Mapping[str, Field]
    literal: bool = False
    """A text written line by line below `|`, the first of them in the line after this one."""

    @property
    def kind(self) -> str:
        """What it is, for people."""
        match self.content:
            case None:
                return "nothing"
            case bool():
                return "true or false"
            case int() | float():
                return "a number"
            case str():
                return "a text"
            case tuple():
                return "a list"
            case _:
                return "a mapping"


def read_located(text: str, problems: Problems) -> Value | None:
    """The one document in `text`, None where there is none, or none that can be read.

    What is wrong is added to `problems`; a field that is written twice has its first value.
    """
    if len(text) > MAX_CHARACTERS:
        problems.add(1, f"has more than {MAX_CHARACTERS // 1024} KiB, which is more than is read")
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if root is None else _Reader(problems).read(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, [error.context, error.problem]))
        problems.add(mark.line + 1 if mark else 1, f"is no YAML: {said}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.add(line, f"is no YAML: U+{error.character:04X} may not stand in it")
    except RecursionError:
        problems.add(1, _TOO_DEEP)
    except _TooMuch as error:
        problems.add(error.line, str(error))
    return None


_TOO_DEEP = f"is nested more than {MAX_DEPTH} deep"


class _TooMuch(Exception):
    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line = line


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._values = 0

    def read(self, node: yaml.Node, depth: int = 1) -> Value:
        """Raises _TooMuch."""
        line = node.start_mark.line + 1
        self._values += 1
        if depth > MAX_DEPTH:
            raise _TooMuch(line, _TOO_DEEP)
        if self._values > MAX_VALUES:
            raise _TooMuch(line, f"has more than {MAX_VALUES} values")
        match node:
            case yaml.MappingNode(tag=tag) if tag == f"{_TAG}map":
                return Value(line, self._fields(node, depth))
            case yaml.SequenceNode(tag=tag) if tag == f"{_TAG}seq":
                return Value(line, tuple(self.read(one, depth + 1) for one in node.value))
            case yaml.ScalarNode():
                return Value(line, self._scalar(node), literal=node.style == "|")
        self._problems.add(line, f"the tag {quoted(node.tag)} is not read; leave it out")
        return Value(line, None)

    def _fields(self, node: yaml.MappingNode, depth: int) -> Mapping[str, Field]:
        found: dict[str, Field] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problems.add(line, "the name of a field must be a text")
                continue
            name = key.value
            if name in found:
                first = found[name].line
                self._problems.add(line, f"{quoted(name)} is written twice, first in line {first}")
                continue
            found[name] = Field(line, self.read(value, depth + 1))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        text: str = node.value
        match node.tag.removeprefix(_TAG):
            case "str" | "timestamp" | "merge" | "value":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() in ("yes", "true", "on")
            case "int" | "float" if ":" in text:
                return text
            case "int" | "float" as kind:
                return _number(text, whole=kind == "int")
        line = node.start_mark.line + 1
        self._problems.add(line, f"the tag {quoted(node.tag)} is not read; leave it out")
        return None


def _number(text: str, *, whole: bool) -> Scalar:
    """The number, or the text where it is none that can be used."""
    digits = text.replace("_", "")
    try:
        if not whole:
            number = float(digits)
            return number if math.isfinite(number) else text
        octal = digits.lstrip("+-")
        return int(digits, 8 if octal.startswith("0") and octal.isdigit() else 0)
    except ValueError:
        return text
