"""`openstorage.io.action.volume/move`: a volume's data goes to another StorageClass or zone.

The order, and its reasons:

1. The workload is stopped: its replicas are lowered until no pod of its uses the claim, and the
   same patch writes the journal (`move_journal`) that says how many there were. Not the copy first:
   whatever were written after it would be lost, and a snapshot of a volume in use is only what a
   crash would have left.
2. Its pods are gone, its ReplicaSets at rest, the volume detached: nothing is left to be written.
3. The copy is made: a claim whose source is the claim (clone) or a snapshot of it. It is complete
   when it is bound, and is looked at before it is used (`move_copy`).
4. Until here everything can be taken back, and is: where the copy cannot be made, takes longer than
   `maxDowntime`, or somebody changed the workload meanwhile (it may have run, so the copy may lack
   what it wrote), it is started again on its old volume.
5. The old volume is set to Retain, so that it outlives its claim. It is never deleted.
6. The workload takes the copy. Where its pod template names the claim, one patch names the copy and
   starts the pods: none of them ever sees another volume. A StatefulSet finds a claim by its name,
   so the name goes from the old volume to the new one (`move_binding`).
7. It is started with the replicas of before, and looked at until they are ready. It is not put back
   on its old volume by itself from here on: what it has written since would be lost.

A failed move is not repeated by itself, since each try stops the workload. Not everything can be
done: claims that are shared, used by bare pods or Jobs, or run by an operator are refused, and so
are volumes of no CSI driver; a clone stays in the zone of its source, so another zone needs
snapshots. Others that name the claim (CronJobs, manifests in git) have to be changed by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubervisor.rules.actions.action import Refusal, Step, Target, World
from kubervisor.rules.actions.move_begin import REPLICAS, begin
from kubervisor.rules.actions.move_fields import name_of
from kubervisor.rules.actions.move_journal import MOVE
from kubervisor.rules.actions.move_plan import (
    CLONE,
    SNAPSHOT,
    Plan,
    Wish,
    find_move,
    make_plan,
    refusal_after,
    wish_of,
)
from kubervisor.rules.actions.move_steps import go_on
from kubervisor.rules.actions.objects import field
from kubervisor.rules.actions.params import unknown, whole
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

_PARAMS = ("storageClass", "method", "snapshotClass", "zone", "maxDowntime")
LEAST_DOWNTIME, MOST_DOWNTIME = 60, 86_400


@dataclass(frozen=True, slots=True)
class MoveVolume:
    """Moves a claim's volume: stops its workload, copies the volume, starts it on the copy."""

    name: ClassVar[str] = "openstorage.io.action.volume/move"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset({ObjectKind.CLAIM})
    needs_approval: ClassVar[bool] = True

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `storageClass`, `method`, `snapshotClass`, `zone`, `maxDowntime`."""
        downtime = "the most seconds that the workload may be down for the copy"
        found = [
            *unknown(params, *_PARAMS),
            *whole(params, "maxDowntime", LEAST_DOWNTIME, MOST_DOWNTIME, downtime),
        ]
        method = params.get("method", CLONE)
        if not params.get("storageClass"):
            found.append("storageClass is missing; write the StorageClass of the new volume")
        if method not in (CLONE, SNAPSHOT):
            found.append(f"method is {method!r}; write {CLONE} or {SNAPSHOT}")
        if method != SNAPSHOT and params.get("snapshotClass"):
            found.append(f"snapshotClass is for method {SNAPSHOT}; write that, or leave it out")
        if method != SNAPSHOT and params.get("zone"):
            found.append(
                f"zone needs method {SNAPSHOT}: a clone is made by the storage where its source is"
            )
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """What would be stopped, copied and started, or why it is not. Of a move that was begun and
        not ended, that move.
        """
        begun = find_move(target.ref, world)
        if begun is not None:
            workload, journal = begun
            summary = f"go on with moving {target.ref} (volume {journal.volume})"
            return refusal_after(journal, workload) or Intent(self.name, summary, journal.goal)
        wish = wish_of(params)
        plan = make_plan(target.ref, wish, world)
        if isinstance(plan, Refusal):
            return plan
        goal = {
            "storageClass": wish.storage_class,
            "method": wish.method,
            "snapshotClass": wish.snapshot_class,
            "zone": wish.zone,
            "maxDowntime": str(wish.max_downtime),
            "volume": name_of(plan.volume),
            "workload": f"{plan.workload.ref.kind}/{plan.workload.ref.name}",
            "uid": plan.workload.ref.uid,
            "by": "name" if plan.workload.by_name else "ordinal",
        }
        return Intent(self.name, _summary(target.ref, plan, wish), goal)

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """The next deed, or what is waited for."""
        begun = find_move(target, world)
        if begun is not None:
            return go_on(target, *begun, world, now)
        if REPLICAS in intent.progress:
            return Refusal(
                "MoveFailed",
                f"somebody took the annotation {MOVE} off {intent.goal['workload']}, which was "
                f"stopped for the move; it had {intent.progress[REPLICAS]} replicas: scale it",
                is_final=True,
            )
        plan = make_plan(target, wish_of(intent.goal), world)
        if isinstance(plan, Refusal):
            return plan
        if plan.workload.ref.uid != intent.goal["uid"]:
            return Refusal("ObjectChanged", f"{plan.workload.title} was replaced by another")
        return begin(target, plan, intent.goal, now)


def _summary(ref: ObjectRef, plan: Plan, wish: Wish) -> str:
    workload = plan.workload
    replicas = field(workload.thing, "spec", "replicas") or 0
    zone = f", zone {wish.zone}" if wish.zone else ""
    old = field(plan.volume, "spec", "storageClassName") or "no class"
    takes = "with a claim of another name" if workload.by_name else "under the claim's name"
    return (
        f"move {ref} from StorageClass {old} to {wish.storage_class}{zone} by a {wish.method}: "
        f"{workload.title} goes from {replicas} to {workload.stopped_at} replicas for up to "
        f"{wish.max_downtime} s while the volume is copied, and starts again on the copy, {takes}; "
        f"the old volume {name_of(plan.volume)} is kept"
    )
