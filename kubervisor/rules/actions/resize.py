"""`openstorage.io.action.volume/resize`: a claim asks for more, and its provider gives it.

The claim's capacity is what it has; its request is what it asks for. Providers give whole units of
their own, so the capacity may be larger than was asked for. Growth counts from the capacity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
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
from kubervisor.rules.actions.params import fraction, quantity, unknown
from kubervisor.rules.actions.quantities import LARGEST, parse, render, to_whole_mi
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

PERCENTAGE, SIZE, MOST = "scalepercentage", "scalesize", "maxsize"
DEFAULT_PERCENTAGE = "50"
REQUEST = "/spec/resources/requests/storage"

_UNDER_WAY = ("Resizing", "FileSystemResizePending")
_INFEASIBLE = ("ControllerResizeInfeasible", "NodeResizeInfeasible")


@dataclass(frozen=True, slots=True)
class Resize:
    """Grows a claim by a percentage of its capacity or by an amount, never past `maxsize`.

    `provider_cool_down`: seconds between two changes of a volume, by provisioner.
    """

    provider_cool_down: Mapping[str, float]

    name: ClassVar[str] = "openstorage.io.action.volume/resize"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset({ObjectKind.CLAIM})
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `scalepercentage`, `scalesize`, `maxsize`."""
        found = [
            *unknown(params, PERCENTAGE, SIZE, MOST),
            *fraction(params, PERCENTAGE, "percent of the capacity to add, such as 50"),
            *quantity(params, SIZE, "what to add, such as 10Gi"),
            *quantity(params, MOST, "what a claim never asks for more than, such as 400Gi"),
        ]
        if PERCENTAGE in params and SIZE in params:
            found.append(f"{PERCENTAGE} and {SIZE} exclude each other; write one of them")
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """How large the claim would be, or why it does not grow."""
        claim = bound(world, target.ref)
        if isinstance(claim, Refusal):
            return claim
        refused = _growing(claim) or self._forbidden(claim, world, now)
        if refused is not None:
            return refused
        capacity, requested = _capacity(claim), _requested(claim)
        wanted = grown(capacity, params)
        if wanted <= capacity:
            most = params.get(MOST, render(LARGEST))
            message = f"the capacity of {target.ref} is {render(capacity)}, and {MOST} is {most}"
            return Refusal("AtMaximum", message, is_final=True)
        return Intent(
            self.name,
            f"grow {target.ref} from {render(capacity)} to {render(wanted)}",
            {"uid": target.ref.uid, "from": render(requested), "to": render(wanted)},
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Ask for the size, unless it is asked for; then wait for the capacity."""
        claim = find(world, target)
        if claim is None:
            return gone(target)
        wanted, requested = parse(intent.goal["to"]), _requested(claim)
        if requested > wanted:
            return Done(f"somebody else has it grow further, to {render(requested)}")
        if requested == wanted:
            return _outcome(claim, wanted, now)
        if requested != parse(intent.goal["from"]):
            return Failed(
                f"somebody else changed what {target} asks for from {intent.goal['from']} to "
                f"{render(requested)}; it is judged anew"
            )
        written = field(claim, "spec", "resources", "requests", "storage")
        changes = (Change(REQUEST, written, render(wanted)), note_of_change(claim, now))
        return Do(Patch(target, changes))

    def _forbidden(self, claim: Object, world: World, now: float) -> Refusal | None:
        name = field(claim, "spec", "storageClassName") or ""
        found = world.get("StorageClass", "", name) if name else None
        if found is None:
            which = f"its StorageClass {name} does not exist" if name else "it has no StorageClass"
            return Refusal("NotExpandable", f"{which}; only claims of one grow", is_final=True)
        if not found.get("allowVolumeExpansion"):
            return Refusal(
                "NotExpandable",
                f"StorageClass {name} does not let its claims grow; set allowVolumeExpansion: true "
                "there if its provisioner can",
                is_final=True,
            )
        return resting(claim, str(found.get("provisioner")), self.provider_cool_down, now)


def grown(capacity: int, params: Params) -> int:
    """The bytes to ask for: `capacity` and what the parameters add, in whole Mi and at most
    `maxsize`. The parameters have no problems.

    >>> render(grown(parse("7Gi"), {"scalepercentage": "50"}))
    '10752Mi'
    >>> render(grown(parse("10Gi"), {"scalepercentage": "100", "maxsize": "12Gi"}))
    '12Gi'
    """
    if SIZE in params:
        wanted = capacity + parse(params[SIZE])
    else:
        percentage = Fraction(params.get(PERCENTAGE, DEFAULT_PERCENTAGE))
        wanted = capacity + -int(-(capacity * percentage / 100) // 1)
    return min(to_whole_mi(wanted), parse(params[MOST]) if MOST in params else LARGEST)


def _growing(claim: Object) -> Refusal | None:
    """Why it has to be left alone: an earlier request has not become its capacity."""
    requested, capacity = _requested(claim), _capacity(claim)
    trouble = _trouble(claim)
    if trouble and requested > capacity:
        return Refusal(
            "ResizeInfeasible",
            f"its growth to {render(requested)} failed ({trouble}); give the provider what it "
            f"lacks, or lower spec.resources.requests.storage to more than {render(capacity)}",
            is_final=True,
        )
    if requested > capacity or any(condition(claim, kind) for kind in _UNDER_WAY):
        message = f"its growth to {render(requested)} is under way: {_doing(claim)}"
        return Refusal("ResizeInProgress", message)
    return None


def _outcome(claim: Object, requested: int, now: float) -> Step:
    """What came of a request for so many bytes."""
    capacity = _capacity(claim)
    if capacity >= requested and not any(condition(claim, kind) for kind in _UNDER_WAY):
        return Done(f"its capacity is {render(capacity)}")
    trouble = _trouble(claim)
    if trouble:
        return Failed(f"the provider does not grow it to {render(requested)}: {trouble}")
    doing = _doing(claim)
    if is_overdue(claim, now):
        return Failed(f"it has not grown to {render(requested)} yet; last: {doing}")
    return Wait(f"it grows from {render(capacity)} to {render(requested)}: {doing}")


def _trouble(claim: Object) -> str:
    """Why the provider cannot do what is asked for; "" where it can, or tries again."""
    status = field(claim, "status", "allocatedResourceStatuses", "storage")
    if status not in _INFEASIBLE:
        return ""
    errors = (condition(claim, kind) for kind in ("ControllerResizeError", "NodeResizeError"))
    said = [str(one.get("message")) for one in errors if one and one.get("message")]
    return f"{status}: {said[0]}" if said else str(status)


def _doing(claim: Object) -> str:
    if condition(claim, "FileSystemResizePending"):
        return "the volume has grown, and its file system does when a node mounts it"
    return "the provider works at it" if condition(claim, "Resizing") else "it has been asked for"


def _capacity(claim: Object) -> int:
    return parse(str(field(claim, "status", "capacity", "storage") or "0"))


def _requested(claim: Object) -> int:
    return parse(str(field(claim, "spec", "resources", "requests", "storage") or "0"))
