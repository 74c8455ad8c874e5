"""Steps of actions: what a deed that fails means, and what is judged by what was."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import pytest

from kubervisor.errors import (
    ApiUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    KubervisorError,
    LeadershipLost,
    SourceUnavailable,
    Throttled,
)
from kubervisor.rules.actions.action import Change, Create, Deed, Do, Step, Target, World
from kubervisor.rules.controller.acting import BEGAN, Acting
from kubervisor.rules.controller.deeds import Deeds, _steps
from kubervisor.rules.decision.outcomes import Did, Failed, Refusal, Wait
from kubervisor.rules.decision.policy import ActionCall, ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent, Sizes
from tests.rules.dict_world import DictWorld
from tests.rules.policies import policy

CLAIM = ObjectRef("PersistentVolumeClaim", "db", "pg", "u-1")
GI = 2**30


class Note:
    """Writes something, whatever is."""

    name: ClassVar[str] = "note"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset(ObjectKind)
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> list[str]:
        return []

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent:
        return Intent("note", "note it", {})

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        return Do(Create({}), {"written": "yes"})


class Hands(Deeds):
    """Fails as it is told."""

    def __init__(self, error: KubervisorError | None = None) -> None:
        self._error = error

    def do(self, deed: Deed) -> None:
        if self._error is not None:
            raise self._error


def acting(error: KubervisorError | None = None, *objects: dict[str, Any]) -> Acting:
    return Acting({"note": Note()}, DictWorld(*objects), Hands(error))


NEW = Intent("note", "note it", {})
BEGUN = Intent("note", "note it", {}, {BEGAN: "true"})


def test_a_deed_that_was_done_is_noted() -> None:
    assert acting().step(CLAIM, NEW, 0.0) == Did({BEGAN: "true", "written": "yes"})


@pytest.mark.parametrize(
    ("error", "new", "begun"),
    [
        (Conflict("changed"), Wait, Wait),
        (ApiUnavailable("no answer"), Wait, Wait),
        (Forbidden("a right is missing"), Failed, Wait),
        (Invalid("quota"), Failed, Wait),
        (SourceUnavailable("webhook"), Failed, Wait),
    ],
)
def test_what_has_begun_is_carried_on_whatever_fails(
    error: KubervisorError, new: type, begun: type
) -> None:
    assert isinstance(acting(error).step(CLAIM, NEW, 0.0), new)
    assert isinstance(acting(error).step(CLAIM, BEGUN, 0.0), begun)


def test_a_disruption_budget_puts_it_off() -> None:
    found = acting(Throttled("disruption budget", retry_after=7.0)).step(CLAIM, NEW, 0.0)
    assert isinstance(found, Refusal)
    assert (found.is_final, found.after) == (False, 7.0)


def test_who_leads_no_longer_does_nothing() -> None:
    with pytest.raises(LeadershipLost):
        acting(LeadershipLost("lost")).step(CLAIM, NEW, 0.0)


def test_an_action_that_this_version_has_not_fails() -> None:
    assert isinstance(acting().step(CLAIM, Intent("other", "", {}), 0.0), Failed)


@pytest.mark.parametrize(
    ("stored", "judged", "is_done"),
    [("10Gi", 10 * GI, True), ("20Gi", 10 * GI, False), (None, 10 * GI, False)],
)
def test_a_claim_that_has_just_grown_was_judged_by_what_was(
    stored: str | None, judged: int, *, is_done: bool
) -> None:
    claim: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": "db", "name": "pg", "uid": "u-1"},
        "status": {"capacity": {"storage": stored}} if stored else {},
    }
    rule = policy(actions=(ActionCall("note"),))
    sizes = Sizes(judged, judged)
    (found,) = acting(None, claim).preview(rule, Target(CLAIM, "grow"), sizes, 0.0)
    assert isinstance(found, Intent) is is_done


STORED = {"metadata": {"uid": "u-1", "labels": {"a": "b"}}, "spec": {"list": [{"x": 1}]}}


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        (
            [Change("/metadata/labels/a", "b", "c")],
            [("test", "/metadata/labels/a", "b"), ("replace", "/metadata/labels/a", "c")],
        ),
        (
            [Change("/metadata/labels/n~1a", None, "c")],
            [("test", "/metadata/labels/n~1a", None), ("add", "/metadata/labels/n~1a", "c")],
        ),
        (
            [
                Change("/metadata/annotations/n~1a", None, "c"),
                Change("/metadata/annotations/b", None, "d"),
            ],
            [
                ("test", "/metadata/annotations", None),
                ("add", "/metadata/annotations", {"n/a": "c"}),
                ("test", "/metadata/annotations/b", None),
                ("add", "/metadata/annotations/b", "d"),
            ],
        ),
        (
            [Change("/spec/list/0/x", 1, None)],
            [("test", "/spec/list/0/x", 1), ("remove", "/spec/list/0/x")],
        ),
        ([Change("/spec/list/0/x", 1, 1)], [("test", "/spec/list/0/x", 1)]),
        (
            [Change("/metadata/annotations/gone", None, None)],
            [("test", "/metadata/annotations", None)],
        ),
    ],
)
def test_a_patch_holds_only_while_each_field_is_as_it_was(
    changes: list[Change], steps: list[tuple[object, ...]]
) -> None:
    document = copy.deepcopy(STORED)
    found = [step for change in changes for step in _steps(CLAIM, document, change)]
    assert [tuple(step.values()) for step in found] == steps


@pytest.mark.parametrize(
    "change",
    [
        Change("/metadata/labels/a", "other", "c"),
        Change("/metadata/labels/a", None, "c"),
        Change("/metadata/annotations/a", "b", "c"),
        Change("/spec/list/1/x", 1, 2),
        Change("/metadata/labels/a/deeper", "b", "c"),
    ],
)
def test_a_field_that_is_another_by_now_is_a_conflict(change: Change) -> None:
    with pytest.raises(Conflict, match="is no longer"):
        _steps(CLAIM, copy.deepcopy(STORED), change)
