"""Python source, laid out as formatters leave it: literals, calls, imports.

Text of a project file gets into source by `literal` alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

WIDTH = 100
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Name:
    """An expression as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call; arguments without a name are positional."""

    function: str
    arguments: Sequence[tuple[str, Any]]


def literal(text: str) -> str:
    """A quoted literal of `text`, whatever that is, on one line.

    >>> print(literal('say "hi"'), literal("it's"))
    'say "hi"' "it's"
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(one, quote) for one in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character in ("\\", quote):
        return f"\\{character}"
    return character if character.isprintable() else repr(character)[1:-1]


def declared(value: Any, module: str) -> Any:
    """A dataclass as the call that makes it, with the fields that differ from their defaults.

    `module` is how the source calls the module that has the class.
    """
    if isinstance(value, tuple):
        return tuple(declared(one, module) for one in value)
    if not is_dataclass(value):
        return value
    return Call(
        f"{module}.{type(value).__name__}",
        [
            (field.name, declared(getattr(value, field.name), module))
            for field in fields(value)
            if getattr(value, field.name) != field.default
        ],
    )


def statement(before: str, value: Any) -> str:
    """The statement that begins with `before`, indented as that is, on as many lines as it needs.

    >>> print(statement("x = ", ("a", 1)), end="")
    x = ("a", 1)
    """
    indent = len(before) - len(before.lstrip())
    return f"{before}{_laid_out(value, indent, len(before))}\n"


def _laid_out(value: Any, indent: int, taken: int) -> str:
    """`value` on one line where it fits beside the `taken` columns, else one part to a line."""
    flat = _flat(value)
    parts = _parts(value)
    if parts is None or taken + len(flat) <= WIDTH:
        return flat
    opening, inner, closing = parts
    deeper = indent + len(_INDENT)
    lines = [
        f"{' ' * deeper}{prefix}{_laid_out(one, deeper, deeper + len(prefix) + len(','))},\n"
        for prefix, one in inner
    ]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _flat(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, str):
        return literal(value)
    parts = _parts(value)
    if parts is None:
        return repr(value)
    opening, inner, closing = parts
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return f"{opening}{', '.join(prefix + _flat(one) for prefix, one in inner)}{comma}{closing}"


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str] | None:
    """How a value that has parts opens, its parts behind their names, how it closes."""
    if isinstance(value, Call):
        named = [(f"{name}=" if name else "", one) for name, one in value.arguments]
        return (f"{value.function}(", named, ")") if named else None
    if isinstance(value, Mapping):
        return "{", [(f"{_flat(key)}: ", one) for key, one in value.items()], "}"
    if isinstance(value, tuple):
        return "(", [("", one) for one in value], ")"
    return None


def signature(name: str, arguments: Sequence[str], returns: str) -> str:
    """The first line of a function, or lines."""
    line = f"def {name}({', '.join(arguments)}) -> {returns}:\n"
    if len(line) <= WIDTH + 1:
        return line
    return f"def {name}(\n{_one_to_a_line(arguments)}) -> {returns}:\n"


def module(doc: str, modules: Mapping[str, Iterable[str]], package: str, body: str) -> str:
    """A module of `package`: what it is, the names it takes of other `modules`, what it has."""
    taken = imports({"__future__": ["annotations"], **modules}, package)
    space = "\n\n" if body.startswith(("class ", "def ", "@")) else "\n"
    return f'"""{doc}"""\n\n{taken}{space}{body}'


def imports(modules: Mapping[str, Iterable[str]], package: str) -> str:
    """The names that `modules` give, in sections: Python's own, others', and the package's.

    Modules that give none are left out.
    """
    sections: dict[int, list[str]] = {}
    for module, given in sorted(modules.items(), key=lambda one: _natural(one[0])):
        if names := sorted(set(given), key=_order):
            sections.setdefault(_section(module, package), []).append(_import(module, names))
    return "\n".join("".join(lines) for _, lines in sorted(sections.items()))


def _section(module: str, package: str) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if top in (package, "tests") else 2


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    return f"from {module} import (\n{_one_to_a_line(names)})\n"


def _one_to_a_line(parts: Sequence[str]) -> str:
    return "".join(f"{_INDENT}{one},\n" for one in parts)


def _order(name: str) -> tuple[int, Any, str]:
    """Constants, then classes, then the rest."""
    constant, a_class = len(name) > 1 and name.isupper(), name[0].isupper()
    return (0 if constant else 1 if a_class else 2), _natural(name.lower()), name


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which x2 comes before x10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
