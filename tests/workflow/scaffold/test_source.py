"""Source from values: whatever text there is, it is a literal, and the layout is a formatter's."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow.scaffold.naming import snake
from kubervisor.workflow.scaffold.source import Call, Name, imports, literal, signature, statement

TREES = st.recursive(
    st.text(max_size=30) | st.booleans() | st.none() | st.integers() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=6).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.text())
def test_a_literal_is_its_text_on_one_line_that_shows_all_it_has(text: str) -> None:
    source = literal(text)
    assert ast.literal_eval(source) == text
    assert source.isprintable()


@given(TREES)
def test_a_statement_gives_the_value_it_was_made_of(value: Any) -> None:
    made: dict[str, Any] = {}
    exec(statement("made = ", value), made)
    assert made["made"] == value


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("plain", '"plain"'),
        ('say "hi"', "'say \"hi\"'"),
        ("it's", '"it\'s"'),
        ("a\\b\n\x00\u202e\u200b", r'"a\\b\n\x00\u202e\u200b"'),
        ("ü€", '"ü€"'),
    ],
)
def test_quotes_are_those_a_formatter_leaves(text: str, source: str) -> None:
    assert literal(text) == source


def test_what_a_formatter_is_given_it_leaves_as_it_is() -> None:
    names = [f"Name{number}" for number in range(20)]
    calls = tuple(Call("Call", [("", Name(name)), ("text", name * 3)]) for name in names)
    source = (
        imports({"__future__": ["annotations"], "a.b": names, "typing": ["Any"]}, "a")
        + "\n"
        + statement("VALUE = ", {"calls": calls, "short": (1,), "none": ()})
        + "\n\n"
        + signature("function", [f"{name}: {name}" for name in names], "None")
        + statement("    return ", Call("call", [("", "x" * 40), ("argument", "y" * 40)]))
    )
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=100", "-"],
        check=True,
        input=source,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert ran.stdout == source


def test_imports_stand_in_their_sections_constants_first_numbers_in_their_order() -> None:
    modules = {
        "own.phases": ["b", "X10", "X2", "CONSTANT", "a", "Other"],
        "zlib": ["crc32"],
        "other": ["one"],
        "unused": [],
        "__future__": ["annotations"],
    }
    assert imports(modules, "own") == (
        "from __future__ import annotations\n\n"
        "from zlib import crc32\n\n"
        "from other import one\n\n"
        "from own.phases import CONSTANT, X2, X10, Other, a, b\n"
    )


@pytest.mark.parametrize(
    ("name", "snaked"),
    [
        ("Initializing", "initializing"),
        ("RollBack", "roll_back"),
        ("rollBack2Go", "roll_back2_go"),
        ("HTTPReady", "http_ready"),
        ("istio-request_duration", "istio_request_duration"),
        ("A__B", "a_b"),
        ("Class", "class_"),
        ("X", "x"),
    ],
)
def test_names_become_those_of_variables(name: str, snaked: str) -> None:
    assert snake(name) == snaked
