"""The action that scales workloads: its arithmetic, its bounds, whose numbers it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.actions.action import Done, Failed, Patch, Refusal, Step, Target, Wait
from kubervisor.rules.actions.scale import PATIENCE, Scale, scaled
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import DictWorld, Json, go_on, previewed, ref_of, refusal

NOW = 1_700_000_000.0
SCALE = Scale()
MORE = {"by": "+1", "max": "5"}
FEWER = {"by": "-1"}


def workload(
    wanted: int | None = 3, *, ready: int | None = None, kind: str = "Deployment", **status: Any
) -> Json:
    there = 1 if wanted is None else wanted
    return {
        "kind": kind,
        "metadata": {"namespace": "shop", "name": "web", "uid": "u1", "generation": 4},
        "spec": {} if wanted is None else {"replicas": wanted},
        "status": {
            "observedGeneration": 4,
            "replicas": there,
            "readyReplicas": there if ready is None else ready,
            **status,
        },
    }


def scaler(name: str = "web", kind: str = "Deployment", namespace: str = "shop") -> Json:
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"namespace": namespace, "name": "auto", "uid": "hpa"},
        "spec": {"scaleTargetRef": {"kind": kind, "name": name, "apiVersion": "apps/v1"}},
    }


def stored(world: DictWorld, kind: str = "Deployment") -> Json:
    return world.there(kind, "shop", "web")


def about(world: DictWorld, kind: str = "Deployment") -> Target:
    return Target(ref_of(stored(world, kind)), "busy")


def refused(there: Json, params: dict[str, str], *others: Json) -> Refusal:
    world = DictWorld(there, *others)
    return refusal(SCALE, world, about(world, there["kind"]), params, NOW)


def begun(replicas: int = 3, params: dict[str, str] | None = None) -> tuple[DictWorld, Intent]:
    """The number was set, and nobody has seen it."""
    world = DictWorld(workload(replicas))
    intent = previewed(SCALE, world, about(world), params or MORE, NOW)
    found, intent = go_on(SCALE, world, about(world).ref, intent, NOW)
    # The API server counts changes of the spec, and the controller has yet to look.
    stored(world)["metadata"]["generation"] = 5
    assert isinstance(found, Done | Wait)
    return world, intent


def step(world: DictWorld, intent: Intent, now: float = NOW) -> Step:
    return go_on(SCALE, world, about(world).ref, intent, now)[0]


@pytest.mark.parametrize(
    "params",
    [MORE, FEWER, {"by": "2", "max": "9", "min": "2"}, {"by": "50%", "max": "9"}, {"by": "-100%"}],
)
def test_numbers_and_percentages_are_taken(params: dict[str, str]) -> None:
    assert not SCALE.problems(params)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"max": "5"}, "by is missing; write how many replicas more or fewer: +1, -1, 50%, -25%"),
        ({"by": "0", "max": "5"}, "by is '0'"),
        ({"by": "+0%", "max": "5"}, "by is '+0%'"),
        ({"by": "one", "max": "5"}, "by is 'one'"),
        ({"by": "1.5", "max": "5"}, "by is '1.5'"),
        ({"by": "-101%"}, "by is '-101%'; write at most -100%"),
        ({"by": "+1"}, "max is missing; write the most replicas it may make"),
        ({"by": "+1", "max": "0"}, "max is '0'"),
        ({"by": "+1", "max": "many"}, "max is 'many'; write the most replicas it makes, from 1 to"),
        ({"by": "-1", "min": "-1"}, "min is '-1'"),
        ({"by": "+1", "min": "5", "max": "4"}, "max is 4, less than min, 5"),
        ({"by": "-1", "replicas": "3"}, "replicas is no parameter of this action"),
    ],
)
def test_each_wrong_parameter_is_named_with_its_remedy(
    params: dict[str, str], problem: str
) -> None:
    (found,) = SCALE.problems(params)
    assert problem in found


@pytest.mark.parametrize(
    ("replicas", "params", "wanted"),
    [
        (3, MORE, 4),
        (3, {"by": "2", "max": "9"}, 5),
        (4, {"by": "+3", "max": "5"}, 5),
        (3, {"by": "50%", "max": "9"}, 5),
        # A percentage that comes to nothing is one replica.
        (3, {"by": "1%", "max": "9"}, 4),
        (3, {"by": "-1%"}, 2),
        (5, {"by": "-50%"}, 3),
        (3, {"by": "-100%"}, 1),
        (3, {"by": "-100%", "min": "0"}, 0),
        (3, {"by": "-9", "min": "2"}, 2),
        (2, {"by": "+1", "min": "6", "max": "9"}, 6),
        # What people put outside the bounds is not pulled the other way.
        (9, MORE, 9),
        (1, {"by": "-1", "min": "3"}, 1),
    ],
)
def test_it_scales_by_numbers_and_percentages_within_bounds(
    replicas: int, params: dict[str, str], wanted: int
) -> None:
    assert scaled(replicas, params) == wanted


@given(st.integers(1, 10_000), st.integers(1, 100), st.booleans(), st.integers(0, 50), st.data())
def test_it_never_leaves_its_bounds_nor_goes_the_other_way(
    replicas: int, amount: int, percent: bool, least: int, data: st.DataObject
) -> None:
    most = data.draw(st.integers(max(1, least), 100))
    by = f"{amount}{'%' if percent else ''}"
    more = scaled(replicas, {"by": by, "min": str(least), "max": str(most)})
    fewer = scaled(replicas, {"by": f"-{by}", "min": str(least), "max": str(most)})
    assert replicas <= more <= max(replicas, most)
    assert min(replicas, least) <= fewer <= replicas
    assert more > replicas or replicas >= most
    assert fewer < replicas or replicas <= least


def test_a_preview_says_from_what_to_what() -> None:
    world = DictWorld(workload(3, kind="StatefulSet"))
    intent = previewed(SCALE, world, about(world, "StatefulSet"), MORE, NOW)
    assert intent.summary == "scale StatefulSet shop/web from 3 to 4 replicas"
    assert intent.goal == {"uid": "u1", "from": "3", "to": "4"}


@pytest.mark.parametrize(
    ("there", "params", "reason", "is_final"),
    [
        (workload(5), MORE, "AtMaximum", True),
        (workload(7), MORE, "AtMaximum", True),
        (workload(1), FEWER, "AtMinimum", True),
        (workload(None), FEWER, "AtMinimum", True),
        (workload(0), MORE, "TurnedOff", True),
        (workload(0), FEWER, "TurnedOff", True),
        (workload(3, replicas=2), MORE, "ScaleInProgress", False),
        (workload(3, replicas=4), FEWER, "ScaleInProgress", False),
        (workload(3, observedGeneration=3), MORE, "ScaleInProgress", False),
        (workload(3, ready=2), FEWER, "NotReady", False),
    ],
)
def test_a_workload_that_cannot_be_scaled_now_is_refused(
    there: Json, params: dict[str, str], reason: str, is_final: bool
) -> None:
    found = refused(there, params)
    assert (found.reason, found.is_final) == (reason, is_final)


def test_pods_that_are_not_ready_are_no_reason_against_more() -> None:
    world = DictWorld(workload(3, ready=0))
    previewed(SCALE, world, about(world), MORE, NOW)


def test_an_autoscaler_keeps_its_workload() -> None:
    found = refused(workload(), MORE, scaler())
    assert (found.reason, found.is_final) == ("Autoscaled", True)
    assert "HorizontalPodAutoscaler auto decides" in found.message


@pytest.mark.parametrize(
    "other", [scaler("api"), scaler(kind="StatefulSet"), scaler(namespace="elsewhere")]
)
def test_autoscalers_of_others_do_not_count(other: Json) -> None:
    world = DictWorld(workload(), other)
    previewed(SCALE, world, about(world), MORE, NOW)


def test_it_sets_the_number_once_and_waits_for_the_pods() -> None:
    world, intent = begun()
    (deed,) = world.deeds
    assert isinstance(deed, Patch)
    assert deed.subresource == "scale"
    assert stored(world)["spec"]["replicas"] == 4
    assert step(world, intent) == Wait("it has 3 of 4 pods")
    stored(world)["status"] |= {"observedGeneration": 5, "replicas": 4}
    # Whether they get Ready is not asked.
    assert step(world, intent) == Done("it has 4 pods")
    assert len(world.deeds) == 1


def test_what_was_set_before_a_restart_is_not_set_again() -> None:
    world, intent = begun()
    forgotten = Intent(intent.action, intent.summary, intent.goal)
    assert isinstance(step(world, forgotten), Wait)
    assert len(world.deeds) == 1


def test_nobody_elses_number_is_written_over() -> None:
    world = DictWorld(workload())
    intent = previewed(SCALE, world, about(world), MORE, NOW)
    stored(world)["spec"]["replicas"] = 8
    found = step(world, intent)
    assert isinstance(found, Failed)
    assert "somebody else scaled Deployment shop/web to 8" in found.message
    assert not world.deeds


def test_a_number_that_is_set_back_is_not_fought_over() -> None:
    world, intent = begun()
    stored(world)["spec"]["replicas"] = 3
    found = step(world, intent)
    assert isinstance(found, Failed)
    assert "somebody set Deployment shop/web back to 3 replicas" in found.message
    assert len(world.deeds) == 1


def test_pods_that_a_quota_forbids_are_told_of() -> None:
    world, intent = begun()
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: pods"}
    stored(world)["status"] |= {"observedGeneration": 5, "conditions": [failure]}
    assert step(world, intent) == Failed("it has 3 of 4 pods: exceeded quota: pods")


def test_pods_that_are_never_made_give_the_turn_away() -> None:
    world, intent = begun()
    stored(world)["status"]["observedGeneration"] = 5
    assert isinstance(step(world, intent, NOW + PATIENCE), Wait)
    assert step(world, intent, NOW + PATIENCE + 1) == Failed("it has 3 of 4 pods after 601 s")


def test_a_workload_that_was_replaced_is_not_scaled() -> None:
    world = DictWorld(workload())
    target, intent = about(world), previewed(SCALE, world, about(world), MORE, NOW)
    stored(world)["metadata"]["uid"] = "another"
    found, _ = go_on(SCALE, world, target.ref, intent, NOW)
    assert isinstance(found, Refusal)
    assert not world.deeds
    assert refusal(SCALE, world, target, MORE, NOW).reason == "ObjectGone"
