"""What all changes of a claim's volume have in common: who may be asked for one, and when."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor import instants
from kubervisor.rules.actions.action import Change, Object, Refusal, World
from kubervisor.rules.actions.objects import (
    annotation,
    annotation_path,
    field,
    find,
    gone,
    is_going,
)
from kubervisor.rules.decision.policy import ObjectRef

CHANGED_AT = "kubervisor.k8s.io/volume-changed-at"
"""Annotation on a claim: when an action last asked for a change of its volume (RFC 3339). It is
written with the request, in one patch: a provider's cool-down outlives what rules remember.
"""

PATIENCE = 1800.0
"""Seconds after which a change that its provider has not made counts as failed, so that it keeps no
other action from its turn. The provider may still make it.
"""


def bound(world: World, ref: ObjectRef) -> Object | Refusal:
    """The claim, where it has a volume that can be changed at all."""
    claim = find(world, ref)
    if claim is None:
        return gone(ref)
    if is_going(claim):
        return Refusal("ObjectGone", f"{ref} is being deleted", is_final=True)
    if field(claim, "status", "phase") != "Bound":
        phase = field(claim, "status", "phase") or "Pending"
        return Refusal("NotBound", f"{ref} is {phase}; its volume is changed once it is Bound")
    return claim


def resting(
    claim: Object, provisioner: str, cool_down: Mapping[str, float], now: float
) -> Refusal | None:
    """Why the provider must be left alone for a while, None where it need not."""
    at, wait = changed_at(claim), cool_down.get(provisioner, 0.0)
    if at is None or now >= at + wait:
        return None
    # With a clock that was set back, no longer than if it were changed now.
    after = min(at + wait - now, wait)
    return Refusal(
        "ProviderCoolingDown",
        f"{provisioner} changes a volume once in {wait:g} s, and this one's last change was asked "
        f"for at {instants.render(at, 'seconds')}; {after:.0f} s are left",
        after=after,
    )


def changed_at(claim: Object) -> float | None:
    """When an action last asked for a change of its volume, in Unix seconds."""
    return instants.parse(annotation(claim, CHANGED_AT))


def note_of_change(claim: Object, now: float) -> Change:
    """The part of a patch that notes that a change is asked for at `now`."""
    return Change(
        annotation_path(CHANGED_AT), annotation(claim, CHANGED_AT), instants.render(now, "seconds")
    )


def is_overdue(claim: Object, now: float) -> bool:
    """Whether the provider has had its time for the change that was asked for last."""
    at = changed_at(claim)
    return at is not None and now > at + PATIENCE
