"""The caches and the selector index answer as a plain search over all objects would."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.caches import ObjectCache, PodCache
from kubervisor.kube.records import ServiceRecord
from kubervisor.kube.selectors import SelectorIndex
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
    lambda name, uid, version, namespace, labels, claim: replace(
        BASE,
        uid=PodUid(f"{namespace}/{name}/{uid}"),
        name=name,
        version=str(version),
        namespace=namespace,
        labels=labels,
        claimed_by=claim,
    ),
    names,
    st.integers(0, 1),
    st.integers(1, 3),
    st.sampled_from(["shop", "bank"]),
    labels,
    st.one_of(st.none(), names),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), pods),
        st.tuples(st.just("delete"), pods),
        st.tuples(st.just("replace"), st.lists(pods, max_size=3, unique_by=lambda p: p.name)),
    ),
    max_size=12,
)


@given(steps, labels)
def test_a_pod_cache_finds_what_a_search_finds(
    taken: list[tuple[str, object]], selector: dict[str, str]
) -> None:
    cache = PodCache()
    told: dict[PodUid, Pod] = {}

    def hear(old: Pod | None, new: Pod | None) -> None:
        if old is not None:
            assert told.pop(old.uid) == old
        if new is not None:
            assert cache.get(new.namespace, new.name) == new
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
