"""Holds every version of every pod of a namespace against the invariants, whatever the test."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch
from tests.e2e import invariants
from tests.integration.specs import path_of


class Witness:
    """Notes breaches from its start until closed; `check` asserts that there are none."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._namespace = namespace
        self._breaches: list[str] = []
        self._pods: dict[str, Json] = {}
        core = namespace_path(namespace)
        with ExitStack() as stack:
            self._specs = stack.enter_context(Watch(api, path_of(namespace), _spec))
            self._selectors = stack.enter_context(Watch(api, f"{core}/services", _selector))
            stack.enter_context(Watch(api, f"{core}/pods", _itself, changed=self._changed))
            self._stack = stack.pop_all()

    def check(self) -> None:
        """Raise AssertionError with all that was noted since the last check."""
        noted, self._breaches = self._breaches, []
        assert not noted, "\n".join(noted)

    def close(self) -> None:
        """End the watches."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, key: str, body: Json | None, _: float) -> None:
        before = self._pods.get(key)
        if body is None:
            self._pods.pop(key, None)
            return
        self._pods[key] = body
        if before is not None and before["metadata"]["uid"] != body["metadata"]["uid"]:
            before = None
        found = [*invariants.breaches_of_change(before, body)]
        # What people write by hand afterwards is theirs to answer for.
        if before is not None and invariants.traffic(before) != invariants.traffic(body):
            by_hand = invariants.STRATEGY not in invariants.labels(body)
            found += invariants.breaches_of_state(body, by_hand=by_hand)
        if invariants.is_new_ejection(before, body):
            found += self._breaches_of_ejection(before, body)
        self._breaches += [f"pod {key}: {breach}" for breach in found]

    def _breaches_of_ejection(self, before: Json | None, after: Json) -> list[str]:
        guard = invariants.labels(after).get(invariants.NAME)
        spec = self._specs.objects.get(f"{self._namespace}/{guard}")
        if spec is None:
            return []  # the two watches are not of one moment
        selectors = {key.partition("/")[2]: found for key, found in self._selectors.objects.items()}
        around = invariants.Surroundings([*self._pods.values()], selectors, spec)
        return [*invariants.breaches_of_ejection(before, after, around)]


def _itself(body: Json) -> Json:
    return body


def _spec(body: Json) -> Json:
    spec: Json = body.get("spec", {})
    return spec


def _selector(body: Json) -> Mapping[str, str]:
    selector: Mapping[str, str] = body["spec"].get("selector") or {}
    return selector
