"""Claims, volumes, attachments and pods joined: what of their use is suspicious at this instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kubervisor.rules.decision.access_parts import (
    Attachment,
    Claim,
    Finding,
    FindingKind,
    PodUse,
    Volume,
)
from kubervisor.rules.decision.policy import ObjectRef


@dataclass(frozen=True, slots=True)
class View:
    """All of it, joined. `bound` is the volume of each claim that is surely its."""

    claims: Mapping[tuple[str, str], Claim]
    volumes: Mapping[str, Volume]
    bound: Mapping[ObjectRef, Volume]
    users: Mapping[tuple[str, str], list[PodUse]]
    attachments: tuple[Attachment, ...]
    pods: tuple[PodUse, ...]

    @classmethod
    def of(
        cls,
        claims: Iterable[Claim],
        volumes: Iterable[Volume],
        attachments: Iterable[Attachment],
        pods: Iterable[PodUse],
    ) -> View:
        by_name = {(claim.ref.namespace, claim.ref.name): claim for claim in claims}
        there = {volume.name: volume for volume in volumes}
        users: defaultdict[tuple[str, str], list[PodUse]] = defaultdict(list)
        all_pods = tuple(pods)
        for pod in all_pods:
            for name in pod.claims:
                users[pod.ref.namespace, name].append(pod)
        bound = {
            claim.ref: volume
            for claim in by_name.values()
            if (volume := there.get(claim.volume)) is not None
            and volume.claim is not None
            and volume.claim.uid == claim.ref.uid
        }
        return cls(by_name, there, bound, users, tuple(attachments), all_pods)

    def suspicions(self) -> Iterator[Finding]:
        """All that is to be seen at this instant."""
        for attachment in self.attachments:
            yield from self._attached(attachment)
        by_storage: defaultdict[str, list[Claim]] = defaultdict(list)
        for claim in self.claims.values():
            volume = self.bound.get(claim.ref)
            yield from self._mounted(claim)
            if volume is not None and volume.storage:
                by_storage[volume.storage].append(claim)
        for claims in by_storage.values():
            yield from self._claimed_twice(claims)
        yield from self._past_claims(by_storage)

    def _attached(self, attachment: Attachment) -> Iterator[Finding]:
        volume = self.volumes.get(attachment.volume)
        if volume is None:
            return  # it is going, or the watch has yet to show it
        where = f"volume {volume.name} is attached to node {attachment.node}"
        if volume.claim is None:
            yield Finding(FindingKind.ATTACHED_WITHOUT_CLAIM, f"{where}, and belongs to no claim")
            return
        claim = self.claims.get((volume.claim.namespace, volume.claim.name))
        if claim is None or claim.ref.uid != volume.claim.uid:
            named = f"{volume.claim.namespace}/{volume.claim.name}"
            message = f"{where}, and its claim {named} is gone"
            yield Finding(FindingKind.ATTACHED_WITHOUT_CLAIM, message)
            return
        if not any(pod.node == attachment.node for pod in self._users(claim)):
            message = f"{where}, where no pod uses its claim"
            yield Finding(FindingKind.ATTACHED_WITHOUT_POD, message, claim.ref)

    def _mounted(self, claim: Claim) -> Iterator[Finding]:
        """Pods that use the claim by its name: they are of its namespace."""
        how = "mounts it, and the claim allows other workloads only"
        for pod in self._users(claim):
            yield from _intrusion(FindingKind.NOT_ALLOWED, pod, claim, how)

    def _claimed_twice(self, claims: list[Claim]) -> Iterator[Finding]:
        """Claims of the same storage by different volumes: users of one use the other."""
        for claim in claims:
            for other in claims:
                if other is claim or self.bound[claim.ref] is self.bound[other.ref]:
                    continue
                other_name = f"claim {other.ref.namespace}/{other.ref.name}"
                if not _admits_namespace(claim, other.ref.namespace):
                    message = f"{other_name} leads to the same storage, from another namespace"
                    yield Finding(FindingKind.CLAIMED_TWICE, message, claim.ref)
                    continue
                how = f"mounts the same storage by {other_name}"
                for pod in self._users(other):
                    yield from _intrusion(FindingKind.NOT_ALLOWED, pod, claim, how)

    def _past_claims(self, by_storage: Mapping[str, list[Claim]]) -> Iterator[Finding]:
        """Pods that reach a claim's storage without any claim."""
        by_volume = {volume.name: self._claim(ref) for ref, volume in self.bound.items()}
        folders = [
            (volume.path, claim, {user.node for user in self._users(claim)})
            for volume in self.bound.values()
            for claim in (by_volume[volume.name],)
            if volume.path
        ]
        for pod in self.pods:
            for storage in sorted(pod.storages):
                how = "mounts its storage directly, past the claim"
                for claim in by_storage.get(storage, ()):
                    yield from _intrusion(FindingKind.MOUNTED_DIRECTLY, pod, claim, how)
            for path in sorted(pod.paths):
                how = f"mounts {path} of node {pod.node}, which is in the volume"
                # The same folder of another node is another one.
                found = [
                    claim
                    for folder, claim, nodes in folders
                    if pod.node in nodes and is_within(path, folder)
                ]
                mounted = by_volume.get(mounted_volume(path))
                for claim in (*found, *((mounted,) if mounted else ())):
                    yield from _intrusion(FindingKind.MOUNTED_FROM_NODE, pod, claim, how)

    def _claim(self, ref: ObjectRef) -> Claim:
        return self.claims[ref.namespace, ref.name]

    def _users(self, claim: Claim) -> Sequence[PodUse]:
        return self.users.get((claim.ref.namespace, claim.ref.name), ())


def mounted_volume(path: str) -> str:
    """The PersistentVolume whose mount by the kubelet a path of a node is in, "" where it is in
    none. What is above of it (`/`, `/var/lib/kubelet`) is mounted by the node's own agents.

    >>> mounted_volume("/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/pvc-7/mount")
    'pvc-7'
    """
    parts = path.split("/")
    if "volumes" not in parts or "pods" not in parts[: parts.index("volumes")]:
        return ""
    below = parts[parts.index("volumes") + 1 :]
    return below[1] if len(below) > 1 and below[0].startswith("kubernetes.io~") else ""


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or below of it.

    >>> is_within("/data/a", "/data"), is_within("/data", "/data/a"), is_within("/data2", "/data")
    (True, False, False)
    """
    return (path.rstrip("/") + "/").startswith(folder.rstrip("/") + "/")


def _intrusion(kind: FindingKind, pod: PodUse, claim: Claim, how: str) -> Iterator[Finding]:
    """A finding, unless the pod may do so."""
    if pod.is_going or not pod.node:
        return
    is_of_it = pod.ref.namespace == claim.ref.namespace
    if is_of_it and (claim.workloads is None or _any(claim.workloads, pod.workload)):
        return
    if not is_of_it and _any(claim.namespaces, pod.ref.namespace):
        return
    who = f"pod {pod.ref.namespace}/{pod.ref.name} ({pod.workload})"
    yield Finding(kind, f"{who} {how}", claim.ref, (pod.ref,))


def _admits_namespace(claim: Claim, namespace: str) -> bool:
    return namespace == claim.ref.namespace or _any(claim.namespaces, namespace)


def _any(patterns: Iterable[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
