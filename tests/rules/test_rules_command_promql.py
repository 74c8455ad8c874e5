"""The part of PromQL that `rules test` computes by itself means what Prometheus means by it."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.trial.exposition import read_page
from kubervisor.rules.trial.promql import parse, selects
from kubervisor.rules.trial.promql_tokens import NotComputed
from kubervisor.rules.trial.vectors import NAME, vector_of
from kubervisor.sources.exposition import PageUnreadable

PAGE = read_page(
    """
# HELP used Bytes
# TYPE used gauge
used{pvc="a",node="1"} 40
used{pvc="b",node="1"} 10
used{pvc="c",node="2"} 7
capacity{pvc="a",node="1"} 100
capacity{pvc="b",node="1"} 100
capacity{pvc="d",node="2"} 0
pool{node="1"} 1000
plain 3
"""
)


def answer(promql: str) -> dict[str, float]:
    """Values by the label pvc, else by all labels."""
    found = vector_of(parse(promql), lambda select: PAGE.select(select, 0.0))
    return {one.labels.get("pvc", str(dict(one.labels))): one.value for one in found}


COMPUTED = [
    pytest.param("used", {"a": 40, "b": 10, "c": 7}, id="a metric"),
    pytest.param('used{pvc=~"a|b"}', {"a": 40, "b": 10}, id="matchers"),
    pytest.param('used{pvc!="a", node="1"}', {"b": 10}, id="two matchers"),
    pytest.param("100 * (used / capacity)", {"a": 40, "b": 10}, id="usage in percent"),
    pytest.param("used / capacity * 100", {"a": 40, "b": 10}, id="from the left"),
    pytest.param("1 + 2 * 3 ^ 2 ^ 0.5 * plain * 0", {"{}": 1}, id="powers from the right"),
    pytest.param("-used{pvc='a'} ^ 2", {"a": -1600}, id="a sign is looser than a power"),
    pytest.param("2 - 1 - plain", {"{}": -2}, id="differences from the left"),
    pytest.param("used > 9", {"a": 40, "b": 10}, id="a comparison is a filter"),
    pytest.param("9 < used", {"a": 40, "b": 10}, id="a filter from the other side"),
    pytest.param("used > bool 9", {"a": 1, "b": 1, "c": 0}, id="bool says 0 or 1"),
    pytest.param("used < capacity", {"a": 40, "b": 10}, id="vectors compared"),
    pytest.param("used and capacity", {"a": 40, "b": 10}, id="and"),
    pytest.param("used unless capacity", {"c": 7}, id="unless"),
    pytest.param("capacity or used", {"a": 100, "b": 100, "d": 0, "c": 7}, id="or"),
    pytest.param("used unless on (pvc) capacity or used", {"a": 40, "b": 10, "c": 7}, id="loosest"),
    pytest.param("used / on (pvc) capacity", {"a": 0.4, "b": 0.1}, id="on"),
    pytest.param("used / ignoring (node) capacity", {"a": 0.4, "b": 0.1}, id="ignoring"),
    pytest.param("used and on(node) pool", {"a": 40, "b": 10}, id="and on"),
    pytest.param("capacity{pvc='d'} / capacity", {"d": math.nan}, id="nothing by nothing"),
    pytest.param("(capacity + 1) / (capacity{pvc='d'})", {"d": math.inf}, id="one by nothing"),
    pytest.param("used % 4", {"a": 0, "b": 2, "c": 3}, id="what remains"),
    pytest.param("used{pvc='a'} # { of [a]", {"a": 40}, id="comments"),
    pytest.param("plain * 0x10 + 1e1", {"{}": 58}, id="numbers"),
    pytest.param("nothing / used", {}, id="a metric that is not there"),
]


@pytest.mark.parametrize(("promql", "values"), COMPUTED)
def test_an_expression_is_computed(promql: str, values: dict[str, float]) -> None:
    assert answer(promql) == pytest.approx(values, nan_ok=True)


def test_arithmetic_takes_the_name_away_and_a_filter_leaves_it() -> None:
    def names(promql: str) -> set[str]:
        found = vector_of(parse(promql), lambda select: PAGE.select(select, 0.0))
        return {one.labels.get(NAME, "") for one in found}

    assert names("used > 1") == names("used < capacity") == {"used"}
    assert names("used + 1") == names("used > bool 1") == names("used / capacity") == {""}


REFUSED = [
    pytest.param("rate(used[5m])", "rate(…) is a function", id="a function"),
    pytest.param("sum by (pvc) (used)", "sum(…) is a function or an aggregation", id="aggregation"),
    pytest.param("sum(used)", "sum(…) is a function or an aggregation", id="aggregated"),
    pytest.param("used[5m]", "is a range over time", id="a range"),
    pytest.param("used offset 5m", "offset looks at another time", id="another time"),
    pytest.param("(used) @ 5", "@ looks at another time", id="at"),
    pytest.param("used * on(node) group_left() pool", "group_left matches many", id="many to one"),
    pytest.param("used * on(node) pool", "more than one series", id="many without saying so"),
    pytest.param('{pvc="a"}', "no plain selector", id="no name"),
    pytest.param("1 + 1", "it is a number", id="a number"),
    pytest.param("1 > 1", "stands between two numbers", id="numbers compared"),
    pytest.param("used and 1", "stands beside a number", id="a set and a number"),
    pytest.param("used +", "it ends too early", id="half"),
    pytest.param("(used", "')' is missing", id="not closed"),
    pytest.param("used used", "does not belong", id="no operator"),
    pytest.param("used / on pvc capacity", "'(' is missing", id="on without labels"),
    pytest.param("used ! 3", "none of what is computed", id="no sign"),
    pytest.param("5m", "5m is a time", id="a duration"),
    pytest.param("(" * 5000 + "used" + ")" * 5000, "nested too deeply", id="deep"),
    pytest.param("a" * 40_000, "longer than", id="long"),
    pytest.param("", "ends too early", id="nothing"),
]


@pytest.mark.parametrize(("promql", "why"), REFUSED)
def test_all_else_is_refused_by_name(promql: str, why: str) -> None:
    with pytest.raises(NotComputed) as refusal:
        answer(promql)
    assert why in str(refusal.value)


@given(st.text(st.sampled_from(list("ab{}()[]+-*/^<>=!,. \"'#0159emon")), max_size=60))
def test_whatever_is_written_is_computed_or_refused(promql: str) -> None:
    with suppress(NotComputed):
        answer(promql)
        assert all(select.text for select in selects(parse(promql)))


def test_samples_with_instants_are_a_past() -> None:
    page = read_page("used 1 1000000\nused 2 1060000\nlate 7 2000000\n")
    (select,) = selects(parse("used"))
    values = {at: [one.value for one in page.select(select, at)] for at in (999, 1000, 1059, 1300)}
    assert values == {999: [], 1000: [1.0], 1059: [1.0], 1300: [2.0]}
    assert list(page.select(select, 1360)) == []  # 5 minutes are its life
    assert page.span == (1000.0, 2000.0)
    assert read_page("used 1\n").span is None
    assert read_page("used 1 1000.5\n# EOF\n").span == (1000.5, 1000.5)  # OpenMetrics: seconds


PAGES = [
    pytest.param("used{", "line 1 is no sample", id="not closed"),
    pytest.param("# fine\n\nused five", "line 3: 'five' is no number", id="no number"),
    pytest.param("used 1_0", "no number", id="python's own numbers"),
    pytest.param("used 1 2 3", "line 1 is no sample", id="too many words"),
    pytest.param('used{a="1" b="2"} 1', "cannot read the labels", id="labels without a comma"),
    pytest.param("used 1\nused 2", "2 times", id="twice"),
    pytest.param("used 1\nused 2 1000", "none in others", id="an instant and none"),
]


@pytest.mark.parametrize(("text", "why"), PAGES)
def test_a_page_that_is_none_is_refused_by_line(text: str, why: str) -> None:
    with pytest.raises(PageUnreadable) as refusal:
        read_page(text)
    assert why in str(refusal.value)


def test_a_page_is_read_as_exporters_write_it() -> None:
    page = read_page(
        'used{pvc="a\\"b\\n}", node = "1" ,} +Inf\nhits_total{le="0.5"} 3 # {trace="x"} 0.4 5\n'
    )
    (used,) = page.series["used"]
    assert used.labels == {NAME: "used", "pvc": 'a"b\n}', "node": "1"}
    assert used.values == (math.inf,)
    assert page.series["hits_total"][0].values == (3.0,)
