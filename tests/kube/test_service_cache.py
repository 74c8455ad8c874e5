"""The Services that steer traffic to a pod are those that a plain search finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.records import ServiceRecord
from kubervisor.kube.service_cache import ServiceCache, without_ours
from kubervisor.traffic import keys

PAIRS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]))
records = st.builds(
    lambda namespace, name, uid, selector, traffic: ServiceRecord(
        namespace=namespace,
        name=name,
        uid=f"{namespace}/{name}/{uid}",
        resource_version="1",
        selector=selector | ({keys.TRAFFIC: traffic} if traffic else {}),
        type="ClusterIP",
        cluster_ip="",
        deleting=False,
    ),
    st.sampled_from(["shop", "bank"]),
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 1),
    PAIRS,
    st.sampled_from(["", "yes", "no"]),
)
steps = st.lists(st.tuples(st.sampled_from(["upsert", "delete"]), records), max_size=12)


@given(steps=steps, labels=PAIRS, namespace=st.sampled_from(["shop", "bank"]))
def test_after_any_changes_the_index_says_what_a_search_does(
    steps: list[tuple[str, ServiceRecord]], labels: dict[str, str], namespace: str
) -> None:
    cache = ServiceCache()
    for step, record in steps:
        getattr(cache, step)(record)

    searched = {
        record
        for record in cache.values(namespace)
        if record.selector.get(keys.TRAFFIC) == "yes"
        and (rest := without_ours(record.selector))
        and rest.items() <= labels.items()
    }
    assert set(cache.steering(namespace, labels)) == searched
