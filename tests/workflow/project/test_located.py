"""YAML with lines, from whoever wrote it: bounded, and no text makes it fail otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow.project.located import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_VALUES,
    Field,
    Value,
    read_located,
)
from kubervisor.workflow.project.problems import Problems, ProjectError

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


def read(text: str) -> Value | None:
    problems = Problems("file")
    value = read_located(text, problems)
    problems.raise_any()
    return value


def refused(text: str) -> str:
    with pytest.raises(ProjectError) as caught:
        read(text)
    return str(caught.value)


def test_every_value_knows_its_line() -> None:
    assert read("a: 1\nb:\n- x\n- c: true\n") == Value(
        1,
        {
            "a": Field(1, Value(1, 1)),
            "b": Field(
                2, Value(3, (Value(3, "x"), Value(4, {"c": Field(4, Value(4, content=True))})))
            ),
        },
    )


@pytest.mark.parametrize(
    ("text", "content"),
    [
        pytest.param("text", "text", id="a text"),
        pytest.param('"1"', "1", id="a number in quotes"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("017", 15, id="octal"),
        pytest.param("-1_000", -1000, id="underscores"),
        pytest.param("1.5", 1.5, id="a fraction"),
        pytest.param(".inf", ".inf", id="no number to use"),
        pytest.param("22:00", "22:00", id="a time of day"),
        pytest.param("2026-01-01", "2026-01-01", id="a day"),
        pytest.param("~", None, id="nothing"),
        pytest.param("yes", True, id="yes"),
        pytest.param("!!str true", "true", id="said to be a text"),
        pytest.param("=", "=", id="a sign of YAML 1.1"),
        pytest.param("9" * 5000, "9" * 5000, id="more digits than are counted with"),
    ],
)
def test_scalars_are_what_kubectl_takes_them_for(text: str, content: object) -> None:
    value = read(text)
    assert value is not None
    assert (value.content, type(value.content)) == (content, type(content))


def test_nothing_is_no_value() -> None:
    assert read("") is None
    assert read("# a comment\n") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", "file:3: `a` is written twice, first in line 1", id="2"),
        pytest.param("a: [\n", "file:2: is no YAML", id="open"),
        pytest.param("a: 1\n\tb: 2\n", "file:2: is no YAML", id="a tab"),
        pytest.param("a: 1\n---\nb: 2\n", "file:2: is no YAML", id="two documents"),
        pytest.param("a: 1\nb: \x00\n", "file:2: is no YAML: U+0000", id="a control character"),
        pytest.param("a: *b\n", "file:1: is no YAML: found undefined alias", id="no such anchor"),
        pytest.param("? [a]\n: 1\n", "file:1: the name of a field must be a text", id="a list"),
        pytest.param("a: 1\nb: !!python/object:os.system x\n", "file:2: the tag", id="a tag"),
        pytest.param("a: !!set {b}\n", "file:1: the tag", id="a set"),
        pytest.param("x" * (MAX_CHARACTERS + 1), "more than 256 KiB", id="too long"),
        pytest.param("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested", id="too deep"),
        pytest.param("[" * 100_000, "nested", id="deeper than Python goes"),
        pytest.param("- x\n" * (MAX_VALUES + 1), f"more than {MAX_VALUES} values", id="too many"),
        pytest.param(LAUGHS, f"more than {MAX_VALUES} values", id="aliases of aliases"),
        pytest.param("&a [*a]", "nested", id="an alias of itself"),
    ],
)
def test_what_is_not_read_is_told_with_its_line(text: str, said: str) -> None:
    assert said in refused(text)


def test_an_alias_is_the_value_that_it_names_with_its_lines() -> None:
    assert read("a: &a [x]\nb: *a\n") == Value(
        1,
        {
            "a": Field(1, Value(1, (Value(1, "x"),))),
            "b": Field(2, Value(1, (Value(1, "x"),))),
        },
    )


def lines_of_problems(text: str) -> list[int]:
    try:
        read(text)
    except ProjectError as error:
        return [one.line for one in error.problems]
    return []


@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!'\"|>#?, \n\t%@", max_size=60))
def test_any_text_is_read_or_refused_in_one_of_its_lines(text: str) -> None:
    most = len(text.splitlines()) + 1
    assert [line for line in lines_of_problems(text) if not 1 <= line <= most] == []
