"""How far back a PromQL expression looks."""

from __future__ import annotations

import pytest

from kubervisor.traffic.promql import reach, seconds


@pytest.mark.parametrize(
    ("promql", "length"),
    [
        pytest.param("up", 0, id="an instant"),
        pytest.param("rate(a[30s])", 30, id="a range"),
        pytest.param("rate(a[1h30m])", 5400, id="compound"),
        pytest.param("rate(a[1d2h3m4s5ms])", 93784.005, id="every unit"),
        pytest.param("rate(a[ 5m ])", 300, id="spaces"),
        pytest.param("rate(a[1w])", 604800, id="a week"),
        pytest.param("rate(a[300])", 300, id="plain seconds (Prometheus 3)"),
        pytest.param("rate(a[30s]) / rate(b[2m])", 120, id="the longest of two"),
        pytest.param("max_over_time(rate(a[1m])[5m:10s])", 360, id="a subquery around a range"),
        pytest.param("max_over_time(rate(a[1m])[5m:])", 360, id="its default step"),
        pytest.param(
            "max_over_time(avg_over_time(rate(a[1m])[5m:])[1h:1m])", 3960, id="two subqueries"
        ),
        pytest.param('a{path="[1h]"}', 0, id="a string with brackets"),
        pytest.param("a{path='[1h]'} + rate(b[5s])", 5, id="a single-quoted string"),
        pytest.param("a{path=`[1h]`}", 0, id="a raw string"),
        pytest.param(r'a{path="\"[1h]"}', 0, id="an escaped quote"),
        pytest.param("rate(a[30s]) # was [1h]", 30, id="a comment"),
        pytest.param("# don't\nrate(a[30s]) # don't", 30, id="quotes in comments"),
        pytest.param('rate(a{path="#"}[30s])', 30, id="a hash in a string"),
        pytest.param("rate(a[30s] offset 5m)", 30, id="an offset names a past on purpose"),
        pytest.param("", 0, id="nothing"),
        pytest.param("rate(a[", 0, id="unfinished"),
    ],
)
def test_reach(promql: str, length: float) -> None:
    assert reach(promql) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "5", "s", "1h 30m", "-1h", "1h30", "٣m", "1h\n"])
def test_what_is_no_duration_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration; write 5s, 1m30s or 500ms"):
        seconds(text)


def test_digits_of_another_script_are_no_range() -> None:
    assert reach("rate(a[٣m])") == 0


@pytest.mark.parametrize(
    "promql",
    [
        pytest.param("[" + "1" * 32_000, id="digits"),
        pytest.param("[" + "1.1" * 10_000, id="dots"),
        pytest.param("[" + " " * 32_000, id="spaces"),
        pytest.param("[1s:" * 8_000, id="open subqueries"),
        pytest.param('"' + r"\"" * 16_000, id="an open string"),
        pytest.param("[1" + "s1" * 16_000, id="parts"),
    ],
)
def test_a_hostile_expression_of_the_longest_size_ends(promql: str) -> None:
    assert reach(promql) >= 0
