"""Pods leave traffic and come back."""

from __future__ import annotations

from dataclasses import dataclass

from playground.fleet_api import Json
from tests.e2e import invariants as rules


@dataclass(frozen=True, slots=True)
class Passage:
    """A pod left traffic or came back, as one version of it says."""

    pod: str
    uid: str
    traffic: str
    breaker: str
    ejection: str
    retries: int
    reason: str
    body: Json


def passage(body: Json) -> Passage:
    """What this version of a pod says of its last change of traffic."""
    notes = rules.notes(body)
    return Passage(
        pod=body["metadata"]["name"],
        uid=body["metadata"]["uid"],
        traffic=rules.traffic(body),
        breaker=rules.labels(body).get(rules.STRATEGY, ""),
        ejection=notes.get(rules.EJECTION_ID, ""),
        retries=rules.retries(body),
        reason=notes.get(rules.REASON, ""),
        body=body,
    )
