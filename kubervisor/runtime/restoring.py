"""What a new leader takes over from the status that the last one wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubervisor import instants
from kubervisor.api.status import EjectionIntent
from kubervisor.kube.records import SpecRecord
from kubervisor.runtime.ledger import Decision


def decisions_in(status: Mapping[str, Any]) -> tuple[Decision, ...]:
    """The record of decisions, oldest first; entries that cannot be read are left out."""
    recent = status.get("recent")
    if not isinstance(recent, list):
        return ()
    found = [_decision(entry) for entry in reversed(recent) if isinstance(entry, dict)]
    return tuple(decision for decision in found if decision is not None)


def lost_pods_in(status: Mapping[str, Any], generation: int) -> str:
    """Why ejections stopped for good, if they did and the spec has not changed since; else ""."""
    conditions = status.get("conditions")
    for condition in conditions if isinstance(conditions, list) else ():
        if (
            isinstance(condition, dict)
            and condition.get("type") == "WorkloadSelectsTraffic"
            and condition.get("status") == "True"
            and condition.get("observedGeneration") == generation
        ):
            return str(condition.get("message"))
    return ""


def highest_epoch(records: Iterable[SpecRecord]) -> int:
    """The highest epoch that any of these objects has seen."""
    return max((epoch_in(record.status) for record in records), default=0)


def epoch_in(status: Mapping[str, Any]) -> int:
    """The epoch of the leader that wrote `status` last, 0 where none did."""
    epoch = status.get("epoch")
    return epoch if isinstance(epoch, int) else 0


def intents_in(status: Mapping[str, Any]) -> tuple[EjectionIntent, ...]:
    """The declared ejections; what cannot be read was not written by any leader."""
    listed = status.get("intents")
    entries = listed if isinstance(listed, list) else []
    found = [entry for entry in entries if isinstance(entry, dict)]
    return tuple(
        EjectionIntent(
            pod_uid=str(entry.get("podUid", "")),
            ejection_id=str(entry.get("ejectionId", "")),
            epoch=entry["epoch"] if isinstance(entry.get("epoch"), int) else 0,
        )
        for entry in found
    )


def _decision(entry: Mapping[str, Any]) -> Decision | None:
    at = instants.parse(str(entry.get("time")))
    if at is None:
        return None
    return Decision(
        at=at,
        action=str(entry.get("action", "")),
        pod=str(entry.get("pod", "")),
        uid=str(entry.get("podUid", "")),
        breaker=str(entry.get("breaker", "")),
        reason=str(entry.get("reason", "")),
        evidence=str(entry.get("evidence", "")),
    )
