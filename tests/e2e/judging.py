"""Holds ejections against the specs and Services that were stored when they were written.

The watches run side by side, and that of pods may be ahead: an ejection is judged once the others
have caught up. Versions of all kinds count one sequence, etcd's revisions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from playground.fleet_api import Json
from playground.fleet_watch import revision
from tests.e2e import invariants as rules


@dataclass(frozen=True, slots=True)
class Ejection:
    """A pod before and after, the namespace's `pods` then, and the Services `gone` by then."""

    key: str
    before: Json | None
    after: Json
    pods: Collection[Json]
    gone: frozenset[str]


class Judging:
    """What was told of one namespace; for one thread at a time."""

    def __init__(self) -> None:
        self._services: dict[str, list[Json]] = {}
        self._gone: set[str] = set()
        self._guards: list[Json] = []
        self._pending: list[Ejection] = []

    def service(self, key: str, body: Json | None) -> None:
        """A version of a Service was told; None: it was deleted."""
        if body is None:
            self._gone.add(key)
        else:
            self._gone.discard(key)
            self._services.setdefault(key, []).append(body)

    def guard(self, body: Json) -> None:
        """A version of a KubervisorService was told."""
        self._guards.append(body)

    def ejection(self, key: str, before: Json | None, after: Json, pods: Collection[Json]) -> None:
        """The pod was ejected, and `pods` were those of the namespace."""
        self._pending.append(Ejection(key, before, after, pods, frozenset(self._gone)))

    def breaches(self) -> Iterator[str]:
        """Of the ejections told since the last call, which are judged by this."""
        pending, self._pending = self._pending, []
        for one in pending:
            around = rules.Surroundings(one.pods, self._selectors(one), self._spec(one.after))
            for breach in rules.breaches_of_ejection(one.before, one.after, around):
                yield f"pod {one.key}: {breach}"

    def _spec(self, pod: Json) -> Json | None:
        """The newest that had the pod's breaker when this version of it was stored."""
        breaker = rules.labels(pod).get(rules.STRATEGY)
        for guard in reversed(self._guards):
            if revision(guard) < revision(pod) and breaker in _breakers(guard["spec"]):
                spec: Json = guard["spec"]
                return spec
        return None

    def _selectors(self, ejection: Ejection) -> dict[str, Json]:
        """By name, of the Services there were."""
        then = (
            _newest_before(told, revision(ejection.after))
            for key, told in self._services.items()
            if key not in ejection.gone
        )
        return {
            body["metadata"]["name"]: body["spec"].get("selector") or {} for body in then if body
        }


def _newest_before(told: list[Json], version: int) -> Json | None:
    return next((body for body in reversed(told) if revision(body) < version), None)


def _breakers(spec: Json) -> set[str]:
    return {breaker["name"] for breaker in spec.get("breakers", ())}
