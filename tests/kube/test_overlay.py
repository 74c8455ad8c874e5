"""The overlay knows of every write until the watch, a LIST or a deletion shows how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.traffic.model import Pod, PodUid

from .test_caches import BASE

UID = BASE.uid


def at(version: int | str, *, deleting: bool = False) -> Pod:
    return replace(BASE, version=str(version), deleting=deleting)


def begun(kind: Kind = Kind.EJECTING, base: str = "10") -> Overlay:
    overlay = Overlay(clock=lambda: 100.0)
    overlay.begin(UID, kind, base, "e1", namespace="shop")
    return overlay


Step = Callable[[Overlay], None]


def seen(version: int | str) -> Step:
    return lambda o: o.observe(at(1), at(version))


def written(version: str | None) -> Step:
    return lambda o: o.written(UID, version)


def unknown() -> Step:
    return lambda o: o.unknown(UID)


def listed(when: float, namespace: str | None = None) -> Step:
    return lambda o: o.listed(when, namespace=namespace)


@pytest.mark.parametrize(
    ("steps", "still"),
    [
        pytest.param([], True, id="it counts from before it is sent"),
        pytest.param([written("12")], True, id="an answer is not yet the watch"),
        pytest.param([written("12"), seen(11)], True, id="an older version shows nothing"),
        pytest.param([written("12"), seen(12)], False, id="the written version ends it"),
        pytest.param([written("12"), seen(15)], False, id="a later version ends it"),
        pytest.param([written("9"), seen(10)], False, id="versions are numbers, not words"),
        pytest.param([seen(12), written("12")], False, id="the watch may be the faster one"),
        pytest.param([written("10")], False, id="a write that changed nothing shows already"),
        pytest.param([seen(15)], True, id="in flight, another's change ends nothing"),
        pytest.param([unknown(), seen(10)], True, id="unknown: the base version shows nothing"),
        pytest.param([unknown(), seen(9)], True, id="unknown: neither does an older one"),
        pytest.param([unknown(), seen(11)], False, id="unknown: past the base it cannot happen"),
        pytest.param([seen(11), unknown()], False, id="unknown: also when that was seen before"),
        pytest.param([lambda o: o.failed(UID)], False, id="a failure ends it"),
        pytest.param([lambda o: o.observe(at(10), None)], False, id="the deletion ends it"),
        pytest.param([written("12"), listed(99.0)], True, id="a LIST begun before the answer"),
        pytest.param([written("12"), listed(101.0)], False, id="a LIST begun after the answer"),
        pytest.param([unknown(), listed(99.0)], True, id="a LIST begun before the time-out"),
        pytest.param([unknown(), listed(101.0)], False, id="a LIST begun after the time-out"),
        pytest.param([listed(101.0)], True, id="no LIST ends a write in flight"),
        pytest.param([written("12"), listed(101.0, "bank")], True, id="another namespace's LIST"),
        pytest.param([written("12"), listed(101.0, "shop")], False, id="its own namespace's LIST"),
        pytest.param([written("v-b"), seen("10")], True, id="opaque: the base shows nothing"),
        pytest.param([written("v-b"), seen("v-c")], False, id="opaque: any other version ends it"),
    ],
)
def test_an_ejection_is_unconfirmed_until_something_shows_its_end(
    steps: list[Step], still: bool
) -> None:
    overlay = begun()
    for step in steps:
        step(overlay)
    assert overlay.ejecting([UID]) == (frozenset([UID]) if still else frozenset())


def test_a_repetition_on_a_newer_version_is_settled_by_what_is_newer_still() -> None:
    overlay = begun()
    overlay.begin(UID, Kind.EJECTING, "14", "e1", namespace="shop")
    overlay.unknown(UID)
    overlay.observe(at(10), at(12))
    assert overlay.unsettled() == {UID}
    overlay.observe(at(12), at(15))
    assert overlay.unsettled() == frozenset()


def test_a_failed_return_leaves_the_ejection_before_it_unconfirmed() -> None:
    overlay = begun()
    overlay.written(UID, "12")
    overlay.begin(UID, Kind.RETURNING, "12")
    assert overlay.unconfirmed()[Kind.RETURNING] == {UID}
    overlay.failed(UID)
    assert overlay.unconfirmed() == {Kind.EJECTING: {UID}}


def test_a_termination_ends_when_the_watch_shows_it_going() -> None:
    overlay = begun(Kind.TERMINATING)
    overlay.written(UID, None)
    overlay.observe(at(10), at(11))
    assert overlay.unconfirmed() == {Kind.TERMINATING: {UID}}
    overlay.observe(at(11), at(12, deleting=True))
    assert overlay.unconfirmed() == {}


class EjectionRace(RuleBasedStateMachine):
    """One pod, a store that keeps its history, a watch that lags, a writer whose answers get lost.

    The danger is a cache that still says `serving` for a pod that is out or may yet be put out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.overlay = Overlay(clock=lambda: self.now)
        self.history = [False]  # by version: is the pod out?
        self.shown = 0
        self.pending: int | None = None  # base of a write that may still reach the store

    def pod(self, version: int) -> Pod:
        return at(version + 1)

    @property
    def busy(self) -> bool:
        return bool(self.overlay.ejecting([UID])) or self.pending is not None

    @precondition(lambda self: not self.busy and not self.history[self.shown])
    @rule(fate=st.sampled_from(["written", "lost", "late", "refused"]))
    def eject(self, fate: str) -> None:
        base = self.shown
        self.overlay.begin(UID, Kind.EJECTING, self.pod(base).version, "e")
        matches = base == len(self.history) - 1
        self.now += 1
        if fate == "late":
            self.pending = base
            self.overlay.unknown(UID)
        elif fate == "refused" or not matches:
            self.overlay.failed(UID)
        else:
            self.history.append(True)
            if fate == "written":
                self.overlay.written(UID, self.pod(len(self.history) - 1).version)
            else:
                self.overlay.unknown(UID)

    @precondition(lambda self: self.pending is not None)
    @rule()
    def late_write_arrives(self) -> None:
        if self.pending == len(self.history) - 1:
            self.history.append(True)
        self.pending = None

    @rule()
    def another_writes(self) -> None:
        self.history.append(False)

    @precondition(lambda self: self.shown < len(self.history) - 1)
    @rule(data=st.data())
    def watch_shows(self, data: st.DataObject) -> None:
        old = self.shown
        self.shown = data.draw(st.integers(old + 1, len(self.history) - 1))
        self.overlay.observe(self.pod(old), self.pod(self.shown))

    @precondition(lambda self: self.pending is None)
    @rule()
    def list_shows(self) -> None:
        self.now += 1
        begun_at = self.now
        old, self.shown = self.shown, len(self.history) - 1
        if old != self.shown:
            self.overlay.observe(self.pod(old), self.pod(self.shown))
        self.overlay.listed(begun_at)

    @invariant()
    def no_pod_counts_as_serving_while_our_write_may_put_it_out(self) -> None:
        counted = not self.history[self.shown] and not self.overlay.ejecting([UID])
        ours_unseen = any(self.history[self.shown + 1 :])
        possible = self.pending is not None and self.pending == len(self.history) - 1
        assert not (counted and (ours_unseen or possible))


TestEjectionRace = EjectionRace.TestCase
TestEjectionRace.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)


def test_questions_about_other_pods_are_answered_with_nothing() -> None:
    assert begun().ejecting([PodUid("other")]) == frozenset()
