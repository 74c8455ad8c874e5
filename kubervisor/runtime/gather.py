"""Gathers a fleet: caches, unconfirmed writes and terminations become one frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubervisor.kube.overlay import Overlay
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.service_cache import ServiceCache, without_ours
from kubervisor.traffic.membership import is_member, members_among
from kubervisor.traffic.model import Fleet, Neighbour, Pod, PodUid, ServiceKey, Traffic


class Gatherer:
    """Reads the shared caches for all workers; holds no state of its own."""

    def __init__(self, pods: PodCache, services: ServiceCache, overlay: Overlay) -> None:
        self._pods, self._services, self._overlay = pods, services, overlay

    def members(self, key: ServiceKey, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        """The members that the selector (without our key) matches, in name order."""
        if not selector:
            return ()
        return members_among(self._pods.matching(key.namespace, selector))

    def claimed(self, key: ServiceKey) -> tuple[Pod, ...]:
        """The pods that carry our name, wherever they belong now; none that is being deleted."""
        return members_among(self._pods.claimed(key.namespace, key.name))

    def in_doubt(self, members: Iterable[Pod]) -> tuple[Pod, ...]:
        """The members with a write of ours that nobody knows the end of."""
        unknown = self._overlay.unsettled()
        return tuple(pod for pod in members if pod.uid in unknown) if unknown else ()

    def fleet(
        self, key: ServiceKey, service: str, members: tuple[Pod, ...], *, unreplaced: int
    ) -> Fleet:
        """The fleet of `service` as the caches and our unconfirmed writes show it."""
        fleet = self.alone(key, members, unreplaced=unreplaced)
        neighbours = self._neighbours(fleet, service)
        return replace(fleet, neighbours=neighbours) if neighbours else fleet

    def alone(self, key: ServiceKey, members: tuple[Pod, ...], *, unreplaced: int) -> Fleet:
        """The fleet without its neighbours, whom only an ejection concerns."""
        overlay = self._overlay
        return Fleet(
            key=key,
            pods=members,
            # Not a list: nearly always there are no writes, and nobody asks for a name.
            ejecting=overlay.ejecting(pod.uid for pod in members),
            returning=overlay.returning(pod.uid for pod in members),
            terminating=overlay.terminating(pod.uid for pod in members),
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
        pods = self._pods.matching(namespace, selector)
        gone = self._overlay.ejecting([pod.uid for pod in pods])
        return frozenset(
            pod.uid
            for pod in pods
            if is_member(pod) and pod.ready and pod.traffic is Traffic.YES and pod.uid not in gone
        )
