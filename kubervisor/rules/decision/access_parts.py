"""What is known of the use of volumes, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubervisor.rules.decision.policy import ObjectRef


class FindingKind(StrEnum):
    """What is wrong."""

    ATTACHED_WITHOUT_POD = "AttachedWithoutPod"
    ATTACHED_WITHOUT_CLAIM = "AttachedWithoutClaim"
    CLAIMED_TWICE = "ClaimedTwice"
    MOUNTED_DIRECTLY = "MountedDirectly"
    MOUNTED_FROM_NODE = "MountedFromNode"
    NOT_ALLOWED = "NotAllowed"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim. `workloads` are patterns `Kind/name` of who may use it, None where all may;
    `namespaces` are patterns of those that may besides its own.
    """

    ref: ObjectRef
    volume: str = ""
    workloads: tuple[str, ...] | None = None
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A PersistentVolume. `storage` names what it leads to, the same for any other that leads
    there, "" where nobody knows; `path` is its folder on the node that uses it, "" where it has
    none of its own.
    """

    name: str
    storage: str = ""
    claim: ObjectRef | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A volume is attached to a node; not one that is being detached, or is not attached yet."""

    name: str
    volume: str
    node: str


@dataclass(frozen=True, slots=True)
class PodUse:
    """A pod that has not ended. `node` is "" while it waits for one. `storages` are those that it
    names itself; `paths` are the folders of its node that it mounts.
    """

    ref: ObjectRef
    node: str = ""
    workload: str = ""
    is_going: bool = False
    claims: frozenset[str] = frozenset()
    storages: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One use without a right, in a sentence; `claim` is None where the volume has none (any
    more). `pods` are the intruders.
    """

    kind: FindingKind
    message: str
    claim: ObjectRef | None = None
    pods: tuple[ObjectRef, ...] = ()
