"""Who is compared with whom: a pod's peer group, or the rest of the fleet where that is too small.

Pods that are out of traffic are judged, and never looked up to: they leave all baselines.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.peers import group_of

LARGEST_PAIR = 2
"""Two that differ do not say which of them is at fault: a larger rest of the fleet does."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Pods that are judged by the same peers, in fleet order. `peers` serve; those of a whole group
    are among the judged, those of a small one are not.
    """

    judged: tuple[Pod, ...]
    peers: tuple[Pod, ...]

    def is_alone(self, pod: Pod) -> bool:
        """True where `pod` has nobody to be compared with but itself."""
        return not self.peers or (len(self.peers) == 1 and self.peers[0] is pod)


def circles(fleet: Fleet, peer_group: str | None, measured: Container[str]) -> list[Circle]:
    """The circles of the Ready members whose names are in `measured`, each of them in one.

    A group of one is compared with the rest of the fleet, and so is one of two where the rest is
    larger. Only pods that are measured count, on both sides.
    """
    groups: dict[str, list[Pod]] = {}
    for pod in fleet.pods:
        if pod.ready and pod.name in measured:
            groups.setdefault(group_of(pod, peer_group), []).append(pod)
    serving = {name: _serving(pods, fleet) for name, pods in groups.items()}
    found = []
    for name, pods in groups.items():
        peers = serving[name]
        rest = [pod for other, more in serving.items() if other != name for pod in more]
        small = len(peers) < LARGEST_PAIR or (len(peers) == LARGEST_PAIR and len(rest) > len(peers))
        found.append(Circle(tuple(pods), tuple(rest if small and rest else peers)))
    return found


def all_have_peers(fleet: Fleet, unmeasured: Container[PodUid] = ()) -> bool:
    """True where two pods or more can be looked up to, if all are measured but for these: then
    nobody is alone, whatever the peer groups.
    """
    found = 0
    for pod in fleet.pods:
        leaves = pod.is_out or pod.uid in fleet.ejecting
        if pod.ready and not leaves and pod.uid not in unmeasured:
            found += 1
            if found == LARGEST_PAIR:
                return True
    return False


def _serving(pods: Iterable[Pod], fleet: Fleet) -> list[Pod]:
    return [pod for pod in pods if not pod.is_out and pod.uid not in fleet.ejecting]
