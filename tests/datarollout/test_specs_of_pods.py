"""Which sources pods may set up: what the administrator allows, and nobody else's."""

from __future__ import annotations

import pytest

from kubervisor.datarollout.repository.annotated import MOST, choose, read_pattern

TEAM = read_pattern("https://git.example.com/team")
WIDE = read_pattern("https://*.example.org")


def named(*specs: tuple[str, str], pod: str = "shop/web-1") -> list[tuple[str, str, str]]:
    return [(name, text, pod) for name, text in specs]


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("git:https://git.example.com/team/a.git", True),
        ("archive:https://git.example.com/team/a", True),
        ("git:https://git.example.com:443/team/a", True),
        ("git:https://GIT.example.com/team/a", True),
        ("git:https://a.example.org/any", True),
        ("git:https://a.b.example.org/any", True),
        ("git:https://git.example.com/teammate/a", False),
        ("git:https://git.example.com/other/a", False),
        ("git:https://git.example.com:444/team/a", False),
        ("git:https://git.example.com.evil.net/team/a", False),
        ("git:https://evil.net/https://git.example.com/team", False),
        ("git:https://evil.net/team?https://git.example.com/team", False),
        ("git:https://xgit.example.com/team/a", False),
        ("git:https://example.org/any", False),
        ("git:https://evilexample.org/any", False),
        ("git:https://git.example.com/team/%2e%2e/other", False),
        ("git:https://git.example.com/team/../other", False),
        ("git:ssh://git.example.com/team/a", False),
        ("archive:http://git.example.com/team/a", False),
        ("git:https://git.example.com/team/a#credential=env:TOKEN", False),
        ("adogit@env:TOKEN@https://git.example.com/team/a", False),
        ("configmap:kube-system/any", False),
        ("git:file:///team", False),
    ],
)
def test_only_what_a_pattern_allows_is_admitted(text: str, admitted: bool) -> None:
    chosen = choose(named(("a", text)), [TEAM, WIDE], configured=frozenset(), kept={})
    assert bool(chosen.sources) is admitted
    assert bool(chosen.problems) is not admitted


def test_a_configured_source_is_never_replaced() -> None:
    good = ("words", "git:https://git.example.com/team/a")
    chosen = choose(named(good), [TEAM], configured=frozenset({"words"}), kept={})
    assert not chosen.sources
    assert "shop/web-1" in chosen.problems[0][1]


def test_another_pod_cannot_take_over_a_name_that_is_taken() -> None:
    first, other = (f"git:https://git.example.com/team/{name}" for name in ("z", "a"))
    both = [*named(("words", first), pod="z/1"), *named(("words", other), pod="a/1")]
    chosen = choose(both, [TEAM], configured=frozenset(), kept={"words": first})
    assert chosen.sources["words"][0] == first
    assert [name for name, _ in chosen.problems] == ["words"]
    later = choose(both[1:], [TEAM], configured=frozenset(), kept={"words": first})
    assert later.sources["words"][0] == other


def test_there_are_so_many_and_those_that_are_kept_come_first() -> None:
    many = [(f"s{number:03}", f"git:https://git.example.com/team/{number}") for number in range(99)]
    kept = dict(many[-5:])
    chosen = choose(named(*many), [TEAM], configured=frozenset(), kept=kept)
    assert len(chosen.sources) == MOST
    assert kept.keys() <= chosen.sources.keys()
    assert len(chosen.problems) == 99 - MOST


@pytest.mark.parametrize(
    "text",
    ["", "example.com", "https://", "https://*", "https://*.", "https://a.*.com", "http://a.com",
     "ssh://a.com", "https://user@a.com", "https://a.com/?q", "https://a.com/x/..", "https://*a.com"],
)  # fmt: skip
def test_a_pattern_that_says_less_than_it_seems_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        read_pattern(text)
