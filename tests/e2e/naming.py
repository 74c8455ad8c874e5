"""Whether pods have the label that names their KubervisorService."""

from __future__ import annotations

from collections.abc import Iterable

from playground.fleet_api import Json
from tests.e2e.invariants import NAME, labels


def are_named(pods: Iterable[Json], guards: Iterable[Json]) -> bool:
    """Whether of each owner's pods all are named; where none of the KubervisorServices is Ready, it
    is well too that none of them is.
    """
    named: dict[str, set[bool]] = {}
    for body in pods:
        for owner in body["metadata"].get("ownerReferences", ()):
            named.setdefault(owner["uid"], set()).add(NAME in labels(body))
    wanted = ({True},) if any(map(_is_ready, guards)) else ({True}, {False})
    return all(each in wanted for each in named.values())


def _is_ready(guard: Json) -> bool:
    conditions = guard.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
