"""Gathers a fleet: caches, unconfirmed writes and terminations become one frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.service_cache import ServiceCache, without_ours
from kubervisor.traffic.membership import is_member, members_among
from kubervisor.traffic.model import Fleet, Neighbour, Pod, PodUid, ServiceKey, Traffic

Writes: TypeAlias = Mapping[Kind, frozenset[PodUid]]
NOBODY = frozenset[PodUid]()


class Look(NamedTuple):
    """The pods that a selector matches, members or not, and writes of ours to whatever pod that the
    watch had not shown.
    """

    pods: tuple[Pod, ...]
    writes: Writes


class Gatherer:
    """Reads the shared caches for all workers; holds no state of its own."""

    def __init__(self, pods: PodCache, services: ServiceCache, overlay: Overlay) -> None:
        self._pods, self._services, self._overlay = pods, services, overlay

    def members(self, key: ServiceKey, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        """The members that the selector (without our key) matches, in name order."""
        return members_among(self._matching(key.namespace, selector))

    def look(self, namespace: str, selector: Mapping[str, str]) -> Look:
        """What there is now. `pods` is the same tuple as before where nothing has changed of them.

        Writes first: one that the watch shows meanwhile is in both then, and otherwise might be in
        neither, and one pod too many would count as serving.
        """
        writes = self._overlay.unconfirmed()
        return Look(self._matching(namespace, selector), writes)

    def fleet(self, key: ServiceKey, selector: Mapping[str, str]) -> Fleet:
        """The fleet without its neighbours and what was terminated of it."""
        pods, writes = self.look(key.namespace, selector)
        return self.alone(key, members_among(pods), writes, unreplaced=0)

    def _matching(self, namespace: str, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        return self._pods.matching(namespace, selector) if selector else ()

    def claimed(self, key: ServiceKey) -> tuple[Pod, ...]:
        """The pods that carry our name, wherever they belong now; none that is being deleted."""
        return members_among(self._pods.claimed(key.namespace, key.name))

    def in_doubt(self, members: Iterable[Pod]) -> tuple[Pod, ...]:
        """The members with a write of ours that nobody knows the end of."""
        unknown = self._overlay.unsettled()
        return tuple(pod for pod in members if pod.uid in unknown) if unknown else ()

    def with_neighbours(self, fleet: Fleet, service: str) -> Fleet:
        """`fleet`, of `service`, with the other Services that its members back."""
        neighbours = self._neighbours(fleet, service)
        return replace(fleet, neighbours=neighbours) if neighbours else fleet

    def alone(
        self, key: ServiceKey, members: tuple[Pod, ...], writes: Writes, *, unreplaced: int
    ) -> Fleet:
        """The fleet without its neighbours, whom only an ejection concerns."""
        if not writes:
            return Fleet(key, members, unreplaced=unreplaced)
        uids = {pod.uid for pod in members}
        return Fleet(
            key=key,
            pods=members,
            ejecting=writes.get(Kind.EJECTING, NOBODY) & uids,
            returning=writes.get(Kind.RETURNING, NOBODY) & uids,
            terminating=writes.get(Kind.TERMINATING, NOBODY) & uids,
            unreplaced=unreplaced,
        )

    def _neighbours(self, fleet: Fleet, service: str) -> tuple[Neighbour, ...]:
        """Other Services that select on our key and match a member.

        Members of one template share one label mapping, so few mappings are looked at.
        """
        labels = {id(pod.labels): pod.labels for pod in fleet.pods}.values()
        namespace = fleet.key.namespace
        steering = {
            record.name: record
            for mapping in labels
            for record in self._services.steering(namespace, mapping)
            if record.name != service
        }
        if not steering:
            return ()
        return tuple(
            Neighbour(name, self._serving(namespace, without_ours(record.selector)))
            for name, record in sorted(steering.items())
        )

    def _serving(self, namespace: str, selector: Mapping[str, str]) -> frozenset[PodUid]:
        pods, writes = self.look(namespace, selector)
        gone = writes.get(Kind.EJECTING, NOBODY)
        return frozenset(
            pod.uid
            for pod in pods
            if is_member(pod) and pod.ready and pod.traffic is Traffic.YES and pod.uid not in gone
        )
