"""Plain selectors: what is one, which series it selects, and that no text makes it slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.promql import Matcher, Selector, is_plain_selector, parse_selector


@pytest.mark.parametrize(
    ("promql", "selector"),
    [
        pytest.param("up", Selector("up"), id="a name"),
        pytest.param("job:rate5m ", Selector("job:rate5m"), id="a recording rule"),
        pytest.param("up{}", Selector("up"), id="no matchers"),
        pytest.param(
            'a{b="c",d!="e",}',
            Selector("a", (Matcher("b", "=", "c"), Matcher("d", "!=", "e"))),
            id="two matchers and a last comma",
        ),
        pytest.param(
            "a {\n b =~ 'c.' , d !~ `e\\d` }",
            Selector("a", (Matcher("b", "=~", "c."), Matcher("d", "!~", r"e\d"))),
            id="spaces and all kinds of quotes",
        ),
        pytest.param(
            r'a{b="\"\\\n\x41\u00e9\101"}',
            Selector("a", (Matcher("b", "=", '"\\\nAéA'),)),
            id="escapes of Go",
        ),
        pytest.param(
            '{__name__="a", b="c"}', Selector("a", (Matcher("b", "=", "c"),)), id="a named name"
        ),
        pytest.param(
            '{"http.requests", "http.status"="500"}',
            Selector("http.requests", (Matcher("http.status", "=", "500"),)),
            id="quoted names",
        ),
        pytest.param('a{b="{[(#"}', Selector("a", (Matcher("b", "=", "{[(#"),)), id="marks quoted"),
    ],
)
def test_plain_selectors(promql: str, selector: Selector) -> None:
    assert is_plain_selector(promql)
    assert parse_selector(promql) == selector


@pytest.mark.parametrize(
    "promql",
    [
        pytest.param("", id="nothing"),
        pytest.param("a[5m]", id="a range"),
        pytest.param("rate(a[5m])", id="a function"),
        pytest.param("sum(a)", id="an aggregation"),
        pytest.param("a + b", id="an operator"),
        pytest.param("(a)", id="brackets"),
        pytest.param("a offset 5m", id="an offset"),
        pytest.param("a @ 0", id="an instant"),
        pytest.param("5", id="a number"),
        pytest.param('{b="c"}', id="no name"),
        pytest.param('{__name__=~"a|b"}', id="two names"),
        pytest.param('a{__name__="b"}', id="a name twice"),
        pytest.param('a{b="c" d="e"}', id="no comma"),
        pytest.param("a{,}", id="only a comma"),
        pytest.param("a{b=c}", id="no quotes"),
        pytest.param('a{b="c', id="an open string"),
        pytest.param(r'a{b="\d"}', id="an escape that PromQL refuses"),
        pytest.param("a # b", id="a comment: a range is written behind the selector"),
    ],
)
def test_what_is_no_plain_selector(promql: str) -> None:
    assert not is_plain_selector(promql)
    with pytest.raises(ValueError, match="is no plain selector"):
        parse_selector(promql)


@pytest.mark.parametrize(
    ("promql", "labels", "selects"),
    [
        pytest.param("a", {"b": "c"}, True, id="other labels do not matter"),
        pytest.param('a{b="c"}', {"b": "c"}, True, id="equal"),
        pytest.param('a{b="c"}', {}, False, id="a label that is absent is empty"),
        pytest.param('a{b=""}', {}, True, id="empty is absent"),
        pytest.param('a{b!="c"}', {}, True, id="absent is not equal"),
        pytest.param('a{b=~"5.."}', {"b": "503"}, True, id="a pattern"),
        pytest.param('a{b=~"5.."}', {"b": "5030"}, False, id="patterns match whole values"),
        pytest.param('a{b!~"5.."}', {"b": "200"}, True, id="not a pattern"),
        pytest.param('a{b!~"5..", c="d"}', {"b": "200", "c": "e"}, False, id="all must hold"),
    ],
)
def test_which_series_a_selector_selects(
    promql: str, labels: dict[str, str], selects: bool
) -> None:
    assert parse_selector(promql).matches("a", labels) is selects
    assert not parse_selector(promql).matches("other", labels)


def test_a_pattern_that_cannot_be_matched_in_linear_time_is_refused_by_label() -> None:
    hostile = r'a{code=~"(5)\\1"}'
    assert is_plain_selector(hostile), "Prometheus may evaluate it"
    with pytest.raises(ValueError, match=r"has a pattern for code that has \\1"):
        parse_selector(hostile)


@pytest.mark.parametrize(
    "promql",
    [
        pytest.param("a{" + 'b="c",' * 5_000, id="matchers without an end"),
        pytest.param('a{b="' + "\\" * 32_000, id="escapes without an end"),
        pytest.param("a" * 32_000 + "[", id="a long name"),
        pytest.param(" " * 32_000 + "(", id="spaces"),
        pytest.param("{" * 32_000, id="braces"),
        pytest.param("a{b='" + '"' * 32_000, id="quotes in an open string"),
    ],
)
def test_a_hostile_expression_of_the_longest_size_ends(promql: str) -> None:
    assert not is_plain_selector(promql)


@given(st.text("ab_:{}\"'`=~!,\\ \n[](0", max_size=60))
def test_any_text_is_a_selector_or_a_value_error(promql: str) -> None:
    try:
        selector = parse_selector(promql)
    except ValueError:
        return
    assert is_plain_selector(promql)
    assert selector.matches(selector.name, {}) in (True, False)
