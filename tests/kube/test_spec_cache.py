"""The KubervisorServices that name a Service are those that a plain search finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.records import SpecRecord
from kubervisor.kube.spec_cache import SpecCache

NAMESPACES = st.sampled_from(["shop", "bank"])
SERVICES = st.sampled_from(["cart", "till"])
records = st.builds(
    lambda namespace, name, uid, version, spec: SpecRecord(
        namespace=namespace,
        name=name,
        uid=f"{namespace}/{name}/{uid}",
        resource_version=str(version),
        generation=1,
        created_at=0.0,
        deleting=False,
        finalizers=(),
        annotations={},
        spec=spec,
        stored_status=b"null",
    ),
    NAMESPACES,
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 1),
    st.integers(0, 1),
    st.one_of(
        st.builds(lambda service: {"service": service}, SERVICES),
        st.sampled_from([{}, {"service": 7}, {"service": ["cart"]}]),
    ),
)
single = st.tuples(st.sampled_from(["upsert", "delete"]), records)
whole = st.tuples(st.just("replace"), st.lists(records, unique_by=lambda r: (r.namespace, r.name)))


@given(steps=st.lists(single | whole, max_size=12), namespace=NAMESPACES, service=SERVICES)
def test_after_any_changes_the_index_says_what_a_search_does(
    steps: list[tuple[str, object]], namespace: str, service: str
) -> None:
    cache = SpecCache()
    for step, taken in steps:
        getattr(cache, step)(taken)

    searched = [one for one in cache.values(namespace) if one.spec.get("service") == service]
    found = cache.claimants(namespace, service)
    assert sorted(found, key=lambda one: one.name) == sorted(searched, key=lambda one: one.name)
