"""What the relocation of a volume reads of objects, and how it writes their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubervisor.rules.actions.action import Change, Object
from kubervisor.rules.actions.claims import CHANGED_AT
from kubervisor.rules.actions.objects import annotation, annotation_path, field
from kubervisor.rules.decision.policy import ObjectRef

ENDED = frozenset({"Succeeded", "Failed"})
"""Phases of pods that use nothing any more."""

COPY_OF = "kubervisor.k8s.io/copy-of"
"""Annotation of a copy: the uid of the claim that it is one of."""

RECLAIM = "/spec/persistentVolumeReclaimPolicy"


def name_of(there: Object) -> str:
    """Its name."""
    return str(there["metadata"]["name"])


def ref_of(kind: str, there: Object) -> ObjectRef:
    """That very object."""
    metadata = there["metadata"]
    return ObjectRef(kind, metadata.get("namespace", ""), metadata["name"], metadata["uid"])


def annotate(there: Object, key: str, text: str | None) -> Change:
    """The change that gives it the annotation, or takes it away."""
    return Change(annotation_path(key), annotation(there, key), text)


def generation_unchanged(there: Object) -> Change:
    """A change that changes nothing: its spec must still be what was read."""
    generation = there["metadata"]["generation"]
    return Change("/metadata/generation", generation, generation)


def keep(volume: Object) -> Change:
    """The change after which the volume outlives its claim."""
    return Change(RECLAIM, policy_of(volume), "Retain")


def policy_of(volume: Object) -> str:
    """What becomes of a volume without its claim."""
    return str(field(volume, "spec", "persistentVolumeReclaimPolicy") or "Retain")


def is_claimed_by_name(volume: Object, claim: ObjectRef) -> bool:
    """Whether the volume waits for whoever has that name: it is bound to no claim then."""
    holder = field(volume, "spec", "claimRef") or {}
    named = (holder.get("namespace"), holder.get("name"))
    return named == (claim.namespace, claim.name) and not holder.get("uid")


def hold_for(volume: Object, namespace: str, name: str, uid: str = "") -> Change:
    """The change after which the volume is for the claim of that name, and with a `uid` for that
    very claim only.
    """
    holder = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    holder |= {"namespace": namespace, "name": name} | ({"uid": uid} if uid else {})
    return Change("/spec/claimRef", field(volume, "spec", "claimRef"), holder)


def claims_of(spec: Object) -> Sequence[str]:
    """The claims that a pod's spec names, in the order of its volumes ("" for other volumes)."""
    volumes: Iterable[Any] = spec.get("volumes") or ()
    return tuple(field(one, "persistentVolumeClaim", "claimName") or "" for one in volumes)


def uses(pod: Object, claim: str) -> bool:
    """Whether the pod uses the claim or may still do so: one that is on its way out does."""
    return claim in claims_of(pod["spec"]) and field(pod, "status", "phase") not in ENDED


def lasting(annotations: Mapping[str, str] | None) -> dict[str, str]:
    """Those annotations of a claim that say something of its use, and not of its volume."""
    own = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/", "kubectl.")
    ours = (COPY_OF, CHANGED_AT)
    found = annotations or {}
    return {key: text for key, text in found.items() if key not in ours and not key.startswith(own)}
