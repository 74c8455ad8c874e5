"""What a person should hear of beside the decision: an ejection that does not take the traffic
away, and outliers that are all on one node. Nothing is decided on these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import comb
from statistics import fmean

from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.peers import affected_pods
from kubervisor.traffic.verdict import Verdict

CLIENTS_LEAVE = 10.0
"""Seconds from an ejection until every client has heard of it: EndpointSlices, and the proxies of
large clusters, which apply them in batches.
"""

NOTICEABLE = 0.1
"""Part of what a serving pod gets. Below it are health checks and scrapes: requests too, and no
client's.
"""

COINCIDENCE = 0.25
"""Chance from which on outliers that share a node are no news. It is a hint to look, not a
verdict, so a fleet of two pods on each of three nodes can still give it.
"""


@dataclass(frozen=True, slots=True)
class Receiving:
    """An ejected pod that gets `activity` events a second, while serving pods get `usual`."""

    pod: Pod
    activity: float
    usual: float

    def __str__(self) -> str:
        return (
            f"is out of traffic and still gets {self.activity:.3g} requests a second (a serving "
            f"pod {self.usual:.3g}): clients keep connections open, or another Service without "
            "kubervisor/traffic in its selector leads to it"
        )


@dataclass(frozen=True, slots=True)
class SharedNode:
    """The node (its address) that all outliers are on, and the chance that so many pods of the
    fleet meet on one node.
    """

    address: str
    pods: tuple[str, ...]
    chance: float

    def __str__(self) -> str:
        names = ", ".join(self.pods[:5]) + (", …" if len(self.pods) > 5 else "")
        return (
            f"all {len(self.pods)} outliers ({names}) are on node {self.address}; by chance so in "
            f"{100 * self.chance:.2g} % of cases: look at the node"
        )


def still_receiving(fleet: Fleet, verdict: Verdict) -> tuple[Receiving, ...]:
    """Pods out by us that still get requests in a window which began long after their ejection.

    Nothing where the detector of `verdict` counts no events.
    """
    began = verdict.taken_at - verdict.window
    left = {
        pod.uid: pod
        for pod in fleet.out
        if pod.is_out
        and pod.ejection is not None
        and pod.ejection.at is not None
        and pod.ejection.at + CLIENTS_LEAVE <= began
        and fleet.is_ours(pod)
        and pod.uid not in fleet.returning
    }
    if not left:
        return ()
    activity = {f.pod: f.activity for f in verdict.findings if f.activity is not None}
    usual = fmean([activity.get(pod.uid, 0.0) for pod in fleet.serving] or [0.0])
    return tuple(
        Receiving(pod, activity[uid], usual)
        for uid, pod in left.items()
        if activity.get(uid, 0.0) > NOTICEABLE * usual
    )


def shared_node(fleet: Fleet, verdict: Verdict) -> SharedNode | None:
    """The one node of all outliers, of which some may be out already; None where they are on
    several, where there is only one, or where chance explains it.
    """
    affected = affected_pods(fleet, (found.pod for found in verdict.outliers), verdict.breaker)
    if len(affected) < 2:
        return None
    outliers = [pod for pod in fleet.pods if pod.uid in affected]
    addresses = {pod.node_address for pod in outliers}
    if len(outliers) < 2 or len(addresses) != 1 or "" in addresses:
        return None
    chance = _chance_of_meeting(fleet, len(outliers))
    if chance > COINCIDENCE:
        return None
    return SharedNode(addresses.pop(), tuple(pod.name for pod in outliers), chance)


def _chance_of_meeting(fleet: Fleet, outliers: int) -> float:
    """The chance that so many pods, drawn without looking, are all on one node (hypergeometric)."""
    nodes = Counter(pod.node_address for pod in fleet.pods)
    ways = sum(comb(size, outliers) for size in nodes.values())
    return ways / comb(nodes.total(), outliers)
