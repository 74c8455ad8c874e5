"""`kubervisor.k8s.io.action.pod/evict`: a pod goes, and its workload makes another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubervisor import instants
from kubervisor.rules.actions.action import (
    Do,
    Done,
    Evict,
    Failed,
    Object,
    Refusal,
    Step,
    Target,
    Wait,
    World,
)
from kubervisor.rules.actions.objects import (
    annotation,
    controller_of,
    field,
    find,
    gone,
    is_going,
)
from kubervisor.rules.actions.params import unknown
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

PATIENCE = 60.0
"""Seconds past its grace period after which a pod that is still there counts as a failure: its node
may be down, and waiting would keep others from their turn.
"""

_MIRROR = "kubernetes.io/config.mirror"

_TEMPLATE = "pod-template-hash"
"""All pods of a ReplicaSet of a Deployment have the same, and no others."""


@dataclass(frozen=True, slots=True)
class EvictPods:
    """Evicts a pod; of a claim, those that use it without a right to. A PodDisruptionBudget may
    refuse: the API server asks it.
    """

    name: ClassVar[str] = "kubervisor.k8s.io.action.pod/evict"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset({ObjectKind.POD})
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """It takes no parameters."""
        return list(unknown(params))

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """Which pods would go, or why none."""
        found = {pod: there for pod in _pods(target) if (there := find(world, pod)) is not None}
        if not found:
            return _nobody(target.ref)
        for pod, there in found.items():
            refused = _kept(pod, there, world, is_replaced=_is_replaced(target.ref))
            if refused is not None:
                return refused
        return Intent(
            self.name, f"evict {', '.join(map(str, found))}", {"pods": " ".join(map(_write, found))}
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Evict one after the other, each once the one before it is gone."""
        pods = [_read(text) for text in intent.goal["pods"].split()]
        for pod in pods:
            found = find(world, pod)
            if found is None:
                continue
            if is_going(found):
                return _going(pod, found, now)
            # Again: another pod of its owner may have gone since the preview.
            return _kept(pod, found, world, is_replaced=_is_replaced(target)) or Do(Evict(pod))
        return Done(f"{', '.join(map(str, pods))} {'is' if len(pods) == 1 else 'are'} gone")


def _pods(target: Target) -> Sequence[ObjectRef]:
    if target.ref.kind == ObjectKind.POD:
        return (target.ref,)
    return sorted((one for one in target.involved if one.kind == ObjectKind.POD), key=_write)


def _nobody(target: ObjectRef) -> Refusal:
    if _is_replaced(target):
        return gone(target)
    message = f"no pod is known that {target} would have to lose; write objectKind: Pod"
    return Refusal("NoPod", message, is_final=True)


def _is_replaced(target: ObjectRef) -> bool:
    """Whether somebody must make another pod; of an intruder, nobody need."""
    return target.kind == ObjectKind.POD


def _kept(ref: ObjectRef, pod: Object, world: World, *, is_replaced: bool) -> Refusal | None:
    """Why the pod stays, None where it may go."""
    if is_going(pod):
        return Refusal("ObjectGone", f"{ref} is being deleted already")
    if field(pod, "status", "phase") in ("Succeeded", "Failed"):
        return Refusal("Finished", f"{ref} has ended; its eviction changes nothing", is_final=True)
    if annotation(pod, _MIRROR) is not None:
        message = f"{ref} is a static pod; its node would make it again as it is"
        return Refusal("StaticPod", message, is_final=True)
    if not is_replaced:
        return None
    owner = controller_of(pod)
    if owner is None:
        message = f"{ref} belongs to no workload, so nobody would make another"
        return Refusal("NoOwner", message, is_final=True)
    template = field(pod, "metadata", "labels", _TEMPLATE)
    selector = f"{_TEMPLATE}={template}" if template else ""
    return _one_at_a_time(ref, owner, world.list("Pod", ref.namespace, selector))


def _one_at_a_time(ref: ObjectRef, owner: Object, pods: Iterable[Object]) -> Refusal | None:
    """Why it waits: another pod of its owner goes, or the one in its place has not started. One
    that runs and is not Ready does not count, else two such would wait for each other.
    """
    for pod in pods:
        its, name = controller_of(pod), field(pod, "metadata", "name")
        if name == ref.name or its is None or its.get("uid") != owner.get("uid"):
            continue
        if is_going(pod) or field(pod, "status", "phase") == "Pending":
            does = "is being deleted" if is_going(pod) else "has not started"
            message = f"{ref} waits: pod {name} of the same {owner.get('kind')} {does}"
            return Refusal("OneAtATime", message)
    return None


def _going(ref: ObjectRef, pod: Object, now: float) -> Step:
    """It was let go: what is left is its grace period."""
    ends = instants.parse(field(pod, "metadata", "deletionTimestamp"))
    if ends is not None and now > ends + PATIENCE:
        return Failed(f"{ref} is still there {now - ends:.0f} s past its grace period")
    return Wait(f"{ref} is shutting down")


def _write(pod: ObjectRef) -> str:
    """None of the three can have a slash."""
    return f"{pod.namespace}/{pod.name}/{pod.uid}"


def _read(text: str) -> ObjectRef:
    namespace, name, uid = text.split("/")
    return ObjectRef(ObjectKind.POD, namespace, name, uid)
