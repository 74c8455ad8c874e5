"""Whom a change of an object concerns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow.scheduler.dependencies import Dependencies, Found, Listed
from kubervisor.workflow.scheduler.inventory import OWNER_LABEL

SHOP = {"app": "cart", "tier": "web"}


def index(**reads: list[Found | Listed]) -> Dependencies[str]:
    found = Dependencies[str]()
    for key, read in reads.items():
        found.note(key, read)
    return found


def test_who_asked_for_it_by_name_also_where_there_was_none() -> None:
    readers = index(a=[Found("pods", "shop", "x")], b=[Found("pods", "till", "x")])
    assert readers.readers_of("pods", "shop", "x", {}) == {"a"}
    assert readers.readers_of("services", "shop", "x", {}) == frozenset()


def test_who_asked_for_objects_like_it() -> None:
    readers = index(
        all=[Listed("pods", None)],
        shop=[Listed("pods", "shop")],
        till=[Listed("pods", "till")],
        cart=[Listed("pods", "shop", {"app": "cart"})],
        both=[Listed("pods", "shop", SHOP)],
        other=[Listed("pods", "shop", {"app": "cart", "tier": "db"})],
    )
    assert readers.readers_of("pods", "shop", "x", SHOP) == {"all", "shop", "cart", "both"}
    assert readers.readers_of("pods", "shop", "x", {}) == {"all", "shop"}


def test_an_object_that_left_a_selection_concerns_who_selected_it() -> None:
    readers = index(a=[Listed("pods", "shop", SHOP)])
    assert readers.readers_of("pods", "shop", "x", {"app": "other"}) == frozenset()
    assert readers.readers_of("pods", "shop", "x", SHOP, {"app": "other"}) == {"a"}


def test_who_owns_it_wherever_it_is() -> None:
    readers = index(a=[Listed("services", None, {OWNER_LABEL: "uid-a"})])
    assert readers.readers_of("services", "till", "x", {OWNER_LABEL: "uid-a"}) == {"a"}
    assert readers.readers_of("services", "till", "x", {OWNER_LABEL: "uid-b"}) == frozenset()


def test_only_the_last_sync_counts() -> None:
    readers = index(a=[Found("pods", "shop", "x"), Listed("pods", "shop")])
    readers.note("a", [Found("pods", "shop", "y")])
    assert readers.readers_of("pods", "shop", "x", {}) == frozenset()
    assert readers.readers_of("pods", "shop", "y", {}) == {"a"}


def test_what_is_forgotten_takes_no_room() -> None:
    readers = index(a=[Found("pods", "shop", "x"), Listed("pods", "shop", SHOP)])
    readers.note("a", ())
    assert (readers._reads, readers._by_name, readers._by_label) == ({}, {}, {})


_kinds, _spaces, _names = (st.sampled_from(one) for one in (["pods", "jobs"], "ab", "xy"))
_labels = st.dictionaries(st.sampled_from("kl"), st.sampled_from("12"))
_reads = st.lists(
    st.builds(Found, _kinds, _spaces, _names)
    | st.builds(Listed, _kinds, _spaces | st.none(), _labels)
)


@given(
    noted=st.lists(st.tuples(st.sampled_from("pqr"), _reads)),
    kind=_kinds,
    namespace=_spaces,
    name=_names,
    before=_labels,
    after=_labels,
)
def test_the_index_finds_what_a_look_at_all_reads_finds(
    noted: list[tuple[str, list[Found | Listed]]],
    kind: str,
    namespace: str,
    name: str,
    before: dict[str, str],
    after: dict[str, str],
) -> None:
    readers = Dependencies[str]()
    for key, reads in noted:
        readers.note(key, reads)

    def concerns(read: Found | Listed) -> bool:
        if isinstance(read, Found):
            return read == Found(kind, namespace, name)
        has = any(read.labels.items() <= labels.items() for labels in (before, after))
        return read.kind == kind and read.namespace in (None, namespace) and has

    expected = {key for key, reads in dict(noted).items() if any(map(concerns, reads))}
    assert readers.readers_of(kind, namespace, name, before, after) == expected
