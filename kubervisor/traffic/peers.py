"""Peer groups, the panic guard, and the newer version as the outlier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kubervisor.traffic.model import Fleet, Pod, PodUid

DEFAULT_LABELS = ("pod-template-hash", "controller-revision-hash")
SMALLEST_PANICKING_GROUP = 3


def group_of(pod: Pod, peer_group: str | None) -> str:
    """The name of the pod's peer group; "" where the whole Service is one group.

    `peer_group` is a label key; empty means the template hash, and None that there are no groups.
    """
    if peer_group is None:
        return ""
    for key in (peer_group,) if peer_group else DEFAULT_LABELS:
        if key in pod.labels:
            return pod.labels[key]
    return ""


def affected_pods(fleet: Fleet, outliers: Iterable[PodUid], breaker: str) -> frozenset[PodUid]:
    """The outliers that serve, and the pods this breaker already has out."""
    out = {
        pod.uid
        for pod in fleet.out
        if (pod.ejection and pod.ejection.breaker == breaker) or pod.uid in fleet.ejecting
    }
    return frozenset(out.union(outliers))


def panicking_groups(
    fleet: Fleet,
    affected: frozenset[PodUid],
    *,
    peer_group: str | None,
    threshold_percent: int | None,
) -> frozenset[str]:
    """Groups of 3 or more in which the affected pods reach the threshold: there the measurement is
    suspect, not the pods. Same idea as Envoy's panic threshold.
    """
    if threshold_percent is None:
        return frozenset()
    sizes: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for pod in fleet.pods:
        group = group_of(pod, peer_group)
        sizes[group] += 1
        hit[group] += pod.uid in affected
    return frozenset(
        group
        for group, size in sizes.items()
        if size >= SMALLEST_PANICKING_GROUP and hit[group] * 100 >= threshold_percent * size
    )


def version_outlier(fleet: Fleet, affected: frozenset[PodUid], *, peer_group: str | None) -> str:
    """The template hash of the newer of two versions when it, not the older, is the outlier; else
    "".

    Newer is the version whose first member was created last; outlier means at least half its
    members.
    """
    if peer_group is None:
        return ""
    groups: dict[str, list[Pod]] = {}
    for pod in fleet.pods:
        groups.setdefault(group_of(pod, ""), []).append(pod)
    if len(groups) != 2:
        return ""
    older, newer = sorted(groups, key=lambda name: min(p.created_at for p in groups[name]))
    if _is_outlier(groups[newer], affected) and not _is_outlier(groups[older], affected):
        return newer
    return ""


def _is_outlier(group: list[Pod], affected: frozenset[PodUid]) -> bool:
    return 2 * sum(pod.uid in affected for pod in group) >= len(group)
