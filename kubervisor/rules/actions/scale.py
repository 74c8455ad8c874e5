"""`kubervisor.k8s.io.action.workload/scale`: a workload gets more replicas, or fewer."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from kubervisor.rules.actions.objects import condition, field, find, gone, is_going
from kubervisor.rules.actions.params import unknown, whole
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

BY, LEAST, MOST = "by", "min", "max"
MOST_REPLICAS = 10_000

PATIENCE = 600.0
"""Seconds after which pods that were not made count as a failure; a quota forbids them, or those
before them are not Ready.
"""

_BY = re.compile(r"([+-]?)([0-9]{1,5})(%?)", re.ASCII)
_ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Scale:
    """Changes the number of replicas by `by`, within `min` and `max`."""

    name: ClassVar[str] = "kubervisor.k8s.io.action.workload/scale"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset(
        {ObjectKind.DEPLOYMENT, ObjectKind.STATEFUL_SET}
    )
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `by`, `min`, `max`."""
        found = [
            *unknown(params, BY, LEAST, MOST),
            *whole(params, LEAST, 0, MOST_REPLICAS, "the fewest replicas it leaves"),
            *whole(params, MOST, 1, MOST_REPLICAS, "the most replicas it makes"),
        ]
        by = _BY.fullmatch(params.get(BY, ""))
        if by is None or not int(by[2]):
            written = f"{BY} is {params[BY]!r}" if BY in params else f"{BY} is missing"
            found.append(f"{written}; write how many replicas more or fewer: +1, -1, 50%, -25%")
        elif by[1] == "-" and by[3] and int(by[2]) > 100:
            found.append(f"{BY} is {params[BY]!r}; write at most -100%")
        elif by[1] != "-" and MOST not in params:
            found.append(f"{MOST} is missing; write the most replicas it may make, such as 10")
        if not found and MOST in params and int(params[MOST]) < _least(params):
            found.append(f"{MOST} is {params[MOST]}, less than {LEAST}, {_least(params)}")
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """How many replicas there would be, or why it stays as it is."""
        workload = find(world, target.ref)
        if workload is None:
            return gone(target.ref)
        before = _replicas(workload)
        after = scaled(before, params)
        refused = (
            _at_rest(target.ref, workload)
            or _at_bound(target.ref, before, after, params)
            or _unsteady(target.ref, workload, fewer=after < before)
            or _autoscaled(target.ref, world)
        )
        return refused or Intent(
            self.name,
            f"scale {target.ref} from {before} to {after} replicas",
            {"uid": target.ref.uid, "from": str(before), "to": str(after)},
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Set the number once; then wait until so many pods are there."""
        workload = find(world, target)
        if workload is None:
            return gone(target)
        before, after = int(intent.goal["from"]), int(intent.goal["to"])
        asked, replicas = intent.progress.get(_ASKED), _replicas(workload)
        if replicas == after:
            return _outcome(workload, after, float(asked) if asked else now, now)
        if replicas != before:
            return Failed(f"somebody else scaled {target} to {replicas}; it is judged anew")
        if asked:
            return Failed(
                f"somebody set {target} back to {replicas} replicas; let whoever manages it leave "
                "spec.replicas alone"
            )
        change = Change("/spec/replicas", before, after)
        return Do(Patch(target, (change,), subresource="scale"), {_ASKED: str(int(now))})


def scaled(replicas: int, params: Params) -> int:
    """How many replicas `by` makes of them, within the bounds that lie in its direction: at least
    one more or one fewer, where those let it. The parameters have no problems.

    >>> scaled(3, {"by": "10%", "max": "9"}), scaled(3, {"by": "-50%"}), scaled(3, {"by": "-9"})
    (4, 2, 1)
    """
    found = _BY.fullmatch(params[BY])
    assert found is not None
    amount = int(found[2])
    if found[1] == "-":
        fewer = max(1, replicas * amount // 100) if found[3] else amount
        return min(replicas, max(_least(params), replicas - fewer))
    more = -int(-Fraction(replicas * amount, 100) // 1) if found[3] else amount
    return max(replicas, min(int(params[MOST]), max(_least(params), replicas + max(1, more))))


def _at_rest(ref: ObjectRef, workload: Object) -> Refusal | None:
    if is_going(workload):
        return Refusal("ObjectGone", f"{ref} is being deleted", is_final=True)
    if _replicas(workload) == 0:
        message = f"{ref} has 0 replicas: somebody turned it off, and only people turn it on"
        return Refusal("TurnedOff", message, is_final=True)
    return None


def _at_bound(ref: ObjectRef, before: int, after: int, params: Params) -> Refusal | None:
    if before != after:
        return None
    if params[BY].startswith("-"):
        message = f"{ref} has {before} replicas, and {LEAST} is {_least(params)}"
        return Refusal("AtMinimum", message, is_final=True)
    message = f"{ref} has {before} replicas, and {MOST} is {params[MOST]}"
    return Refusal("AtMaximum", message, is_final=True)


def _unsteady(ref: ObjectRef, workload: Object, *, fewer: bool) -> Refusal | None:
    """Why it has to be left alone: what was asked for last is not there yet."""
    wanted, there = _replicas(workload), _count(workload, "replicas")
    if not _is_observed(workload) or there != wanted:
        return Refusal("ScaleInProgress", f"{ref} is to have {wanted} pods and has {there}")
    ready = _count(workload, "readyReplicas")
    if fewer and ready < wanted:
        message = f"{ready} of {wanted} pods of {ref} are Ready; none is taken away meanwhile"
        return Refusal("NotReady", message)
    return None


def _autoscaled(ref: ObjectRef, world: World) -> Refusal | None:
    """Why it is not ours to scale: an autoscaler would set it back."""
    for scaler in world.list("HorizontalPodAutoscaler", ref.namespace):
        aim = field(scaler, "spec", "scaleTargetRef") or {}
        if (aim.get("kind"), aim.get("name")) == (ref.kind, ref.name):
            name = field(scaler, "metadata", "name")
            return Refusal(
                "Autoscaled",
                f"HorizontalPodAutoscaler {name} decides how many replicas {ref} has; change its "
                "minReplicas or maxReplicas instead",
                is_final=True,
            )
    return None


def _outcome(workload: Object, wanted: int, asked: float, now: float) -> Step:
    """What came of it. Whether the pods get Ready is theirs: to wait for it would keep others from
    acting, and to repeat it for lack of it would make ever more.
    """
    there = _count(workload, "replicas")
    if _is_observed(workload) and there == wanted:
        return Done(f"it has {wanted} pods")
    failure = condition(workload, "ReplicaFailure")
    if failure is not None and there < wanted:
        return Failed(f"it has {there} of {wanted} pods: {failure.get('message')}")
    if now > asked + PATIENCE:
        return Failed(f"it has {there} of {wanted} pods after {now - asked:.0f} s")
    return Wait(f"it has {there} of {wanted} pods")


def _is_observed(workload: Object) -> bool:
    seen = field(workload, "status", "observedGeneration") or 0
    return bool(seen >= (field(workload, "metadata", "generation") or 0))


def _replicas(workload: Object) -> int:
    """What is asked for; unset means 1."""
    found = field(workload, "spec", "replicas")
    return 1 if found is None else int(found)


def _count(workload: Object, name: str) -> int:
    return int(field(workload, "status", name) or 0)


def _least(params: Params) -> int:
    return int(params.get(LEAST, "1"))
