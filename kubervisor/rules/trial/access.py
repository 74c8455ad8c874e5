"""What a rule of type volumeAccess would find now: who uses volumes without a right to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import msgspec

from kubervisor.errors import SpecError
from kubervisor.kube.access_records import (
    decode_attachment,
    decode_claim,
    decode_pod,
    decode_volume,
)
from kubervisor.kube.rule_access import AccessCaches
from kubervisor.rules.actions.action import Action
from kubervisor.rules.controller.accessing import look_at
from kubervisor.rules.decision.access import GRACE
from kubervisor.rules.decision.access_parts import Finding
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.trial.looking import Look, judged, ref_of
from kubervisor.rules.trial.subjects import Subjects
from kubervisor.rules.trial.world import TrialWorld

T = TypeVar("T")
MOST_TOLD = 10
LATER = max(GRACE.values())


def look_for_intruders(
    subjects: Subjects, actions: Mapping[str, Action], now: float
) -> tuple[tuple[Look, ...], tuple[str, ...]]:
    """The claims by namespace and name, and what is found of no claim. What is there now is taken
    to stay so: graces are taken for over. Raises ApiError, SpecError.
    """
    caches = _caches(subjects.world)
    access = look_at(caches, look_at(caches, {}, 0.0).seen, LATER)
    seen = sorted(subjects.objects.values(), key=lambda one: (one.namespace, one.name))
    looks = []
    for one in seen:
        found = access.findings.get(ref_of(one), ())
        pods = tuple(dict.fromkeys(pod for each in found for pod in each.pods))
        looks.append(judged(subjects, one, _reading(found, now), actions, now, pods))
    return tuple(looks), tuple(one.message for one in access.unclaimed)


def _caches(world: TrialWorld) -> AccessCaches:
    caches = AccessCaches()
    caches.claims.replace(_records(world, "PersistentVolumeClaim", decode_claim))
    caches.volumes.replace(_records(world, "PersistentVolume", decode_volume))
    attachments = _records(world, "VolumeAttachment", decode_attachment)
    caches.attachments.replace(one for one in attachments if one.holds)
    caches.pods.replace(one for one in _records(world, "Pod", decode_pod) if not one.has_ended)
    return caches


def _records(world: TrialWorld, kind: str, decode: Callable[[bytes], T]) -> Iterator[T]:
    for one in world.list(kind, ""):
        try:
            yield decode(msgspec.json.encode(one))
        except (msgspec.MsgspecError, TypeError, AttributeError) as error:
            name = (one.get("metadata") or {}).get("name")
            raise SpecError(f"{kind} {name!r:.80} cannot be read: {error}") from None


def _reading(found: tuple[Finding, ...], now: float) -> Reading:
    said = tuple(one.message for one in found[:MOST_TOLD])
    message = "; ".join(said) or "nobody uses it without a right to"
    return Reading(bool(found), now, said, message=message)
