"""The action that evicts pods: which ones it leaves alone, and one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.rules.actions.action import Do, Done, Evict, Failed, Refusal, Target, Wait
from kubervisor.rules.actions.evict import PATIENCE, EvictPods
from kubervisor.rules.decision.policy import ObjectRef
from tests.rules.dict_world import DictWorld, Json, go_on, previewed, ref_of, refusal

NOW = 1_700_000_000.0
STAMP = "2023-11-14T22:13:20Z"
EVICT = EvictPods()
CLAIM = ObjectRef("PersistentVolumeClaim", "db", "data", "c1")


def pod(
    name: str = "web-1",
    *,
    owner: str | None = "rs",
    phase: str = "Running",
    namespace: str = "shop",
    **metadata: Any,
) -> Json:
    owners = [{"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}]
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": f"uid-{name}",
            "ownerReferences": owners if owner else [],
            **metadata,
        },
        "status": {"phase": phase},
    }


def about(there: Json) -> Target:
    return Target(ref_of(there), "leaks")


def test_it_takes_no_parameters() -> None:
    assert not EVICT.problems({})
    (found,) = EVICT.problems({"gracePeriod": "5"})
    assert found == "gracePeriod is no parameter of this action; it takes none"


def test_a_preview_names_the_pod() -> None:
    world = DictWorld(pod(), pod("web-2"))
    intent = previewed(EVICT, world, about(pod()), {}, NOW)
    assert intent.summary == "evict Pod shop/web-1"
    assert intent.goal == {"pods": "shop/web-1/uid-web-1"}


@pytest.mark.parametrize(
    ("there", "reason", "is_final"),
    [
        (pod(deletionTimestamp=STAMP), "ObjectGone", False),
        (pod(phase="Succeeded"), "Finished", True),
        (pod(phase="Failed"), "Finished", True),
        (pod(annotations={"kubernetes.io/config.mirror": "x"}), "StaticPod", True),
        (pod(owner=None), "NoOwner", True),
        (pod(uid="another"), "ObjectGone", True),
    ],
)
def test_a_pod_that_need_not_or_must_not_go_is_refused(
    there: Json, reason: str, is_final: bool
) -> None:
    found = refusal(EVICT, DictWorld(there), about(pod()), {}, NOW)
    assert (found.reason, found.is_final) == (reason, is_final)


@pytest.mark.parametrize(
    ("other", "does"),
    [
        (pod("web-2", deletionTimestamp=STAMP), "is being deleted"),
        (pod("web-2", phase="Pending"), "has not started"),
    ],
)
def test_of_one_owner_one_goes_at_a_time(other: Json, does: str) -> None:
    found = refusal(EVICT, DictWorld(pod(), other), about(pod()), {}, NOW)
    assert (found.reason, found.is_final) == ("OneAtATime", False)
    assert found.message == f"Pod shop/web-1 waits: pod web-2 of the same ReplicaSet {does}"


@pytest.mark.parametrize(
    "other",
    [
        pod("web-2", phase="Running"),
        pod("web-2", owner="another", phase="Pending"),
        pod("web-2", owner=None, phase="Pending"),
        pod("web-2", namespace="elsewhere", phase="Pending"),
    ],
)
def test_pods_that_run_and_those_of_others_are_not_waited_for(other: Json) -> None:
    previewed(EVICT, DictWorld(pod(), other), about(pod()), {}, NOW)


def test_it_evicts_once_and_waits_until_the_pod_is_gone() -> None:
    world = DictWorld(pod())
    ref, intent = about(pod()).ref, previewed(EVICT, world, about(pod()), {}, NOW)
    assert EVICT.step(ref, intent, world, NOW) == Do(Evict(ref))
    world.put(pod(deletionTimestamp=STAMP))
    assert EVICT.step(ref, intent, world, NOW) == Wait("Pod shop/web-1 is shutting down")
    assert isinstance(EVICT.step(ref, intent, world, NOW + PATIENCE), Wait)
    world.remove("Pod", "shop", "web-1")
    assert EVICT.step(ref, intent, world, NOW) == Done("Pod shop/web-1 is gone")


def test_a_pod_whose_sibling_went_since_the_preview_waits() -> None:
    world = DictWorld(pod(), pod("web-2"))
    intent = previewed(EVICT, world, about(pod()), {}, NOW)
    world.put(pod("web-2", deletionTimestamp=STAMP))
    found = EVICT.step(about(pod()).ref, intent, world, NOW)
    assert isinstance(found, Refusal)
    assert (found.reason, found.is_final) == ("OneAtATime", False)


def test_siblings_are_found_by_their_template() -> None:
    labels = {"pod-template-hash": "abc"}
    world = DictWorld(pod(labels=labels), pod("web-2", phase="Pending", labels=labels))
    found = refusal(EVICT, world, about(pod()), {}, NOW)
    assert found.reason == "OneAtATime"


def test_another_pod_of_the_same_name_stays() -> None:
    world = DictWorld(pod())
    intent = previewed(EVICT, world, about(pod()), {}, NOW)
    world.put(pod(uid="another"))
    assert isinstance(EVICT.step(about(pod()).ref, intent, world, NOW), Done)


def test_a_pod_whose_node_is_down_gives_the_turn_away() -> None:
    world = DictWorld(pod())
    intent = previewed(EVICT, world, about(pod()), {}, NOW)
    world.put(pod(deletionTimestamp=STAMP))
    found = EVICT.step(about(pod()).ref, intent, world, NOW + PATIENCE + 1)
    assert found == Failed("Pod shop/web-1 is still there 61 s past its grace period")


# Of a claim: pods that use it without a right to.


def intruders(*pods: Json) -> Target:
    return Target(CLAIM, "access", involved=tuple(ref_of(one) for one in pods))


def test_all_intruders_go_one_after_the_other() -> None:
    second, first = pod("spy", namespace="other", owner=None), pod("odd", namespace="db")
    world = DictWorld(second, first)
    intent = previewed(EVICT, world, intruders(second, first), {}, NOW)
    assert intent.goal == {"pods": "db/odd/uid-odd other/spy/uid-spy"}
    found, _ = go_on(EVICT, world, CLAIM, intent, NOW)
    assert found == Done("Pod db/odd, Pod other/spy are gone")
    assert world.deeds == [Evict(ref_of(first)), Evict(ref_of(second))]


def test_the_next_intruder_goes_once_the_one_before_is_gone() -> None:
    first, second = pod("odd"), pod("spy")
    world = DictWorld(first, second)
    intent = previewed(EVICT, world, intruders(first, second), {}, NOW)
    world.put(pod("odd", deletionTimestamp=STAMP))
    assert isinstance(EVICT.step(CLAIM, intent, world, NOW), Wait)


def test_an_intruder_that_went_by_itself_is_no_reason_against_the_others() -> None:
    first, second = pod("odd"), pod("spy")
    intent = previewed(EVICT, DictWorld(second), intruders(first, second), {}, NOW)
    assert intent.goal == {"pods": "shop/spy/uid-spy"}


def test_a_static_pod_stays_even_where_it_intrudes() -> None:
    static = pod(annotations={"kubernetes.io/config.mirror": "x"})
    found = refusal(EVICT, DictWorld(static), intruders(static), {}, NOW)
    assert found.reason == "StaticPod"


def test_a_rule_about_claims_that_sees_no_intruder_is_told_what_to_write() -> None:
    found = refusal(EVICT, DictWorld(), intruders(), {}, NOW)
    assert isinstance(found, Refusal)
    assert found.is_final
    assert found.message.endswith("write objectKind: Pod")
