"""Which of its objects a resource does not want any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow.scheduler.inventory import Owned, Ref, prune

OLD = Owned(Ref("services", "shop", "old"), "uid-1")
KEPT = Owned(Ref("services", "shop", "kept"), "uid-2")
OTHER_KIND = Owned(Ref("deployments", "shop", "old"), "uid-3")
ELSEWHERE = Owned(Ref("services", "till", "kept"), "uid-4")
OWNED = (OLD, KEPT, OTHER_KIND, ELSEWHERE)


def test_what_is_said_no_more_goes() -> None:
    assert prune({"services"}, {KEPT.ref}, OWNED) == (OLD, ELSEWHERE)


def test_a_kind_of_which_nothing_is_said_stays() -> None:
    assert prune((), (), OWNED) == ()


def test_a_kind_of_which_there_is_said_to_be_none_goes_altogether() -> None:
    assert prune({"deployments"}, (), OWNED) == (OTHER_KIND,)


refs = st.builds(
    Ref, st.sampled_from(["services", "deployments"]), st.sampled_from("ab"), st.sampled_from("xyz")
)
owns = st.lists(st.builds(Owned, refs, st.uuids().map(str)), unique_by=lambda one: one.ref)


@given(said=st.sets(st.sampled_from(["services", "deployments"])), wants=st.sets(refs), owned=owns)
def test_what_is_pruned_was_owned_is_of_a_kind_that_was_said_and_is_not_wanted(
    said: set[str], wants: set[Ref], owned: list[Owned]
) -> None:
    pruned = prune(said, wants, owned)
    assert set(pruned) <= set(owned)
    assert {one.ref.kind for one in pruned} <= said
    assert not {one.ref for one in pruned} & wants
    left = set(owned) - set(pruned)
    assert {one.ref for one in left if one.ref.kind in said} <= wants
