"""Every write to a pod: what each action of a plan sets, and that it touches keys of ours only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubervisor import instants
from kubervisor.kube.client import Api
from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.podwrites import (
    Change,
    PodWrites,
    Values,
    ejection_id,
    eviction_of,
    path_of,
)
from kubervisor.kube.text import one_line
from kubervisor.traffic import keys
from kubervisor.traffic.model import Pod, Traffic

EVIDENCE_BYTES = 1024


class TrafficWriter:
    """Writes to pods while `may_write` lets it; that raises LeadershipLost and is asked before each
    one. Pods are evicted and deleted by way of `ending` where it is given.

    Patches return the pod as the API server stored it.

    Raises: Conflict where the pod is no longer what the intent assumed; NotFound; ApiUnavailable
    where nobody knows whether the write happened (the overlay keeps it) or it was certainly not
    sent; LeadershipLost; the rest of the ApiError tree where the write was refused.
    """

    def __init__(
        self,
        api: Api,
        may_write: Callable[[], None],
        overlay: Overlay,
        *,
        ending: Api | None = None,
        field_manager: str = "kubervisor",
    ) -> None:
        self._writes = PodWrites(api, ending or api, may_write, overlay, field_manager)

    def adopt(self, pod: Pod, service_name: str) -> Pod:
        """Label `pod` as that KubervisorService's; one that a person holds out stays out."""
        labels = {keys.NAME: service_name, keys.TRAFFIC: pod.traffic or Traffic.YES}
        return self._writes.patch(
            pod,
            Change(
                None,
                labels,
                {},
                lambda p: p.claimed_by == service_name and p.traffic is labels[keys.TRAFFIC],
                expected={keys.NAME: pod.claimed_by, keys.TRAFFIC: pod.traffic},
            ),
        )

    def eject(
        self,
        pod: Pod,
        name: str,
        breaker: str,
        *,
        id: str,
        at: float,
        until: float,
        retries: int,
        reason: str,
        evidence: str,
        epoch: int,
    ) -> Pod:
        """Take `pod` out of traffic. `id` is this ejection's own; instants are Unix seconds."""
        labels = {keys.TRAFFIC: Traffic.NO, keys.NAME: name, keys.STRATEGY: breaker}
        annotations: Values = {
            keys.EJECTION_ID: id,
            keys.EJECTED_AT: instants.render(at, "milliseconds"),
            keys.EJECTED_UNTIL: instants.render(until, "milliseconds"),
            keys.REASON: reason,
            keys.EVIDENCE: one_line(evidence, EVIDENCE_BYTES),
            keys.EPOCH: str(epoch),
            keys.OWNER: pod.owner.uid if pod.owner else None,
            keys.RETRY_COUNT: str(retries),
            keys.EJECT_REQUEST: None,
            **dict.fromkeys(keys.LEGACY_ANNOTATIONS),
        }
        return self._writes.patch(
            pod, Change(Kind.EJECTING, labels, annotations, lambda p: ejection_id(p) == id, id)
        )

    def give_back(self, pod: Pod, reason: str, at: float) -> Pod:
        """Return `pod` to traffic at `at` (Unix seconds); reason and retry count stay on it."""
        returned_at = instants.render(at, "milliseconds")
        annotations: Values = {
            **dict.fromkeys((*keys.EJECTION_ANNOTATIONS, keys.LEGACY_BREAK_AT)),
            keys.REASON: reason,
            keys.RETURNED_AT: returned_at,
        }
        return self._writes.patch(
            pod,
            Change(
                Kind.RETURNING,
                {keys.TRAFFIC: Traffic.YES, keys.STRATEGY: None},
                annotations,
                lambda p: p.traffic is Traffic.YES and p.returned_at == instants.parse(returned_at),
                ejection_id(pod),
            ),
        )

    def pause(self, pod: Pod, *, reason: str, evidence: str, epoch: int) -> Pod:
        """Keep `pod` out until a person decides; who took it out and since when stays on it."""
        annotations = {
            keys.EJECTED_UNTIL: None,
            keys.REASON: reason,
            keys.EVIDENCE: one_line(evidence, EVIDENCE_BYTES),
            keys.EPOCH: str(epoch),
        }
        own = ejection_id(pod)
        return self._writes.patch(
            pod,
            Change(
                None,
                {keys.TRAFFIC: Traffic.PAUSE},
                annotations,
                lambda p: p.traffic is Traffic.PAUSE and ejection_id(p) == own,
                own,
            ),
        )

    def release(self, pod: Pod) -> Pod:
        """Return `pod` to traffic and take all of ours off it, the original's annotations too."""
        return self._writes.patch(
            pod,
            Change(
                Kind.RETURNING,
                {keys.TRAFFIC: Traffic.YES, keys.NAME: None, keys.STRATEGY: None},
                dict.fromkeys((*keys.POD_ANNOTATIONS, *keys.LEGACY_ANNOTATIONS)),
                lambda p: p.traffic is Traffic.YES and p.claimed_by is None,
                ejection_id(pod),
            ),
        )

    def drop_request(self, pod: Pod) -> Pod:
        """Take the request to eject `pod` off it: it was answered."""
        return self._writes.patch(
            pod,
            Change(None, {}, {keys.EJECT_REQUEST: None}, lambda p: p.eject_requested_at is None),
        )

    def fence(self, pod: Pod, name: str, epoch: int) -> Pod:
        """Write our epoch on `pod`, so that a late write to it conflicts and is not repeated.

        Where nobody has claimed it, `name` does: whoever releases the pods of that
        KubervisorService finds the mark.
        """
        # What changes nothing makes no new version: where our epoch is there, it is taken off.
        mark = None if pod.epoch_mark == str(epoch) else str(epoch)
        claim: Values = {keys.NAME: name} if pod.claimed_by is None else {}
        return self._writes.patch(pod, Change(None, claim, {keys.EPOCH: mark}, lambda _: False))

    def evict(self, pod: Pod) -> None:
        """Ask for the eviction of `pod`. Raises: Throttled where a PodDisruptionBudget refuses."""
        pod = replace(pod)  # at one version, whatever the watch shows meanwhile
        preconditions = {"uid": pod.uid, "resourceVersion": pod.version}
        eviction = eviction_of(pod, preconditions=preconditions)
        self._writes.terminate(pod, "POST", path_of(pod, "eviction"), eviction)

    def delete(self, pod: Pod) -> None:
        """Delete `pod`, whatever PodDisruptionBudgets say."""
        pod = replace(pod)
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": pod.uid, "resourceVersion": pod.version},
        }
        self._writes.terminate(pod, "DELETE", path_of(pod), options)
