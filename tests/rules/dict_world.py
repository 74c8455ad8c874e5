"""A cluster of plain dicts for pure tests of actions: what they read, and what deeds make of it.

Deeds meet the preconditions that the API server would hold them to.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubervisor.rules.actions.action import (
    Action,
    Call,
    Create,
    Deed,
    Delete,
    Do,
    Evict,
    Object,
    Patch,
    Refusal,
    Step,
    Target,
)
from kubervisor.rules.decision.policy import ObjectRef, Params
from kubervisor.rules.decision.states import Intent

Json = dict[str, Any]
_Key = tuple[str, str, str]

MOST_DEEDS = 50


class Refused(Exception):
    """The API server would not do it."""


class DictWorld:
    """A `World`. Reads are copies.

    Attributes:
        deeds: all that was done, in its order.
        called: the bodies of calls, by their key.
    """

    def __init__(self, *objects: Json) -> None:
        self._there: dict[_Key, Json] = {}
        self.deeds: list[Deed] = []
        self.called: dict[str, Object] = {}
        for one in objects:
            self.put(one)

    def put(self, there: Json) -> None:
        """Have it, instead of what has its name."""
        self._there[_key(there)] = copy.deepcopy(there)

    def there(self, kind: str, namespace: str, name: str) -> Json:
        """The stored object itself, for a test that plays others."""
        return self._there[kind, namespace, name]

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Have it no more."""
        del self._there[kind, namespace, name]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """As the API server would answer."""
        return copy.deepcopy(self._there.get((kind, namespace, name)))

    def list(self, kind: str, namespace: str, selector: str = "") -> Sequence[Object]:
        """Those of the kind; selectors are `key=value,key=value`."""
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        return [
            copy.deepcopy(one)
            for key, one in sorted(self._there.items())
            if key[0] == kind
            and namespace in ("", key[1])
            and wanted.items() <= one["metadata"].get("labels", {}).items()
        ]

    def do(self, deed: Deed) -> None:
        """Do it. Raises Refused where a precondition does not hold."""
        self.deeds.append(deed)
        if isinstance(deed, Patch):
            there = self._very(deed.target)
            for change in deed.changes:
                _change(there, _steps(change.path), change.old, change.new)
        elif isinstance(deed, Create):
            self._there.setdefault(_key(deed.manifest), _with_uid(deed.manifest))
        elif isinstance(deed, Delete | Evict):
            self._very(deed.target)
            self.remove(deed.target.kind, deed.target.namespace, deed.target.name)
        elif isinstance(deed, Call):
            self.called.setdefault(deed.key, deed.body)

    def _very(self, ref: ObjectRef) -> Json:
        there = self._there.get((ref.kind, ref.namespace, ref.name))
        if there is None or there["metadata"]["uid"] != ref.uid:
            raise Refused(f"{ref} is gone")
        return there


def ref_of(there: Object) -> ObjectRef:
    """How rules name it."""
    return ObjectRef(*_key(there), there["metadata"]["uid"])


def previewed(
    action: Action, world: DictWorld, target: Target, params: Params, now: float
) -> Intent:
    """What it would do, which it must not refuse."""
    found = action.preview(target, params, world, now)
    assert isinstance(found, Intent), found
    return found


def refusal(
    action: Action, world: DictWorld, target: Target, params: Params, now: float
) -> Refusal:
    """Why it would do nothing."""
    found = action.preview(target, params, world, now)
    assert isinstance(found, Refusal), found
    return found


def go_on(
    action: Action, world: DictWorld, ref: ObjectRef, intent: Intent, now: float
) -> tuple[Step, Intent]:
    """Do all that is to be done until something else is the case: that, and the intent with what
    was noted.
    """
    for _ in range(MOST_DEEDS):
        step = action.step(ref, intent, world, now)
        if not isinstance(step, Do):
            return step, intent
        world.do(step.deed)
        intent = noted(intent, step.note)
    raise AssertionError(f"no end after {MOST_DEEDS} deeds; the last: {step}")


def noted(intent: Intent, note: Mapping[str, str]) -> Intent:
    """The intent whose progress has the note."""
    return Intent(intent.action, intent.summary, intent.goal, {**intent.progress, **note})


def _key(there: Object) -> _Key:
    return there["kind"], there["metadata"].get("namespace", ""), there["metadata"]["name"]


def _with_uid(manifest: Object) -> Json:
    made: Json = copy.deepcopy(dict(manifest))
    made["metadata"].setdefault("uid", f"uid-of-{made['metadata']['name']}")
    return made


def _steps(path: str) -> Iterable[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _change(there: Any, steps: Iterable[str], old: object, new: object) -> None:
    *parents, last = steps
    for name in parents:
        there = there[int(name)] if isinstance(there, list) else there.setdefault(name, {})
    if isinstance(there, list):
        if there[int(last)] != old:
            raise Refused(f"{last} is {there[int(last)]}, not {old}")
        there[int(last)] = new
        return
    if there.get(last) != old:
        raise Refused(f"{last} is {there.get(last)}, not {old}")
    there[last] = new
    if new is None:
        del there[last]
