"""The evictions of the last hour by whoever evicted before this process: its limits hold on."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor.errors import Forbidden
from kubervisor.kube.client import Api
from kubervisor.kube.pod_events import past_events
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.reasons import Reason
from kubervisor.watchdog.limits import HOUR, Eviction, Ledger, owner_key


def past_evictions(
    api: Api, namespaces: Iterable[str], component: str, *, clock: Clock, log: Log
) -> Ledger:
    """A ledger of those that Events tell of; an empty one where they may not be read.

    Raises ApiError where the API server does not answer.
    """
    wall, monotonic = clock.wall(), clock.monotonic()
    try:
        events = list(past_events(api, namespaces, reason=Reason.POD_EVICTED, component=component))
    except Forbidden as error:
        log.warning("Cannot see the last hour's evictions: the limits begin anew", error=str(error))
        return Ledger()
    found = [
        Eviction(
            uid=PodUid(event.pod_uid),
            namespace=event.namespace,
            owner=owner_key(event.namespace, event.related_uid),
            at=monotonic - max(0.0, wall - event.at),
        )
        for event in events
        if wall - event.at <= HOUR
    ]
    if found:
        log.info("Counting the last hour's evictions", count=len(found))
    return Ledger(found)
