"""The caches and the selector index answer as a plain search over all objects would, at any
moment of a change.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.caches import Changes, ObjectCache
from kubervisor.kube.pod_cache import PodCache, PodShelf
from kubervisor.kube.records import ServiceRecord
from kubervisor.kube.selectors import SelectorIndex
from kubervisor.kube.seqlock import SeqLock
from kubervisor.traffic import keys
from kubervisor.traffic.model import Ejection, Pod, PodUid, Traffic

BASE = Pod(
    uid=PodUid("u"),
    namespace="shop",
    name="a",
    version="1",
    phase="Running",
    ready=True,
    deleting=False,
    traffic=None,
    claimed_by=None,
    ejection=None,
    retries=0,
    returned_at=None,
    created_at=0.0,
    started_at=None,
    owner=None,
)

names = st.sampled_from(["a", "b", "c"])
labels = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]))
pods = st.builds(
    lambda name, uid, version, namespace, labels, claim, node: replace(
        BASE,
        uid=PodUid(f"{namespace}/{name}/{uid}"),
        name=name,
        version=str(version),
        namespace=namespace,
        labels=labels,
        claimed_by=claim,
        node_address=node,
    ),
    names,
    st.integers(0, 1),
    st.integers(1, 3),
    st.sampled_from(["shop", "bank"]),
    labels,
    st.one_of(st.none(), names),
    st.sampled_from(["10.0.0.1", "10.0.0.2"]),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), pods),
        st.tuples(st.just("delete"), pods),
        st.tuples(st.just("replace"), st.lists(pods, max_size=3, unique_by=lambda p: p.name)),
    ),
    max_size=12,
)


@pytest.mark.parametrize("by", ["watch", "list"])
def test_a_pod_whose_version_alone_is_new_stays_the_same_record(by: str) -> None:
    cache, told = PodCache(), list[tuple[Pod | None, Pod | None]]()
    held = replace(BASE, labels={"app": "x"})
    cache.upsert(held)
    group = cache.matching("shop", {"app": "x"})
    cache.subscribe(told.extend)

    newer = replace(held, version="2")
    if by == "watch":
        cache.upsert(newer)
    else:
        cache.replace([cache.held(newer)])

    assert cache.get("shop", "a") is held
    assert held.version == "2"
    assert cache.matching("shop", {"app": "x"}) is group or by == "list"
    assert [(old is held, new is held) for old, new in told] == [(True, True)]


def test_a_list_that_is_not_put_up_leaves_the_versions_alone() -> None:
    cache = PodCache()
    held = replace(BASE)
    cache.upsert(held)

    read = cache.held(replace(held, version="0"))

    assert (held.version, read.version) == ("1", "0")


def test_nothing_is_told_of_a_pod_that_is_the_same_in_all() -> None:
    cache, told = PodCache(), list[tuple[Pod | None, Pod | None]]()
    cache.upsert(replace(BASE))
    cache.subscribe(told.extend)

    cache.upsert(replace(BASE))
    cache.replace([replace(BASE)])

    assert told == []


@given(steps, labels)
def test_a_pod_cache_finds_what_a_search_finds(
    taken: list[tuple[str, object]], selector: dict[str, str]
) -> None:
    cache = PodCache()
    told: dict[PodUid, Pod] = {}

    def hear(changes: Changes[Pod]) -> None:
        for old, new in changes:
            if old is not None:
                assert told.pop(old.uid) == old
            if new is not None:
                assert cache.get(new.namespace, new.name) == new
                assert old is None or old.uid == new.uid
                told[new.uid] = new

    cache.subscribe(hear)
    expected: dict[tuple[str, str], Pod] = {}
    for step, value in taken:
        if step == "replace":
            assert isinstance(value, list)
            shop = [replace(p, namespace="shop", uid=PodUid(f"shop/{p.name}/0")) for p in value]
            cache.replace(shop, namespace="shop")
            expected = {k: p for k, p in expected.items() if k[0] != "shop"}
            expected |= {("shop", p.name): p for p in shop}
            continue
        assert isinstance(value, Pod)
        key = (value.namespace, value.name)
        if step == "upsert":
            cache.upsert(value)
            expected[key] = value
        else:
            cache.delete(value)
            if key in expected and expected[key].uid == value.uid:
                del expected[key]

    assert sorted(told) == sorted(pod.uid for pod in expected.values())
    answers_as_a_search(cache, expected, selector)


def answers_as_a_search(
    cache: PodCache, expected: dict[tuple[str, str], Pod], selector: dict[str, str]
) -> None:
    assert {p.uid: p for p in cache.values()} == {p.uid: p for p in expected.values()}
    assert len(cache) == len(expected)
    for namespace in ("shop", "bank"):
        members = sorted(
            (p for p in expected.values() if p.namespace == namespace), key=lambda p: p.name
        )
        found = [p for p in members if selector and selector.items() <= p.labels.items()]
        assert list(cache.matching(namespace, selector)) == found
        for name in "abc":
            claimed = [p for p in members if p.claimed_by == name]
            assert list(cache.claimed(namespace, name)) == claimed
    claims = {(p.namespace, p.claimed_by) for p in expected.values() if p.claimed_by}
    assert cache.claimed_names() == claims
    assert set(cache.node_addresses) == {p.node_address for p in expected.values()}
    assert all(cache.get_uid(p.uid) == p for p in expected.values())


def seen(cache: PodCache) -> tuple[object, ...]:
    """The answers to every question about one namespace."""
    return (
        *(cache.get("shop", name) for name in "abc"),
        set(cache.values("shop")),
        *(cache.matching("shop", {"app": value}) for value in "xy"),
        *(cache.matching("shop", {"app": "x", "tier": value}) for value in "xy"),
        *(cache.claimed("shop", name) for name in "abc"),
    )


in_shop = pods.map(lambda pod: replace(pod, namespace="shop"))
lists = st.lists(in_shop, max_size=3, unique_by=lambda pod: pod.name)
changes = st.one_of(
    st.builds(lambda pods: lambda cache: cache.replace(pods), lists),
    st.builds(lambda pods: lambda cache: cache.replace(pods, namespace="shop"), lists),
    st.builds(lambda pod: lambda cache: cache.upsert(pod), in_shop),
    st.builds(lambda pod: lambda cache: cache.delete(pod), in_shop),
)


@given(lists, changes)
def test_a_reader_sees_what_was_before_a_change_or_after_it_and_nothing_between(
    listed: list[Pod], change: Callable[[PodCache], None]
) -> None:
    before, cache = PodCache(), PodCache()
    after = PodCache()
    for one in (before, cache, after):
        one.replace(listed)
    change(after)
    wanted = list(zip(seen(before), seen(after), strict=True))

    def at_each_step(frame: FrameType, *_: object) -> Any:
        if Path(frame.f_code.co_filename).name not in ("caches.py", "pod_cache.py"):
            return None
        frame.f_trace_opcodes = True
        # Who comes while the lock is held waits for it; everybody else gets an answer at once.
        shelf = cache._shelves.get("shop")
        if not isinstance(shelf, PodShelf) or not shelf._lock._lock.locked():
            for found, (old, new) in zip(seen(cache), wanted, strict=True):
                assert found in (old, new)
        return at_each_step

    tracing = sys.gettrace()
    sys.settrace(at_each_step)
    try:
        change(cache)
    finally:
        sys.settrace(tracing)
    assert seen(cache) == seen(after)


def test_what_changes_under_a_reader_is_looked_at_again() -> None:
    lock, values = SeqLock(), {"a": 1, "b": 1}

    def change() -> None:
        with lock:
            values.update(a=2, b=2)

    def look() -> tuple[int, int]:
        first = values["a"]
        if first == 1:
            writer = threading.Thread(target=change)
            writer.start()
            writer.join()
        return first, values["b"]

    assert lock.read(look) == (2, 2)


def test_an_unchanged_group_of_pods_is_the_same_tuple() -> None:
    cache = PodCache()
    cart = [replace(BASE, name=name, uid=PodUid(name), labels={"app": "cart"}) for name in "ab"]
    cache.replace([*cart, replace(BASE, name="c", labels={"app": "shop"})])
    found = cache.matching("shop", {"app": "cart"})
    cache.upsert(replace(BASE, name="c", version="2", labels={"app": "shop"}))
    assert cache.matching("shop", {"app": "cart"}) is found


def test_a_list_that_shows_what_is_known_changes_nothing() -> None:
    cache = PodCache()
    cache.upsert(BASE)
    told: list[object] = []
    cache.subscribe(told.extend)
    cache.replace([replace(BASE)])
    assert told == []
    assert cache.get("shop", "a") is BASE


@pytest.mark.parametrize(
    ("changed", "is_held"),
    [
        ({}, True),
        ({"version": "2"}, False),
        ({"uid": "another"}, False),
        ({"name": "b"}, False),
        ({"namespace": "bank"}, False),
    ],
)
def test_what_is_equal_to_a_held_record_is_that_one(changed: dict[str, Any], is_held: bool) -> None:
    cache = PodCache()
    cache.upsert(BASE)
    again = replace(BASE, **changed)
    assert cache.held(again) is (BASE if is_held else again)


def test_an_empty_selector_selects_nothing() -> None:
    cache = PodCache()
    cache.upsert(BASE)
    assert cache.matching("shop", {}) == ()
    assert cache.matching("shop", {keys.NAME: "cart"}) == ()


def test_our_own_keys_in_a_selector_are_compared_with_the_record() -> None:
    out = replace(
        BASE,
        labels={"app": "cart"},
        traffic=Traffic.NO,
        claimed_by="cart",
        ejection=Ejection("e", "latency"),
    )
    cache = PodCache()
    cache.upsert(out)
    app = {"app": "cart"}
    assert cache.matching("shop", {**app, keys.NAME: "cart", keys.STRATEGY: "latency"}) == (out,)
    assert cache.matching("shop", {**app, keys.NAME: "other"}) == ()
    assert cache.matching("shop", {**app, keys.TRAFFIC: "yes"}) == ()
    assert cache.matching("shop", {**app, "kubervisor/unknown": "x"}) == ()


def test_a_late_deletion_does_not_remove_the_successor_of_the_same_name() -> None:
    service = ServiceRecord("shop", "cart", "u2", "2", {}, "ClusterIP", "", deleting=False)
    cache = ObjectCache[ServiceRecord]()
    cache.upsert(service)
    cache.delete(replace(service, uid="u1"))
    assert cache.get("shop", "cart") == service
    cache.delete(replace(service, resource_version="3"))
    assert cache.values() == ()


@given(
    st.dictionaries(st.integers(0, 5), st.tuples(st.sampled_from(["shop", "bank"]), labels)),
    st.lists(st.integers(0, 5)),
    labels,
)
def test_the_selector_index_finds_what_a_search_finds(
    added: dict[int, tuple[str, dict[str, str]]], removed: list[int], wanted: dict[str, str]
) -> None:
    index = SelectorIndex[int]()
    for key in added:
        index.add(key, "elsewhere", {"app": "x"})  # replaced by the next one
    for key, (namespace, selector) in added.items():
        index.add(key, namespace, selector)
    for key in removed:
        index.remove(key)
    found = {
        key
        for key, (namespace, selector) in added.items()
        if key not in removed
        and namespace == "shop"
        and selector
        and selector.items() <= wanted.items()
    }
    assert set(index.matching("shop", wanted)) == found
    assert len(index.matching("shop", wanted)) == len(found)
    assert index.matching("elsewhere", wanted) == ()
