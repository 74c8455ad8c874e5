"""`kubervisor.k8s.io.action.volume/tier`: a volume gets more or fewer IOPS, by the
VolumeAttributesClass of its claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubervisor.rules.actions.action import (
    Change,
    Do,
    Done,
    Failed,
    Object,
    Patch,
    Refusal,
    Step,
    Target,
    Wait,
    World,
)
from kubervisor.rules.actions.claims import bound, is_overdue, note_of_change, resting
from kubervisor.rules.actions.objects import condition, field, find, gone
from kubervisor.rules.actions.params import unknown
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

CLASS, CLASSES, DIRECTION = "class", "classes", "direction"
_STEPS = {"up": 1, "down": -1}
_REMEDY = f"write {CLASS}: fast, or {CLASSES}: slow,medium,fast with {DIRECTION}: up or down"


@dataclass(frozen=True, slots=True)
class Tier:
    """Gives a claim a VolumeAttributesClass: a certain one, or the next on a ladder from the
    slowest to the fastest.

    `provider_cool_down`: seconds between two changes of a volume, by CSI driver.
    """

    provider_cool_down: Mapping[str, float]

    name: ClassVar[str] = "kubervisor.k8s.io.action.volume/tier"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset({ObjectKind.CLAIM})
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `class`, or `classes` and `direction`."""
        found = [*unknown(params, CLASS, CLASSES, DIRECTION)]
        if (CLASS in params) == (CLASSES in params):
            found.append(f"exactly one of {CLASS} and {CLASSES} is needed; {_REMEDY}")
        if CLASS in params and not params[CLASS].strip():
            found.append(f"{CLASS} is empty; {_REMEDY}")
        if (CLASSES in params) != (DIRECTION in params):
            found.append(f"{CLASSES} and {DIRECTION} go together; {_REMEDY}")
        if DIRECTION in params and params[DIRECTION] not in _STEPS:
            found.append(f"{DIRECTION} is {params[DIRECTION]!r}; write up or down")
        if CLASSES in params:
            ladder = _ladder(params)
            if len(set(ladder)) < max(2, len(ladder)) or "" in ladder:
                found.append(
                    f"{CLASSES} is {params[CLASSES]!r}; write two or more different classes, from "
                    "the slowest to the fastest, such as slow,medium,fast"
                )
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """Which class the claim would get, or why none."""
        claim = bound(world, target.ref)
        if isinstance(claim, Refusal):
            return claim
        driver = _driver(claim, world)
        refused = _changing(claim) or resting(claim, driver, self.provider_cool_down, now)
        if refused is not None:
            return refused
        wanted = _next(target.ref, _written(claim), params)
        if isinstance(wanted, Refusal):
            return wanted
        before = _written(claim)
        return _unfit(wanted, driver, world) or Intent(
            self.name,
            f"change {target.ref} from VolumeAttributesClass {before or 'none'} to {wanted}",
            {"uid": target.ref.uid, "from": before, "to": wanted},
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Ask for the class, unless it is asked for; then wait for the volume to have it."""
        claim = find(world, target)
        if claim is None:
            return gone(target)
        wanted, written = intent.goal["to"], _written(claim)
        if written == wanted:
            return _outcome(claim, wanted, now)
        if written != intent.goal["from"]:
            return Failed(
                f"somebody else changed the VolumeAttributesClass of {target} from "
                f"{intent.goal['from'] or 'none'} to {written or 'none'}; it is judged anew"
            )
        change = Change("/spec/volumeAttributesClassName", written or None, wanted)
        return Do(Patch(target, (change, note_of_change(claim, now))))


def _ladder(params: Params) -> list[str]:
    return [name.strip() for name in params[CLASSES].split(",")]


def _next(ref: ObjectRef, current: str, params: Params) -> str | Refusal:
    """The class that comes next, where there is one."""
    if CLASS in params:
        wanted = params[CLASS].strip()
        if wanted != current:
            return wanted
        message = f"{ref} has VolumeAttributesClass {wanted} already"
        return Refusal("AtMaximum", message, is_final=True)
    ladder, direction = _ladder(params), params[DIRECTION]
    if current not in ladder:
        has = f"has VolumeAttributesClass {current}" if current else "has no VolumeAttributesClass"
        message = f"{ref} {has}, and {direction} from there leads nowhere: {CLASSES} are "
        return Refusal("UnknownTier", message + ", ".join(ladder), is_final=True)
    index = ladder.index(current) + _STEPS[direction]
    if 0 <= index < len(ladder):
        return ladder[index]
    end, reason = ("fastest", "AtMaximum") if direction == "up" else ("slowest", "AtMinimum")
    message = f"{ref} has VolumeAttributesClass {current} already, the {end} of {CLASSES}"
    return Refusal(reason, message, is_final=True)


def _unfit(wanted: str, driver: str, world: World) -> Refusal | None:
    """Why the volume cannot have that class."""
    found = world.get("VolumeAttributesClass", "", wanted)
    if found is None:
        message = f"there is no VolumeAttributesClass {wanted}; create it, or name another"
        return Refusal("NoSuchClass", message, is_final=True)
    if found.get("driverName") != driver:
        message = (
            f"VolumeAttributesClass {wanted} is for driver {found.get('driverName')}, and the "
            f"volume is one of {driver or 'none'}; name a class of the volume's driver"
        )
        return Refusal("OtherDriver", message, is_final=True)
    return None


def _changing(claim: Object) -> Refusal | None:
    """Why it has to be left alone: what was asked for last is not what the volume has."""
    asked, has = _written(claim), _current(claim)
    if asked == has:
        return None
    if _stands(claim) == "Infeasible":
        return Refusal(
            "ChangeInfeasible",
            f"its change to VolumeAttributesClass {asked} failed ({_said(claim)}); set "
            f"spec.volumeAttributesClassName back to {has or 'none'}, or to one that is possible",
            is_final=True,
        )
    message = f"its change to VolumeAttributesClass {asked} is under way"
    return Refusal("ChangeInProgress", message)


def _outcome(claim: Object, wanted: str, now: float) -> Step:
    if _current(claim) == wanted:
        return Done(f"the volume has VolumeAttributesClass {wanted}")
    if _stands(claim) == "Infeasible":
        return Failed(f"the driver does not change it to {wanted}: {_said(claim)}")
    if is_overdue(claim, now):
        return Failed(f"the driver has not changed it to {wanted} yet; last: {_said(claim)}")
    return Wait(f"the volume changes to VolumeAttributesClass {wanted}: {_said(claim)}")


def _driver(claim: Object, world: World) -> str:
    """The CSI driver of the claim's volume; "" where it has none."""
    volume = world.get("PersistentVolume", "", str(field(claim, "spec", "volumeName")))
    return str(field(volume or {}, "spec", "csi", "driver") or "")


def _written(claim: Object) -> str:
    return str(field(claim, "spec", "volumeAttributesClassName") or "")


def _current(claim: Object) -> str:
    return str(field(claim, "status", "currentVolumeAttributesClassName") or "")


def _stands(claim: Object) -> str:
    return str(field(claim, "status", "modifyVolumeStatus", "status") or "")


def _said(claim: Object) -> str:
    """What the driver says of the change."""
    said = condition(claim, "ModifyVolumeError") or condition(claim, "ModifyingVolume")
    message = (said or {}).get("message")
    return str(message or _stands(claim) or "it has not answered yet")
