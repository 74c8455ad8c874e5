"""Regular expressions of tenants: the same answers as `re`, in linear time, whatever is written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.patterns import LONGEST_TEXT, Pattern, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        pytest.param("5..", ["500", "5xx"], ["50", "5000", "1500", ""], id="any character"),
        pytest.param("5..|429", ["503", "429"], ["42", "428"], id="either of two"),
        pytest.param("(4|5)[0-9]{2}", ["404", "599"], ["300", "4x4", "40"], id="groups and counts"),
        pytest.param("[^2].*", ["500", "3"], ["200", ""], id="not these"),
        pytest.param(".*", ["", "a\nb"], [], id="anything, across lines as in Prometheus 3"),
        pytest.param(".+Exceeded", ["DeadlineExceeded"], ["Exceeded"], id="at least one"),
        pytest.param("colou?r", ["color", "colour"], ["colouur"], id="perhaps"),
        pytest.param("a{2,}", ["aa", "aaaa"], ["a"], id="two or more"),
        pytest.param("a{0}", [""], ["a"], id="none"),
        pytest.param("a{1,3}b", ["ab", "aaab"], ["b", "aaaab"], id="one to three"),
        pytest.param(r"/a\.b\?", ["/a.b?"], ["/axb?"], id="escapes"),
        pytest.param(r"\d+\D\w\W\s\S", ["12x_- y"], ["x"], id="classes by letter"),
        pytest.param(r"[\d.-]+", ["1.2-3"], ["1,2"], id="classes within classes"),
        pytest.param(r"[]a]", ["]", "a"], ["b"], id="a bracket comes first in its class"),
        pytest.param("^5..$", ["500"], ["1500"], id="ends say nothing"),
        pytest.param("^a$|^b$", ["a", "b"], ["ab"], id="ends of each branch"),
        pytest.param("(?:a|b)*?c", ["c", "abc"], ["ab"], id="lazy is the same"),
        pytest.param("", [""], ["a"], id="the empty expression"),
        pytest.param("(|a)b", ["b", "ab"], ["aab"], id="an empty branch"),
        pytest.param("é+", ["éé"], ["e"], id="letters of other alphabets"),
    ],
)
def test_whole_texts_match(pattern: str, matching: list[str], other: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [compiled.fullmatch(text) for text in matching] == [True] * len(matching)
    assert [compiled.fullmatch(text) for text in other] == [False] * len(other)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        pytest.param("(a", "a group without its ) at character 3", id="an open group"),
        pytest.param("a)", "an unmatched ) at character 2", id="a closed group"),
        pytest.param("[a", "a class without its ] at character 3", id="an open class"),
        pytest.param("[z-a]", "a range whose ends are not in order", id="a range backwards"),
        pytest.param("[[:digit:]]", "a class of POSIX", id="a class of POSIX"),
        pytest.param("*a", "* where it has no meaning", id="a repetition of nothing"),
        pytest.param("a**", "a repetition of a repetition", id="a repetition of a repetition"),
        pytest.param("a{3,2}", "a count that is not from 0 to 256", id="counts backwards"),
        pytest.param("a{999}", "a count that is not from 0 to 256", id="a large count"),
        pytest.param("a{x}", "{ where it has no meaning", id="a brace"),
        pytest.param(r"(a)\1", r"\1, which is not understood", id="a reference back"),
        pytest.param(r"\bword", r"\b, which is not understood", id="a border of a word"),
        pytest.param("(?=a)", "(?, of which only (?: is understood", id="looking ahead"),
        pytest.param("(?i)a", "(?, of which only (?: is understood", id="flags"),
        pytest.param("a^b", "^ where it has no meaning", id="a start in the middle"),
        pytest.param("a\\", "\\, which is not understood", id="an escape of nothing"),
        pytest.param("a" * 257, "more than 256 characters", id="a long expression"),
        pytest.param("(" * 20 + ")" * 20, "more than 16 groups in one another", id="nesting"),
        pytest.param("(a{200}){200}", "too large", id="counts of counts"),
        pytest.param("((((){250}){250}){250}){250}", "too large", id="counts of nothing"),
    ],
)
def test_what_is_not_understood_is_said(pattern: str, what: str) -> None:
    with pytest.raises(ValueError, match=re.escape(what)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("(a|aa)" * 40, "a" * 79 + "b", id="one text read in many ways"),
        pytest.param("(a*)*b", "a" * LONGEST_TEXT, id="a star of a star"),
        pytest.param("a?" * 100 + "a{56}", "a" * 120, id="many that may be absent"),
        pytest.param(".*.*.*.*.*.*.*x", "y" * LONGEST_TEXT, id="many of anything"),
        pytest.param("(.|..){80}", "é" * 150, id="counts of a choice"),
    ],
)
def test_what_takes_backtracking_years_ends(pattern: str, text: str) -> None:
    assert Pattern(pattern).fullmatch(text) in (True, False)


def test_a_text_longer_than_the_longest_matches_nothing() -> None:
    assert compile_pattern("a*").fullmatch("a" * LONGEST_TEXT)
    assert not compile_pattern("a*").fullmatch("a" * (LONGEST_TEXT + 1))


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", "5"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda found: f"({'|'.join(found)})"),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda found: f"({found[0]}){found[1]}"),
        st.tuples(inner, st.integers(0, 2), st.integers(0, 2)).map(
            lambda found: f"(?:{found[0]}){{{found[1]},{found[1] + found[2]}}}"
        ),
    ),
    max_leaves=6,
)


@given(PATTERNS.filter(lambda text: len(text) < 100), st.text("ab5.\n", max_size=8))
def test_the_answer_is_that_of_re(pattern: str, text: str) -> None:
    assert Pattern(pattern).fullmatch(text) is bool(re.fullmatch(pattern, text, re.DOTALL))


@pytest.mark.filterwarnings("ignore:Possible .*set:FutureWarning")
@given(st.text(r"ab()[]{}|*+?^$.\-,0123", max_size=40), st.text(max_size=20))
def test_any_text_is_a_pattern_or_a_value_error(pattern: str, text: str) -> None:
    try:
        compiled = Pattern(pattern)
    except ValueError:
        return
    assert compiled.fullmatch(text) is bool(re.fullmatch(pattern, text, re.DOTALL))
