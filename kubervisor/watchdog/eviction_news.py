"""What is told of evictions: an Event on the pod, a line of the log and a count."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from kubervisor.errors import ApiError
from kubervisor.kube.events import EventType
from kubervisor.kube.pod_events import PodEvents
from kubervisor.telemetry import watchdog_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import Owner, PodUid
from kubervisor.traffic.reasons import Reason
from kubervisor.watchdog.evicting import EvictionIntent, EvictionRefusal
from kubervisor.watchdog.limits import Watched


class Outcome(StrEnum):
    """What became of a pod that was in error for too long; values of the metric's label."""

    EVICTED = "evicted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    FAILED = "failed"
    WOULD_EVICT = "would-evict"


class EvictionNews:
    """Tells each thing once as long as it lasts; an Event alone counts how often."""

    def __init__(self, events: PodEvents, log: Log) -> None:
        self._events, self._log = events, log
        self._told: dict[PodUid, str] = {}

    def forget_all_but(self, failing: Collection[PodUid]) -> None:
        """Pods that are not `failing` any more have no story that lasts."""
        self._told = {uid: cause for uid, cause in self._told.items() if uid in failing}

    def evicted(self, intent: EvictionIntent) -> None:
        """The API server took the eviction."""
        self._count(intent.pod, Outcome.EVICTED)
        self._log.info("Evicted pod", **_names(intent.pod), evidence=_evidence(intent))
        # It names the owner: `past_evictions` reads it again in another process.
        note = f"Evicted: {_evidence(intent)}"
        self._event(intent.pod, Reason.POD_EVICTED, note, related=intent.pod.owner)

    def would_evict(self, intent: EvictionIntent) -> None:
        """It would be evicted, were this no dry run."""
        if self._is_news(intent.pod, Outcome.WOULD_EVICT):
            self._count(intent.pod, Outcome.WOULD_EVICT)
            self._log.info("Would evict pod", **_names(intent.pod), evidence=_evidence(intent))
            note = f"Dry run: would be evicted: {_evidence(intent)}"
            self._event(intent.pod, Reason.WOULD_EVICT, note)

    def deferred(self, intent: EvictionIntent, why: str, outcome: Outcome) -> None:
        """It was not evicted now; each attempt counts."""
        self._count(intent.pod, outcome)
        if self._is_news(intent.pod, why):
            self._log.warning("Deferred eviction", **_names(intent.pod), why=why)
        note = f"Stays for now, {why}; {_evidence(intent)}"
        self._event(intent.pod, Reason.EVICTION_DEFERRED, note)

    def refused(self, refusal: EvictionRefusal) -> None:
        """A limit of ours keeps it."""
        if self._is_news(refusal.pod, refusal.why):
            self._count(refusal.pod, Outcome.REFUSED)
            self._log.info("Refused eviction", **_names(refusal.pod), why=refusal.why.value)
            note = f"In error for too long, but not evicted: {refusal.why}"
            self._event(refusal.pod, Reason.EVICTION_REFUSED, note)

    def changed(self, intent: EvictionIntent, error: ApiError) -> None:
        """It is gone, or another one: nothing is left to do."""
        self._log.debug("Pod changed before its eviction", **_names(intent.pod), error=str(error))

    def _is_news(self, pod: Watched, cause: str) -> bool:
        known, self._told[pod.uid] = self._told.get(pod.uid), cause
        return known != cause

    def _count(self, pod: Watched, outcome: Outcome) -> None:
        watchdog_metrics.EVICTIONS.labels(pod.namespace, outcome).inc()

    def _event(
        self, pod: Watched, reason: Reason, note: str, *, related: Owner | None = None
    ) -> None:
        kind = EventType.NORMAL if reason is Reason.WOULD_EVICT else EventType.WARNING
        self._events.record(
            pod, type=kind, reason=reason, action="Evict", note=note, related=related
        )


def _names(pod: Watched) -> dict[str, str]:
    return {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}


def _evidence(intent: EvictionIntent) -> str:
    words = "watchdog" if len(intent.watchdogs) == 1 else "watchdogs"
    return f"{words} {', '.join(intent.watchdogs)} in error in {intent.scans} scans in a row"
