"""The action that grows claims: its arithmetic, what it refuses, and that it asks once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.actions.action import Done, Failed, Patch, Refusal, Step, Target, Wait
from kubervisor.rules.actions.claims import CHANGED_AT, PATIENCE
from kubervisor.rules.actions.quantities import parse, render
from kubervisor.rules.actions.resize import Resize, grown
from kubervisor.rules.decision.estimate import Estimate, estimate
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import (
    DictWorld,
    Json,
    Refused,
    go_on,
    previewed,
    ref_of,
    refusal,
)

GI = 2**30
NOW = 1_700_000_000.0
NOTED = "2023-11-14T22:13:20Z"
RESIZE = Resize({"slow.csi": 3600.0})
DOUBLE = {"scalepercentage": "100"}


def capacity_below(gigabytes: int) -> Callable[[int], bool]:
    return lambda size: size / 10**9 < gigabytes


def usage_above(percent: int, stored: int) -> Callable[[int], bool]:
    """Of a volume with so many Gi on it."""
    return lambda size: 100 * stored * GI / size > percent


def storage_class(name: str = "fast", **more: Any) -> Json:
    body = {"kind": "StorageClass", "metadata": {"name": name, "uid": f"class-{name}"}}
    return {**body, "provisioner": "csi.example", "allowVolumeExpansion": True, **more}


def claim(
    capacity: str = "10Gi", request: str = "", *, notes: Json | None = None, **status: Any
) -> Json:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": "db", "name": "data", "uid": "u1", "annotations": notes or {}},
        "spec": {
            "storageClassName": "fast",
            "volumeName": "pv-1",
            "resources": {"requests": {"storage": request or capacity}},
        },
        "status": {"phase": "Bound", "capacity": {"storage": capacity}, **status},
    }


def is_true(kind: str, message: str = "") -> Json:
    return {"type": kind, "status": "True", "message": message}


def about(world: DictWorld) -> Target:
    return Target(ref_of(world.there("PersistentVolumeClaim", "db", "data")), "grow")


def intent_of(world: DictWorld, params: dict[str, str] | None = None, now: float = NOW) -> Intent:
    return previewed(RESIZE, world, about(world), DOUBLE if params is None else params, now)


def refused(world: DictWorld, params: dict[str, str] | None = None, now: float = NOW) -> Refusal:
    return refusal(RESIZE, world, about(world), DOUBLE if params is None else params, now)


def step(world: DictWorld, intent: Intent, now: float = NOW) -> Step:
    return go_on(RESIZE, world, about(world).ref, intent, now)[0]


def stored(world: DictWorld) -> Json:
    return world.there("PersistentVolumeClaim", "db", "data")


def asked_for(world: DictWorld) -> str:
    found: str = stored(world)["spec"]["resources"]["requests"]["storage"]
    return found


# Parameters.


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"scalepercentage": "50"},
        {"scalepercentage": "12.5", "maxsize": "400Gi"},
        {"scalesize": "10Gi", "maxsize": "429496729600"},
    ],
)
def test_parameters_of_the_original_are_taken(params: dict[str, str]) -> None:
    assert not RESIZE.problems(params)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"resizePercentage": "50"}, "resizePercentage is no parameter of this action"),
        ({"scalepercentage": "0"}, "scalepercentage is '0'; write percent"),
        ({"scalepercentage": "50%"}, "scalepercentage is '50%'; write percent"),
        ({"scalepercentage": "-5"}, "scalepercentage is '-5'"),
        ({"scalepercentage": "1e3"}, "scalepercentage is '1e3'"),
        ({"scalesize": "10GB"}, "scalesize is '10GB'; write what to add, such as 10Gi"),
        ({"scalesize": "0Gi"}, "scalesize is '0Gi'"),
        ({"maxsize": ""}, "maxsize is ''"),
        ({"scalesize": "1Gi", "scalepercentage": "5"}, "exclude each other; write one of them"),
    ],
)
def test_each_wrong_parameter_is_named_with_its_remedy(
    params: dict[str, str], problem: str
) -> None:
    (found,) = RESIZE.problems(params)
    assert problem in found


# How much.


@pytest.mark.parametrize(
    ("capacity", "params", "wanted"),
    [
        ("10Gi", {}, "15Gi"),
        ("5Gi", DOUBLE, "10Gi"),
        ("10Gi", DOUBLE | {"maxsize": "12Gi"}, "12Gi"),
        ("7Gi", {"scalepercentage": "50"}, "10752Mi"),
        # Providers give more than was asked for: what there is counts.
        ("11Gi", {"scalepercentage": "50"}, "16896Mi"),
        ("10Gi", {"scalesize": "2Gi"}, "12Gi"),
        ("10Gi", {"scalesize": "1G"}, "11194Mi"),
        # A percentage that comes to less than a Mi is one.
        ("10Mi", {"scalepercentage": "0.001"}, "11Mi"),
        ("1000", {"scalepercentage": "1"}, "1Mi"),
        ("10Gi", DOUBLE | {"maxsize": "11000000000"}, "11000000000"),
        ("9223372036854775807", DOUBLE, "9223372036854775807"),
    ],
)
def test_growth_counts_from_the_capacity(
    capacity: str, params: dict[str, str], wanted: str
) -> None:
    assert grown(parse(capacity), params) == parse(wanted)


@given(
    st.integers(1, 2**50),
    st.integers(1, 10_000).map(str),
    st.none() | st.integers(1, 2**51).map(render),
)
def test_a_growth_is_never_none_and_never_past_the_maximum(
    capacity: int, percent: str, most: str | None
) -> None:
    params = {"scalepercentage": percent} | ({"maxsize": most} if most else {})
    wanted = grown(capacity, params)
    if most is None:
        assert wanted > capacity
    else:
        assert wanted <= parse(most)


@pytest.mark.parametrize(
    ("is_met", "start", "params", "end", "resizes"),
    [
        (capacity_below(6), 5, DOUBLE | {"maxsize": "10Gi"}, 10, 1),
        (capacity_below(6), 5, DOUBLE | {"maxsize": "5Gi"}, 5, 0),
        (capacity_below(15), 5, DOUBLE | {"maxsize": "12Gi"}, 12, 2),
        (capacity_below(15), 5, DOUBLE | {"maxsize": "4Gi"}, 5, 0),
        (capacity_below(6), 5, DOUBLE, 10, 1),
        (usage_above(50, 4), 10, DOUBLE, 10, 0),
        (usage_above(50, 10), 10, DOUBLE, 20, 1),
        (usage_above(50, 10), 10, DOUBLE | {"maxsize": "12Gi"}, 12, 1),
    ],
)
def test_claims_end_where_the_original_s_would(
    is_met: Callable[[int], bool], start: int, params: dict[str, str], end: int, resizes: int
) -> None:
    def larger(size: int) -> int | None:
        wanted = grown(size, params)
        return wanted if wanted > size else None

    assert estimate(start * GI, is_met, larger) == Estimate(end * GI, resizes)


# What it would do.


def test_a_preview_says_from_what_to_what() -> None:
    world = DictWorld(claim("10.5Gi"), storage_class())
    intent = intent_of(world)
    assert intent.summary == "grow PersistentVolumeClaim db/data from 10752Mi to 21Gi"
    assert intent.goal == {"uid": "u1", "from": "10752Mi", "to": "21Gi"}
    assert intent_of(world, now=NOW + 1).goal == intent.goal


@pytest.mark.parametrize(
    ("there", "reason", "is_final"),
    [
        (claim(phase="Pending"), "NotBound", False),
        (claim(phase="Lost"), "NotBound", False),
        (claim("10Gi", "20Gi"), "ResizeInProgress", False),
        (claim(conditions=[is_true("Resizing")]), "ResizeInProgress", False),
        (claim(conditions=[is_true("FileSystemResizePending")]), "ResizeInProgress", False),
        (
            claim(
                "10Gi",
                "20Gi",
                allocatedResourceStatuses={"storage": "ControllerResizeInfeasible"},
                conditions=[is_true("ControllerResizeError", "the pool is full")],
            ),
            "ResizeInfeasible",
            True,
        ),
        (claim("200Gi"), "AtMaximum", True),
        (claim("100Gi"), "AtMaximum", True),
        # Rounded up by the provider past the maximum.
        (claim("101Gi", "100Gi"), "AtMaximum", True),
    ],
)
def test_a_claim_that_cannot_grow_now_is_refused(there: Json, reason: str, is_final: bool) -> None:
    found = refused(DictWorld(there, storage_class()), DOUBLE | {"maxsize": "100Gi"})
    assert (found.reason, found.is_final) == (reason, is_final)


def test_a_resize_that_failed_says_what_the_provider_said_and_what_to_do() -> None:
    status: Json = {
        "allocatedResourceStatuses": {"storage": "ControllerResizeInfeasible"},
        "conditions": [is_true("ControllerResizeError", "the pool is full")],
    }
    found = refused(DictWorld(claim("10Gi", "20Gi", **status), storage_class()))
    assert found.message == (
        "its growth to 20Gi failed (ControllerResizeInfeasible: the pool is full); give the "
        "provider what it lacks, or lower spec.resources.requests.storage to more than 10Gi"
    )


def test_a_failure_that_was_overcome_is_forgotten() -> None:
    status: Json = {"allocatedResourceStatuses": {"storage": "ControllerResizeInfeasible"}}
    intent_of(DictWorld(claim("10Gi", **status), storage_class()))


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([], "its StorageClass fast does not exist"),
        ([storage_class(allowVolumeExpansion=False)], "set allowVolumeExpansion: true"),
        ([storage_class(allowVolumeExpansion=None)], "set allowVolumeExpansion: true"),
    ],
)
def test_a_class_that_does_not_let_claims_grow_declines(classes: list[Json], says: str) -> None:
    found = refused(DictWorld(claim(), *classes))
    assert (found.reason, found.is_final) == ("NotExpandable", True)
    assert says in found.message


@pytest.mark.parametrize("name", ["", None])
def test_a_claim_without_a_class_never_grows(name: str | None) -> None:
    there = claim()
    there["spec"]["storageClassName"] = name
    found = refused(DictWorld(there, storage_class()))
    assert (found.reason, found.is_final) == ("NotExpandable", True)


def test_a_claim_that_is_gone_or_going_is_refused() -> None:
    world = DictWorld(claim(), storage_class())
    target = about(world)
    stored(world)["metadata"]["deletionTimestamp"] = NOTED
    assert refusal(RESIZE, world, target, DOUBLE, NOW).reason == "ObjectGone"
    stored(world)["metadata"] = {"namespace": "db", "name": "data", "uid": "another"}
    assert refusal(RESIZE, world, target, DOUBLE, NOW).is_final
    world.remove("PersistentVolumeClaim", "db", "data")
    assert "was deleted, or replaced" in refusal(RESIZE, world, target, DOUBLE, NOW).message


@pytest.mark.parametrize(("later", "after"), [(0, 3600), (600, 3000), (-600, 3600)])
def test_a_provider_is_left_alone_after_a_change(later: float, after: float) -> None:
    world = DictWorld(claim(notes={CHANGED_AT: NOTED}), storage_class(provisioner="slow.csi"))
    found = refused(world, now=NOW + later)
    assert (found.reason, found.is_final, found.after) == ("ProviderCoolingDown", False, after)


@pytest.mark.parametrize(
    ("provisioner", "noted", "later"),
    [("slow.csi", NOTED, 3600), ("csi.example", NOTED, 1), ("slow.csi", "nonsense", 1)],
)
def test_a_provider_that_had_its_rest_is_asked(provisioner: str, noted: str, later: float) -> None:
    world = DictWorld(claim(notes={CHANGED_AT: noted}), storage_class(provisioner=provisioner))
    intent_of(world, now=NOW + later)


# What it does.


def test_it_asks_once_and_waits_for_the_capacity() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    assert isinstance(step(world, intent), Wait)
    (deed,) = world.deeds
    assert isinstance(deed, Patch)
    assert not deed.subresource
    assert asked_for(world) == "20Gi"
    assert stored(world)["metadata"]["annotations"] == {CHANGED_AT: NOTED}

    stored(world)["status"]["conditions"] = [is_true("Resizing")]
    assert step(world, intent) == Wait("it grows from 10Gi to 20Gi: the provider works at it")
    # The provider rounds up, then a node makes the file system as large.
    stored(world)["status"]["conditions"] = [is_true("FileSystemResizePending")]
    found = step(world, intent)
    assert isinstance(found, Wait)
    assert "file system" in found.message
    stored(world)["status"] = {"phase": "Bound", "capacity": {"storage": "21Gi"}}
    assert step(world, intent) == Done("its capacity is 21Gi")
    assert len(world.deeds) == 1


def test_what_was_asked_for_before_a_restart_is_not_asked_for_again() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    step(world, intent)
    assert isinstance(step(world, Intent(intent.action, intent.summary, intent.goal)), Wait)
    assert len(world.deeds) == 1


def test_a_claim_that_somebody_else_changed_meanwhile_is_judged_anew() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    stored(world)["spec"]["resources"]["requests"]["storage"] = "12Gi"
    found = step(world, intent)
    assert isinstance(found, Failed)
    assert "from 10Gi to 12Gi" in found.message
    assert not world.deeds


def test_somebody_elses_change_between_look_and_deed_is_not_written_over() -> None:
    world = DictWorld(claim(), storage_class())
    deed = RESIZE.step(about(world).ref, intent_of(world), world, NOW)
    stored(world)["spec"]["resources"]["requests"]["storage"] = "12Gi"
    with pytest.raises(Refused):
        world.do(deed.deed)  # type: ignore[union-attr]


def test_a_claim_that_somebody_grows_further_is_left_to_them() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    stored(world)["spec"]["resources"]["requests"]["storage"] = "30Gi"
    assert step(world, intent) == Done("somebody else has it grow further, to 30Gi")
    assert not world.deeds


def test_a_request_written_otherwise_is_the_same_request() -> None:
    world = DictWorld(claim("10Gi", "10240Mi"), storage_class())
    intent = intent_of(world)
    stored(world)["spec"]["resources"]["requests"]["storage"] = "10737418240"
    assert isinstance(step(world, intent), Wait)
    assert asked_for(world) == "20Gi"


def test_a_resize_that_the_provider_cannot_do_fails_with_its_words() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    step(world, intent)
    stored(world)["status"] |= {
        "allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"},
        "conditions": [is_true("NodeResizeError", "xfs is too old")],
    }
    found = step(world, intent)
    assert isinstance(found, Failed)
    assert found.message.endswith("NodeResizeInfeasible: xfs is too old")
    # The retry is refused until a person has done something.
    assert refused(world).is_final


def test_a_resize_without_end_gives_its_turn_away() -> None:
    world = DictWorld(claim(), storage_class())
    intent = intent_of(world)
    assert isinstance(step(world, intent), Wait)
    assert isinstance(step(world, intent, NOW + PATIENCE), Wait)
    assert isinstance(step(world, intent, NOW + PATIENCE + 1), Failed)
    assert refused(world).reason == "ResizeInProgress"


def test_a_claim_that_was_replaced_is_not_resized() -> None:
    world = DictWorld(claim(), storage_class())
    target, intent = about(world), intent_of(world)
    stored(world)["metadata"]["uid"] = "another"
    found, _ = go_on(RESIZE, world, target.ref, intent, NOW)
    assert isinstance(found, Refusal)
    assert found.is_final
    assert not world.deeds
