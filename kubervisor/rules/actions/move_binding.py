"""Gives the name of a StatefulSet's claim from its old volume to the new one.

A StatefulSet finds the claim of an ordinal by its name, so the claim is deleted and made anew. The
order, and its reasons:

1. Both volumes are set to Retain: each is without a claim for a moment.
2. The claim that the copy was made by is deleted; its volume is free then.
3. The new volume waits for the claim's name, before that is free: should anybody start the
   StatefulSet now, the claim that it makes gets the new volume, and never an empty one.
4. The claim is deleted. From here on there is no way back but forward. No pod that is not running
   yet can use it any more.
5. The claim is made anew, with the new volume; with the old one instead where somebody changed the
   StatefulSet just before 4: then a pod may have written to the old volume since it was copied. A
   pod that was started then is stopped once more: it would not come back without its claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from kubervisor.rules.actions.action import Create, Delete, Do, Object, Patch, Wait, World
from kubervisor.rules.actions.move_copy import Trouble
from kubervisor.rules.actions.move_fields import (
    hold_for,
    is_claimed_by_name,
    keep,
    name_of,
    policy_of,
    ref_of,
    uses,
)
from kubervisor.rules.actions.move_journal import Journal
from kubervisor.rules.actions.objects import field, is_going
from kubervisor.rules.decision.policy import ObjectRef

CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"


@dataclass(frozen=True, slots=True)
class Bound:
    """The claim is there again, with this volume."""

    volume: str


@dataclass(frozen=True, slots=True)
class InUse:
    """The claim is being deleted, and pods were started that use it."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Neither volume can be had under the claim's name; a person has to look."""

    message: str


Outcome: TypeAlias = Do | Wait | Trouble | Bound | InUse | Stuck
"""Trouble: the claim is still there with its old volume."""


def bind(
    target: ObjectRef, journal: Journal, world: World, *, is_quiet: bool, is_late: bool
) -> Outcome:
    """The next step. `is_quiet`: nobody changed the StatefulSet since it was stopped; `is_late`: it
    is down for longer than it may. Raises ApiError.
    """
    claim = world.get(CLAIM, target.namespace, target.name)
    if claim is not None and claim["metadata"]["uid"] != target.uid:
        return _made_anew(claim, journal)
    new, old = (world.get(VOLUME, "", name) for name in (journal.to, journal.volume))
    users = [pod for pod in world.list("Pod", target.namespace) if uses(pod, target.name)]
    if claim is not None and is_going(claim):
        if users and not is_quiet:
            return InUse()
        released = release(target, journal, world) if journal.back else None
        names = ", ".join(sorted(map(name_of, users)))
        said = f"claim {target.name} goes" + (f" once pods have ended: {names}" if users else "")
        return released or Wait(said)
    if claim is not None:
        trouble = _trouble(users, is_quiet=is_quiet, is_late=is_late)
        if trouble or new is None or old is None:
            return Trouble(trouble or "a volume was deleted while the claim was handed over")
        return _give_up_name(target, claim, new, old, journal, world)
    wanted, other = (new, old) if is_quiet and not journal.back else (old, new)
    wanted = wanted or other
    if wanted is None:
        return Stuck(f"volumes {journal.volume} and {journal.to} are both gone")
    return _make_anew(target, wanted, new, journal)


def release(target: ObjectRef, journal: Journal, world: World) -> Do | None:
    """Have the new volume wait for the claim's name no longer; None where it does not."""
    new = world.get(VOLUME, "", journal.to) if journal.to else None
    if new is None or not is_claimed_by_name(new, target):
        return None
    # For a claim that is gone: nobody else gets a volume with somebody's data.
    held = hold_for(new, target.namespace, journal.copy, journal.copy_uid)
    return Do(Patch(ref_of(VOLUME, new), (held,)))


def _trouble(users: list[Object], *, is_quiet: bool, is_late: bool) -> str:
    if not is_quiet:
        return "somebody changed the StatefulSet while its volume was handed over"
    if users:
        return f"pod {name_of(users[0])} began to use the claim after it was copied"
    return "the claim could not be handed over in time" if is_late else ""


def _give_up_name(
    target: ObjectRef, claim: Object, new: Object, old: Object, journal: Journal, world: World
) -> Do | Wait:
    for volume in (old, new):
        if policy_of(volume) != "Retain":
            return Do(Patch(ref_of(VOLUME, volume), (keep(volume),)))
    copy = world.get(CLAIM, target.namespace, journal.copy)
    if copy is not None and copy["metadata"]["uid"] == journal.copy_uid:
        if is_going(copy):
            return Wait(f"claim {journal.copy} goes, so that its volume can have another")
        return Do(Delete(ref_of(CLAIM, copy)))
    if not is_claimed_by_name(new, target):
        return Do(Patch(ref_of(VOLUME, new), (hold_for(new, target.namespace, target.name),)))
    return Do(Delete(ref_of(CLAIM, claim)))


def _make_anew(target: ObjectRef, wanted: Object, new: Object | None, journal: Journal) -> Do:
    """The claim is gone; `wanted` is the volume that it is to have."""
    if not is_claimed_by_name(wanted, target):
        return Do(Patch(ref_of(VOLUME, wanted), (hold_for(wanted, target.namespace, target.name),)))
    if new is not None and wanted is not new and is_claimed_by_name(new, target):
        # Not before the old one waits for the name: the claim would be given an empty volume.
        held = hold_for(new, target.namespace, journal.copy, journal.copy_uid)
        return Do(Patch(ref_of(VOLUME, new), (held,)))
    manifest: dict[str, Any] = dict(journal.manifest)
    manifest["spec"] = {
        **manifest["spec"],
        "volumeName": name_of(wanted),
        "storageClassName": field(wanted, "spec", "storageClassName") or "",
        "resources": {"requests": {"storage": field(wanted, "spec", "capacity", "storage")}},
    }
    speed = field(wanted, "spec", "volumeAttributesClassName")
    if speed:
        manifest["spec"]["volumeAttributesClassName"] = speed
    return Do(Create(manifest))


def _made_anew(claim: Object, journal: Journal) -> Wait | Bound | Stuck:
    """There is another claim of that name: made here, or by the StatefulSet."""
    name, volume = name_of(claim), field(claim, "spec", "volumeName")
    phase = field(claim, "status", "phase") or "Pending"
    if phase != "Bound":
        return Wait(f"claim {name} is {phase}; the Events of that claim say more")
    if volume in (journal.to, journal.volume):
        return Bound(str(volume))
    return Stuck(
        f"somebody made claim {name} anew, and it has volume {volume}; the data is on volumes "
        f"{journal.to} and {journal.volume}, which are kept"
    )
