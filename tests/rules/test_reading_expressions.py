"""Metric expressions: several are asked in one query, so none may reach into another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.expressions import ALIASES, CAPACITY, plain


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a", "a"),
        ("  a\n+ b  ", "a\n+ b"),
        ("a # all\n", "a"),
        ("a # it's (\n/ b", "a \n/ b"),
        ('a{b="#)"}', 'a{b="#)"}'),
        ("a{b='\\')'}", "a{b='\\')'}"),
        ("a{b=~`\\d(`}", "a{b=~`\\d(`}"),
        ('rate(a{x="y"}[5m:1m])', 'rate(a{x="y"}[5m:1m])'),
    ],
)
def test_an_expression_is_kept_without_its_comments(written: str, kept: str) -> None:
    assert plain(written) == kept


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is empty"),
        ("# nothing", "is empty"),
        ("a)", ") closes nothing"),
        ("a) or (b", ") closes nothing"),
        ("(a]", "] closes nothing"),
        ("sum(a{b='c'}", "( is not closed"),
        ('a{b="c}', '" is not closed'),
        ("a{b='c}", "' is not closed"),
        ("a{b=`c}", "` is not closed"),
    ],
)
def test_one_that_does_not_end_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^must be PromQL, but .*{why[-12:]}"):
        plain(written)


@pytest.mark.parametrize("ours", [*ALIASES.values(), CAPACITY])
def test_our_own_are_already_plain(ours: str) -> None:
    assert plain(ours) == ours


@given(st.text(alphabet="ab()[]{}\"'`\\# \n,", max_size=30))
def test_what_is_kept_stays_within_its_parentheses(written: str) -> None:
    try:
        kept = plain(written)
    except ValueError:
        return
    assert plain(kept) == kept
    assert plain(f"({kept}) or (b)") == f"({kept}) or (b)"
