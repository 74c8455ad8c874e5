"""The workload that uses a claim: which one it is, and whether it can be stopped and started.

Only a Deployment or a StatefulSet that nothing else controls can: what else would start its pods
again, or put back what was changed, is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubervisor.rules.actions.action import Change, Object, Refusal, World
from kubervisor.rules.actions.move_fields import claims_of, name_of, ref_of, uses
from kubervisor.rules.actions.objects import controller_of, field, is_going
from kubervisor.rules.decision.policy import ObjectRef


@dataclass(frozen=True, slots=True)
class Workload:
    """Who uses a claim. `by_name`: its pod template names the claim, and so can name another; else
    the claim is that of one of the StatefulSet's ordinals and has its name from it. With
    `stopped_at` replicas none of its pods uses the claim.
    """

    ref: ObjectRef
    thing: Object
    by_name: bool
    stopped_at: int

    @property
    def title(self) -> str:
        """As messages name it."""
        return f"{self.ref.kind} {self.ref.name}"


def find_workload(claim: Object, world: World) -> Workload | Refusal:
    """The one workload that uses `claim`, or why its volume cannot be moved. Raises ApiError."""
    namespace, name = claim["metadata"]["namespace"], name_of(claim)
    found = {
        (one.ref.kind, one.ref.name): one
        for kind in ("Deployment", "StatefulSet")
        for thing in world.list(kind, namespace)
        if (one := _user(kind, thing, name)) is not None
    }
    pods = [pod for pod in world.list("Pod", namespace) if uses(pod, name)]
    for pod in pods:
        owner = _owner(pod, namespace, world)
        if owner not in found:
            of = f"{owner[0]} {owner[1]}" if owner else "nobody"
            return Refusal(
                "NoSuchWorkload",
                f"pod {name_of(pod)}, which belongs to {of}, uses claim {name}; only pods of one "
                f"Deployment or StatefulSet can be stopped and started again: end it first",
            )
    if not found:
        return _refused(
            f"no Deployment or StatefulSet uses claim {name}, so there is nobody to hand the copy "
            f"over to; where something else uses it, move the volume by hand"
        )
    if len(found) > 1:
        names = ", ".join(sorted(one.title for one in found.values()))
        return _refused(f"claim {name} is shared by {names}; give each of them a claim of its own")
    (workload,) = found.values()
    return _obstacle(workload) or workload


def _user(kind: str, thing: Object, claim: str) -> Workload | None:
    replicas = field(thing, "spec", "replicas") or 0
    if claim in claims_of(thing["spec"]["template"]["spec"]):
        return Workload(ref_of(kind, thing), thing, by_name=True, stopped_at=0)
    for template in field(thing, "spec", "volumeClaimTemplates") or ():
        own = re.fullmatch(
            rf"{re.escape(name_of(template))}-{re.escape(name_of(thing))}-(\d+)", claim
        )
        if own:
            first = field(thing, "spec", "ordinals", "start") or 0
            left = min(replicas, max(0, int(own[1]) - first))
            return Workload(ref_of(kind, thing), thing, by_name=False, stopped_at=left)
    return None


def _owner(pod: Object, namespace: str, world: World) -> tuple[str, str] | None:
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "ReplicaSet":
        between = world.get("ReplicaSet", namespace, owner["name"])
        above = None if between is None else controller_of(between)
        owner = above or owner
    return None if owner is None else (owner["kind"], owner["name"])


def _obstacle(workload: Workload) -> Refusal | None:
    """Why that workload cannot be stopped, or would not come back as it was."""
    thing, title = workload.thing, workload.title
    controller = controller_of(thing)
    if is_going(thing):
        return Refusal("NoSuchWorkload", f"{title} is being deleted")
    if controller is not None:
        return _refused(
            f"{title} is run by {controller['kind']} {controller['name']}, which would start it "
            f"while its volume is copied; move it by the means that {controller['kind']} has"
        )
    if field(thing, "spec", "paused"):
        return _refused(f"{title} is paused, so a change of its volume would wait; resume it first")
    if field(thing, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete":
        return _refused(
            f"{title} deletes the claims of pods that it stops; set its "
            f"persistentVolumeClaimRetentionPolicy.whenScaled to Retain first"
        )
    return None


def _refused(message: str) -> Refusal:
    return Refusal("NoSuchWorkload", message, is_final=True)


def waits_for(workload: Object, kind: str, claim: str, volume: str, world: World) -> str | None:
    """What still may write to the volume of a workload that was stopped; None where nothing does.

    A pod that is on its way out may still write, so it must be gone; a ReplicaSet that has not
    heard of the end yet may make another pod; and a volume that is attached may hold what the
    node has not written yet. Raises ApiError.
    """
    namespace, name = workload["metadata"]["namespace"], name_of(workload)
    if (field(workload, "status", "observedGeneration") or 0) < workload["metadata"]["generation"]:
        return f"{kind} {name} to notice that it is stopped"
    if kind == "Deployment":
        uid = workload["metadata"]["uid"]
        for between in world.list("ReplicaSet", namespace):
            owner = controller_of(between)
            if owner is not None and owner["uid"] == uid and not _is_at_rest(between):
                return f"ReplicaSet {name_of(between)} to end its pods"
    pods = [name_of(pod) for pod in world.list("Pod", namespace) if uses(pod, claim)]
    if pods:
        return f"pods to end: {', '.join(sorted(pods))}"
    for attachment in world.list("VolumeAttachment", ""):
        if field(attachment, "spec", "source", "persistentVolumeName") == volume:
            return f"the volume to be detached from node {attachment['spec']['nodeName']}"
    return None


def _is_at_rest(replica_set: Object) -> bool:
    status = replica_set.get("status") or {}
    heard = (status.get("observedGeneration") or 0) >= replica_set["metadata"]["generation"]
    return heard and not replica_set["spec"].get("replicas") and not status.get("replicas")


def node_in_use(claim: str, pods: Sequence[Object]) -> str:
    """The node where a pod uses the claim, the first by name; "" where none does."""
    nodes = sorted(field(pod, "spec", "nodeName") or "" for pod in pods if uses(pod, claim))
    return next((node for node in nodes if node), "")


def use_instead(template: Object, old: str, new: str) -> Iterator[Change]:
    """The changes that let a pod template name another claim."""
    for index, claim in enumerate(claims_of(template["spec"])):
        if claim == old:
            path = f"/spec/template/spec/volumes/{index}/persistentVolumeClaim/claimName"
            yield Change(path, old, new)


def is_ready(workload: Object, replicas: int) -> bool:
    """Whether so many of its replicas answer, or as many as it is to have by now."""
    status = workload.get("status") or {}
    wanted = min(replicas, field(workload, "spec", "replicas") or 0)
    heard = (status.get("observedGeneration") or 0) >= workload["metadata"]["generation"]
    return heard and (status.get("readyReplicas") or 0) >= wanted
