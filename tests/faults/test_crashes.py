"""kill -9 at every write: the next process ends the story as if nothing had happened.

The proxy counts what the controller writes and lets the process die in the middle of one write,
which either never arrives or is done and never answered.
"""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fault_answers import Fault, commits_and_hangs, hangs
from playground.fault_exchange import Request
from playground.faultproxy import Match, asks
from tests.e2e import invariants as rules
from tests.e2e.scene import SHORT_LEASE, WITHIN
from tests.faults.bench import Bench, Stage
from tests.faults.conftest import LONG, Figure
from tests.faults.test_writes import declares, ejects
from tests.namespaces import passing_namespace

CRASHES = {"lost": hangs, "done": commits_and_hangs}
WRITES, LAST_WRITES = 14, 7
"""How many writes the story makes, and how many its deletion, at most."""


@pytest.fixture(scope="module")
def bench(taught: LocalCluster) -> Iterator[Bench]:
    """A bench whose controllers follow one another soon."""
    with passing_namespace(taught, "faults") as name, Bench(taught, name, env=SHORT_LEASE) as bench:
        yield bench


def is_write(request: Request) -> bool:
    """A write that matters: neither the Lease nor an Event."""
    return request.method != "GET" and request.resource not in ("leases", "events")


def nth(number: int) -> Match:
    """The n-th write from now on."""
    numbers = itertools.count(1)
    return lambda request: is_write(request) and next(numbers) == number


def crash(bench: Bench, match: Match, fault: Fault, begin: Callable[[], None]) -> str:
    """Let the controller die in the first write that matches; empty where none came."""
    with bench.proxy.rule(match, fault, times=1) as rule:
        begin()
        try:
            rule.wait(1, 5)
        except TimeoutError:
            return ""
        bench.controller.stop(signal.SIGKILL)
    bench.controller.restart()
    return str(rule.hits[0]).partition(" shop")[0]


def the_story(stage: Stage) -> Callable[[], None]:
    """Both acts at once."""

    def begin() -> None:
        stage.accuse()
        stage.guard()

    return begin


def ends_as_undisturbed(bench: Bench, match: Match, fault: Fault, figure: Figure) -> None:
    """The whole story, once with a crash."""
    undisturbed = bench.undisturbed()
    with bench.stage() as stage:
        began = time.monotonic()
        hit = crash(bench, match, fault, the_story(stage))
        assert stage.end() == undisturbed
        ejected = stage.ejected()
        assert len(ejected) == len(set(ejected)) == 2
        took = time.monotonic() - began
        figure(f"died at: {hit or 'the story has fewer writes'}; as undisturbed {took:.1f} s later")


def ends_with_nothing_left(bench: Bench, match: Match, fault: Fault, figure: Figure) -> None:
    """The deletion of the object, with a crash in the middle."""
    with bench.stage() as stage:
        the_story(stage)()
        stage.wait_out()
        hit = crash(bench, match, fault, lambda: bench.scene.delete_guard(stage.name))
        bench.scene.wait_guard_gone(stage.name)
        stage.fleet.wait_ready(5, WITHIN)
        bench.scene.observer.caught_up()
        assert not [left for left in bench.scene.observer.left_on_pods() if stage.name in left]
        figure(f"died at: {hit or 'the deletion has fewer writes'}; no pod was left out")


FINALIZERS = asks("patch", "kubervisorservices")
STATUSES = asks("patch", "kubervisorservices/status")


def labels_first(request: Request) -> bool:
    """The labels that a member gets from us when it is first seen."""
    if not asks("patch", "pods")(request):
        return False
    name = rules.NAME.replace("/", "~1")
    return any(step["path"].endswith(name) for step in request.content.get("patch", ()))


@pytest.mark.parametrize(
    ("match", "how"),
    [
        pytest.param(FINALIZERS, "done", id="fault_07_after_the_finalizer", marks=LONG),
        pytest.param(STATUSES, "done", id="fault_06_after_the_first_status", marks=LONG),
        pytest.param(labels_first, "lost", id="fault_07_before_the_first_label"),
        pytest.param(declares, "done", id="fault_06_after_the_declaration"),
        pytest.param(ejects, "lost", id="fault_06_before_the_ejection"),
        pytest.param(
            ejects, "done", id="fault_06_after_the_ejection_before_the_status", marks=LONG
        ),
    ],
)
def test_a_kill_in_a_write_changes_nothing_of_the_end(
    match: Match, how: str, bench: Bench, figure: Figure
) -> None:
    ends_as_undisturbed(bench, match, CRASHES[how], figure)


@pytest.mark.parametrize(
    ("match", "how"),
    [
        pytest.param(asks("patch", "pods"), "done", id="fault_07_in_the_release_of_a_pod"),
        pytest.param(FINALIZERS, "lost", id="fault_07_before_the_finalizer_is_removed", marks=LONG),
    ],
)
def test_a_kill_during_a_deletion_leaves_nothing_behind(
    match: Match, how: str, bench: Bench, figure: Figure
) -> None:
    ends_with_nothing_left(bench, match, CRASHES[how], figure)


@LONG
@pytest.mark.parametrize("how", CRASHES)
@pytest.mark.parametrize("number", [f"fault_06_in_write_{n:02}" for n in range(1, WRITES + 1)])
def test_a_kill_in_each_write_changes_nothing_of_the_end(
    number: str, how: str, bench: Bench, figure: Figure
) -> None:
    ends_as_undisturbed(bench, nth(int(number[-2:])), CRASHES[how], figure)


@LONG
@pytest.mark.parametrize("how", CRASHES)
@pytest.mark.parametrize(
    "number", [f"fault_07_in_write_of_a_deletion_{n:02}" for n in range(1, LAST_WRITES + 1)]
)
def test_a_kill_in_each_write_of_a_deletion_leaves_nothing_behind(
    number: str, how: str, bench: Bench, figure: Figure
) -> None:
    ends_with_nothing_left(bench, nth(int(number[-2:])), CRASHES[how], figure)
