"""What a KubervisorService stands on: its Service, its other claimants, its annotations."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.kube.records import SpecRecord
from kubervisor.kube.watches import Caches
from kubervisor.runtime.assignment import Stance
from kubervisor.traffic import keys
from kubervisor.traffic.model import Traffic
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.reasons import Reason


@dataclass(frozen=True, slots=True)
class Ground:
    """The stance that all of it allows, and why; `selector` is the Service's without our key."""

    stance: Stance
    reason: Reason
    message: str
    selector: tuple[tuple[str, str], ...] = ()
    active: bool = False


def ground_of(
    record: SpecRecord, policy: ServicePolicy, caches: Caches, *, dry_run: bool
) -> Ground:
    """How far the worker of `record` may go with `policy`; `dry_run` is the whole process's."""
    older = older_claimant(record, policy.service, caches)
    if older is not None:
        note = f"KubervisorService {older} guards Service {policy.service} already; delete one"
        return Ground(Stance.RELEASE, Reason.OVERLAPPING_FLEET, note)
    service = caches.services.get(record.namespace, policy.service)
    if service is None or service.deleting:
        note = f"Service {record.namespace}/{policy.service} does not exist; create it"
        return Ground(Stance.RELEASE, Reason.SERVICE_NOT_FOUND, note)
    if service.type == "ExternalName":
        note = f"Service {policy.service} is an ExternalName: it has no pods to guard"
        return Ground(Stance.RELEASE, Reason.SERVICE_UNSUPPORTED, note)
    selector = tuple(sorted((k, v) for k, v in service.selector.items() if k != keys.TRAFFIC))
    if not selector:
        note = f"Service {policy.service} selects nothing but our label: add a selector"
        return Ground(Stance.RELEASE, Reason.SERVICE_WITHOUT_SELECTOR, note)
    active = service.selector.get(keys.TRAFFIC) == Traffic.YES
    if record.annotations.get(keys.PAUSE) == "true":
        return Ground(Stance.HOLD, Reason.GUARDING, "Paused by annotation", selector, active)
    if dry_run or policy.dry_run:
        return Ground(Stance.DRY_RUN, Reason.DRY_RUN, "Dry run", selector, active)
    if not active:
        note = "Not active: the Service does not select on kubervisor/traffic"
        return Ground(Stance.GIVE_BACK, Reason.SELECTOR_WITHOUT_TRAFFIC, note, selector)
    return Ground(Stance.GUARD, Reason.GUARDING, "Guarding", selector, active=True)


def older_claimant(record: SpecRecord, service: str, caches: Caches) -> str | None:
    """The name of the oldest other KubervisorService on `service` that is older than `record`.

    The uid breaks ties. One that is being deleted no longer counts.
    """
    older = [
        other
        for other in caches.specs.claimants(record.namespace, service)
        if other.uid != record.uid
        and not other.deleting
        and (other.created_at, other.uid) < (record.created_at, record.uid)
    ]
    return min(older, key=lambda other: (other.created_at, other.uid)).name if older else None
