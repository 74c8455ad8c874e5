"""Queries with values in place: a value says what it is, and nothing more, wherever it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.promql import plain_selector
from kubervisor.workflow.project.model import Query
from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.project.rendering import Place, parse, render

TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)


def rendered(template: str, value: str) -> str:
    return render(Query("q", template, ("A",)), {"A": value})


def value_of(promql: str) -> str:
    """What the one matcher of a selector asks for."""
    selector = plain_selector(promql)
    assert selector is not None, promql
    (matcher,) = selector.matchers
    return matcher.value


@pytest.mark.parametrize(
    ("template", "value", "promql"),
    [
        pytest.param("up[{{ .A }}]", "5m", "up[5m]", id="a duration"),
        pytest.param("{{.A}}_total", "http:requests", "http:requests_total", id="a name"),
        pytest.param('up{a="{{ .A }}"}', 'x"y', r'up{a="x\"y"}', id="a quote"),
        pytest.param("up{a='{{ .A }}'}", "x'y\"", r"up{a='x\'y\"'}".replace('\\"', '"'), id="'"),
        pytest.param('up{a="{{ .A }}"}', "x\\", r'up{a="x\\"}', id="a backslash"),
        pytest.param("up{a=`{{ .A }}`}", "x\\y", r"up{a=`x\y`}", id="a raw string"),
        pytest.param('up{a=~"{{ .A }}-.*"}', "x.y|z", r'up{a=~"x\\.y\\|z-.*"}', id="a pattern"),
        pytest.param("up{a!~`{{ .A }}`}", "a+b", r"up{a!~`a\+b`}", id="a raw pattern"),
        pytest.param('up{a=~ # any\n "{{ .A }}"}', ".", 'up{a=~ \n "\\\\."}', id="a comment"),
        pytest.param('up{a="#{{ .A }}"}', "x", 'up{a="#x"}', id="no comment"),
        pytest.param("up # {{ .A }} {{\n", "x", "up \n", id="comments are left out"),
    ],
)
def test_a_value_is_written_as_its_place_asks(template: str, value: str, promql: str) -> None:
    assert rendered(template, value) == promql


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        pytest.param("up[{{ .A }}]", "1m]) or vector(1", "outside of quotes", id="code"),
        pytest.param("up[{{ .A }}]", "", "outside of quotes", id="nothing"),
        pytest.param("up{a=`{{ .A }}`}", "x`y", "raw string", id="the end of a raw string"),
        pytest.param('up{a="{{ .A }}"}', "x" * 1025, "more than 1024", id="too long"),
        pytest.param('up{a="{{ .A }}"}', "\ud800", "no Unicode", id="half a character"),
    ],
)
def test_a_value_that_cannot_stand_there_is_refused(template: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        rendered(template, value)


@given(TEXTS)
def test_a_value_in_a_string_is_that_value(value: str) -> None:
    for quote in "\"'":
        assert value_of(rendered(f"up{{a={quote}{{{{ .A }}}}{quote}}}", value)) == value


@given(TEXTS, TEXTS)
def test_a_value_in_a_pattern_matches_itself_only(value: str, other: str) -> None:
    pattern = value_of(rendered('up{a=~"{{ .A }}"}', value))

    assert re.fullmatch(pattern, value)
    assert bool(re.fullmatch(pattern, other)) is (value == other)


@given(TEXTS)
def test_no_value_changes_what_is_asked_around_it(value: str) -> None:
    selector = plain_selector(rendered('up{a="{{ .A }}",b=~"{{ .A }}",c="d"}', value))

    assert selector is not None
    assert [(one.label, one.sign) for one in selector.matchers] == [
        ("a", "="),
        ("b", "=~"),
        ("c", "="),
    ]
    assert selector.matchers[2].value == "d"


def test_an_escape_in_the_template_does_not_open_a_string_to_a_value() -> None:
    template = r'up{a="\{{ .A }}"}'

    assert parse(template) == (*parse(template),)
    assert not [piece for piece in parse(template) if isinstance(piece, Place)]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param({}, "asks for the parameter A", id="missing"),
        pytest.param({"A": "1", "B": "2"}, "has no parameter 'B'; its parameters: A", id="unknown"),
    ],
)
def test_parameters_are_those_of_the_query(parameters: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"query q {said}")):
        render(Query("q", "up[{{ .A }}]", ("A",)), parameters)


@pytest.mark.parametrize("query", BUILT_IN_QUERIES.values(), ids=lambda query: query.name)
def test_a_built_in_query_has_a_place_for_each_parameter(query: Query) -> None:
    places = {piece.name for piece in parse(query.template) if isinstance(piece, Place)}

    assert places == set(query.parameters) == {"Namespace", "Name", "Interval"}
