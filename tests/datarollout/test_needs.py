"""What pods' annotations say of data, in the founding document's form and in the code's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.datarollout.needs import MOST_SOURCES, NAME, is_about_data, read_needs

KEYS = (
    "store.autocrane.io/data",
    "store.autocrane.io/deps",
    "store.autocrane.io/url",
    "store.autocrane.io/location",
    "data.autocrane.io/name",
    "data.autocrane.io/",
)


@pytest.mark.parametrize(
    ("annotations", "sources"),
    [
        ({}, {}),
        ({"store.autocrane.io/data": ""}, {}),
        ({"store.autocrane.io/data": " a ,, b,a"}, {"a": "a", "b": "b"}),
        ({"store.autocrane.io/data": "a/b, ../c, d e, .f, g-, h"}, {"h": "h"}),
        ({"data.autocrane.io/cfg": " a "}, {"cfg": "a"}),
        (
            {"data.autocrane.io/cfg": "a", "data.autocrane.io/other": "a"},
            {"cfg": "a", "other": "a"},
        ),
        ({"data.autocrane.io/a": "b", "store.autocrane.io/data": "a"}, {"a": "b"}),
        ({"data.autocrane.io/a": "git:https://host/a.git"}, {}),
        (
            {"data.autocrane.io/a": "git@https://host/a.git", "store.autocrane.io/data": "a"},
            {"a": "a"},
        ),
        ({"data.autocrane.io/": "a"}, {}),
        ({"data.autocrane.io/a": ""}, {}),
        ({"request.data.autocrane.io/a": "b", "status.data.autocrane.io/a": "b"}, {}),
    ],
)
def test_the_sources_by_the_pods_own_names(
    annotations: dict[str, str], sources: dict[str, str]
) -> None:
    assert dict(read_needs(annotations).sources) == sources


def test_the_other_annotations() -> None:
    needs = read_needs(
        {
            "store.autocrane.io/deps": "a, b",
            "store.autocrane.io/url": " http://datarepo ",
            "store.autocrane.io/location": " /data ",
            "data.autocrane.io/a": "git:https://host/a.git",
        }
    )
    assert needs.depends == {"a", "b"}
    assert (needs.url, needs.location) == ("http://datarepo", "/data")
    assert needs.specs == {"a": "git:https://host/a.git"}


def test_a_source_may_be_there_under_several_names() -> None:
    needs = read_needs({"data.autocrane.io/z": "a", "store.autocrane.io/data": "a,b"})
    assert needs.names_of("a") == ("a", "z")
    assert needs.names_of("c") == ()


def test_so_many_sources_of_one_pod_are_heeded_and_no_more() -> None:
    many = ",".join(f"s{number:04}" for number in range(1000))
    needs = read_needs({"store.autocrane.io/data": many, "store.autocrane.io/deps": many})
    assert len(needs.sources) == len(needs.depends) == MOST_SOURCES
    assert "s0000" in needs.sources


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), st.text()))
def test_whatever_is_written_on_a_pod_only_fit_names_come_of_it(
    annotations: dict[str, str],
) -> None:
    needs = read_needs(annotations)
    names = [*needs.sources, *needs.sources.values(), *needs.depends, *(needs.specs or ())]
    assert all(NAME.fullmatch(name) for name in names)
    assert len(needs.sources) <= MOST_SOURCES


@pytest.mark.parametrize(
    ("key", "is_it"),
    [
        ("data.autocrane.io/a", True),
        ("request.data.autocrane.io/a", True),
        ("status.data.autocrane.io/a", True),
        ("store.autocrane.io/deps", True),
        ("probe.autocrane.io/a", False),
        ("status.autocrane.io/a", False),
        ("xdata.autocrane.io/a", False),
    ],
)
def test_which_keys_are_about_data(key: str, is_it: bool) -> None:
    assert is_about_data(key) is is_it
