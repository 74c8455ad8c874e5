"""Tells a Service's hints, each once: in the metrics, an Event and the log, never in the status."""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.telemetry import traffic_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.hints import shared_node, still_receiving
from kubervisor.traffic.model import Fleet, PodUid, ServiceKey
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Verdict


class Hints:
    """One Service's. Called with the desk's lock held; `announce` makes an Event of a note."""

    def __init__(self, key: ServiceKey, log: Log, announce: Callable[[Reason, str], None]) -> None:
        self._service = (key.namespace, key.name)
        self._log, self._announce = log, announce
        self._receiving: dict[str, frozenset[PodUid]] = {}
        self._nodes: dict[str, str] = {}

    @property
    def are_told(self) -> bool:
        """Whether something was told that may be over."""
        return bool(self._receiving or self._nodes)

    def look(self, breaker: str, verdict: Verdict, fleet: Fleet) -> None:
        """Look at what a breaker saw; called once for each evaluation."""
        self._look_at_ejected(breaker, verdict, fleet)
        self._look_at_nodes(breaker, verdict, fleet)

    def forget(self, breaker: str) -> None:
        """The breaker is no more."""
        if self._receiving.pop(breaker, None):
            self._count_receiving()
        self._nodes.pop(breaker, None)

    def _look_at_ejected(self, breaker: str, verdict: Verdict, fleet: Fleet) -> None:
        found = still_receiving(fleet, verdict)
        if not (found or self._receiving.get(breaker)):
            return
        # Two breakers that count requests see the same pod: it is told once.
        known = self._all_receiving()
        self._receiving[breaker] = frozenset(one.pod.uid for one in found)
        self._count_receiving()
        for one in found:
            if one.pod.uid in known:
                continue
            self._log.warning(
                "Ejected pod still receives requests",
                breaker=breaker,
                pod=one.pod.name,
                requests_per_second=round(one.activity, 3),
            )
            self._announce(Reason.STILL_RECEIVING, f"Pod {one.pod.name}: {one}")

    def _look_at_nodes(self, breaker: str, verdict: Verdict, fleet: Fleet) -> None:
        found = shared_node(fleet, verdict)
        address = found.address if found else ""
        if address == self._nodes.get(breaker, ""):
            return
        self._nodes[breaker] = address
        traffic_metrics.ONE_NODE.labels(*self._service, breaker).set(found is not None)
        if found is not None:
            self._log.warning("All outliers are on one node", breaker=breaker, node=found.address)
            self._announce(Reason.OUTLIERS_ON_ONE_NODE, f"Breaker {breaker}: {found}")

    def _all_receiving(self) -> frozenset[PodUid]:
        return frozenset[PodUid]().union(*self._receiving.values())

    def _count_receiving(self) -> None:
        traffic_metrics.STILL_RECEIVING.labels(*self._service).set(len(self._all_receiving()))
