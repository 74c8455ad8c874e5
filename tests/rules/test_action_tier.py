"""The action that changes the VolumeAttributesClass of claims, up and down."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.rules.actions.action import Done, Failed, Patch, Refusal, Step, Target, Wait
from kubervisor.rules.actions.claims import CHANGED_AT, PATIENCE
from kubervisor.rules.actions.tier import Tier
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import DictWorld, Json, go_on, previewed, ref_of, refusal

NOW = 1_700_000_000.0
NOTED = "2023-11-14T22:13:20Z"
TIER = Tier({"slow.csi": 3600.0})
LADDER = "slow, medium,fast"
UP = {"classes": LADDER, "direction": "up"}
DOWN = {"classes": LADDER, "direction": "down"}


def speed(name: str, driver: str = "csi.example") -> Json:
    metadata = {"name": name, "uid": f"speed-{name}"}
    return {"kind": "VolumeAttributesClass", "metadata": metadata, "driverName": driver}


def claim(
    asked: str | None, has: str | None = None, *, notes: Json | None = None, **status: Any
) -> Json:
    """One that asks for a class, and has it or another; None: none."""
    has = asked if has is None else has
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": "db", "name": "data", "uid": "u1", "annotations": notes or {}},
        "spec": {"volumeName": "pv-1"} | ({"volumeAttributesClassName": asked} if asked else {}),
        "status": {"phase": "Bound", **status}
        | ({"currentVolumeAttributesClassName": has} if has else {}),
    }


def volume(driver: str = "csi.example") -> Json:
    spec = {"csi": {"driver": driver}} if driver else {"nfs": {"server": "files"}}
    return {"kind": "PersistentVolume", "metadata": {"name": "pv-1", "uid": "pv"}, "spec": spec}


def world_of(there: Json, driver: str = "csi.example") -> DictWorld:
    return DictWorld(there, volume(driver), *map(speed, ("slow", "medium", "fast")))


def about(world: DictWorld) -> Target:
    return Target(ref_of(stored(world)), "more-iops")


def stored(world: DictWorld) -> Json:
    return world.there("PersistentVolumeClaim", "db", "data")


def intent_of(world: DictWorld, params: dict[str, str]) -> Intent:
    return previewed(TIER, world, about(world), params, NOW)


def refused(world: DictWorld, params: dict[str, str], now: float = NOW) -> Refusal:
    return refusal(TIER, world, about(world), params, now)


def step(world: DictWorld, intent: Intent, now: float = NOW) -> Step:
    return go_on(TIER, world, about(world).ref, intent, now)[0]


@pytest.mark.parametrize("params", [UP, DOWN, {"class": "fast"}])
def test_a_class_or_a_ladder_with_a_direction_is_taken(params: dict[str, str]) -> None:
    assert not TIER.problems(params)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "exactly one of class and classes is needed; write class: fast, or classes:"),
        ({"class": "fast", **UP}, "exactly one of class and classes"),
        ({"class": " "}, "class is empty"),
        ({"classes": LADDER}, "classes and direction go together"),
        ({"class": "fast", "direction": "up"}, "classes and direction go together"),
        ({"classes": LADDER, "direction": "faster"}, "direction is 'faster'; write up or down"),
        ({"classes": "fast", "direction": "up"}, "write two or more different classes"),
        ({"classes": "slow,fast,slow", "direction": "up"}, "two or more different classes"),
        ({"classes": "slow,,fast", "direction": "up"}, "two or more different classes"),
        ({**UP, "iops": "4000"}, "iops is no parameter of this action; it takes class, classes"),
    ],
)
def test_each_wrong_parameter_is_named_with_its_remedy(
    params: dict[str, str], problem: str
) -> None:
    (found,) = TIER.problems(params)
    assert problem in found


@pytest.mark.parametrize(
    ("asked", "params", "wanted"),
    [
        ("slow", UP, "medium"),
        ("medium", UP, "fast"),
        ("fast", DOWN, "medium"),
        ("medium", DOWN, "slow"),
        ("slow", {"class": "fast"}, "fast"),
        (None, {"class": "fast"}, "fast"),
        ("of-no-ladder", {"class": "fast"}, "fast"),
    ],
)
def test_the_next_class_is_taken(asked: str | None, params: dict[str, str], wanted: str) -> None:
    intent = intent_of(world_of(claim(asked)), params)
    assert intent.goal == {"uid": "u1", "from": asked or "", "to": wanted}
    assert intent.summary == (
        f"change PersistentVolumeClaim db/data from VolumeAttributesClass {asked or 'none'} "
        f"to {wanted}"
    )


@pytest.mark.parametrize(
    ("there", "params", "reason", "is_final"),
    [
        (claim("fast"), UP, "AtMaximum", True),
        (claim("slow"), DOWN, "AtMinimum", True),
        (claim("fast"), {"class": "fast"}, "AtMaximum", True),
        (claim(None), UP, "UnknownTier", True),
        (claim("gold"), UP, "UnknownTier", True),
        (claim("slow"), {"class": "platinum"}, "NoSuchClass", True),
        (claim("medium", "slow"), UP, "ChangeInProgress", False),
        (claim("medium", "slow", modifyVolumeStatus={"status": "Infeasible"}), UP, "", True),
        (claim("slow", phase="Pending"), UP, "NotBound", False),
    ],
)
def test_a_claim_that_cannot_change_now_is_refused(
    there: Json, params: dict[str, str], reason: str, is_final: bool
) -> None:
    found = refused(world_of(there), params)
    assert (found.reason, found.is_final) == (reason or "ChangeInfeasible", is_final)


@pytest.mark.parametrize("driver", ["other.csi", ""])
def test_a_class_of_another_driver_is_refused(driver: str) -> None:
    found = refused(world_of(claim("slow"), driver), UP)
    assert (found.reason, found.is_final) == ("OtherDriver", True)
    assert f"the volume is one of {driver or 'none'}" in found.message


def test_a_provider_is_left_alone_after_any_change_of_the_volume() -> None:
    world = DictWorld(claim("slow", notes={CHANGED_AT: NOTED}), volume("slow.csi"))
    assert refused(world, UP, NOW + 60).after == 3540


def test_it_asks_once_and_waits_for_the_volume() -> None:
    world = world_of(claim("slow"))
    intent = intent_of(world, UP)
    assert isinstance(step(world, intent), Wait)
    (deed,) = world.deeds
    assert isinstance(deed, Patch)
    assert stored(world)["spec"]["volumeAttributesClassName"] == "medium"
    assert stored(world)["metadata"]["annotations"] == {CHANGED_AT: NOTED}
    again = Intent(intent.action, intent.summary, intent.goal)
    assert isinstance(step(world, again), Wait)
    stored(world)["status"]["currentVolumeAttributesClassName"] = "medium"
    assert step(world, again) == Done("the volume has VolumeAttributesClass medium")
    assert len(world.deeds) == 1


def test_a_claim_without_a_class_gets_one() -> None:
    world = world_of(claim(None))
    step(world, intent_of(world, {"class": "fast"}))
    assert stored(world)["spec"]["volumeAttributesClassName"] == "fast"


def test_a_claim_that_somebody_else_changed_meanwhile_is_judged_anew() -> None:
    world = world_of(claim("slow"))
    intent = intent_of(world, UP)
    stored(world)["spec"]["volumeAttributesClassName"] = "fast"
    found = step(world, intent)
    assert isinstance(found, Failed)
    assert "from slow to fast" in found.message
    assert not world.deeds


def test_a_change_that_the_driver_cannot_make_fails_with_its_words() -> None:
    world = world_of(claim("slow"))
    intent = intent_of(world, UP)
    step(world, intent)
    stored(world)["status"] |= {
        "modifyVolumeStatus": {"status": "Infeasible"},
        "conditions": [
            {"type": "ModifyVolumeError", "status": "True", "message": "no such parameter"}
        ],
    }
    assert step(world, intent) == Failed(
        "the driver does not change it to medium: no such parameter"
    )
    found = refused(world, UP)
    assert found.is_final
    assert "set spec.volumeAttributesClassName back to slow" in found.message


def test_a_change_without_end_gives_its_turn_away() -> None:
    world = world_of(claim("slow"))
    intent = intent_of(world, UP)
    step(world, intent)
    assert isinstance(step(world, intent, NOW + PATIENCE), Wait)
    assert isinstance(step(world, intent, NOW + PATIENCE + 1), Failed)


def test_a_claim_that_was_replaced_is_not_changed() -> None:
    world = world_of(claim("slow"))
    target, intent = about(world), intent_of(world, UP)
    stored(world)["metadata"]["uid"] = "another"
    found, _ = go_on(TIER, world, target.ref, intent, NOW)
    assert isinstance(found, Refusal)
    assert not world.deeds
