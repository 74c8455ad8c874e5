"""What watches do between API server and controller: silence, lies, gaps and repetitions."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from kubervisor.kube.freshness import BELIEVED_SECONDS
from playground.fault_answers import answers, delays, serves, spoils_items
from playground.fault_exchange import Reply
from playground.fault_streams import (
    Event,
    bookmark,
    doubles,
    drops,
    expired,
    is_about,
    lags,
    spoils,
    swaps,
)
from playground.faultproxy import FaultProxy, asks
from playground.fleet import Fleet
from tests.e2e import invariants as rules
from tests.e2e.scene import WITHIN
from tests.faults.bench import SIZE, Bench, Stage
from tests.faults.conftest import LONG, Figure

KINDS = ("pods", "services", "kubervisorservices")


@contextmanager
def all_cut(proxy: FaultProxy) -> Iterator[None]:
    """Every watch breaks off, now and once more at the end."""
    for kind in KINDS:
        proxy.cut(kind)
    yield
    for kind in KINDS:
        proxy.cut(kind)


@contextmanager
def all_expired(proxy: FaultProxy) -> Iterator[None]:
    """Every watch says 410 in its middle."""
    for kind in KINDS:
        proxy.say(kind, expired())
    yield


@contextmanager
def refused_for_a_future_version(proxy: FaultProxy) -> Iterator[None]:
    """Another API server does not know the version yet: 504 to watches, twice each."""
    with ExitStack() as stack:
        for kind in KINDS:
            rule = proxy.rule(
                asks("watch", kind), answers(504, "Too large resource version: 9e9"), times=2
            )
            stack.enter_context(rule)
            proxy.cut(kind)
        yield


@contextmanager
def slow_lists_in_pieces(proxy: FaultProxy) -> Iterator[None]:
    """A LIST is demanded, it is slow, and its first attempt expires on the way."""
    with (
        proxy.rule(asks("list", "pods"), delays(0.5)),
        proxy.rule(asks("list", "pods"), answers(410), times=1),
    ):
        proxy.say("pods", expired())
        yield


@contextmanager
def in_the_wrong_order(proxy: FaultProxy) -> Iterator[None]:
    """No event is lost: the one without a next comes at the end."""
    kept: deque[Event] = deque()
    with proxy.edit("pods", swaps(kept)):
        yield
    for event in kept:
        proxy.say("pods", event)


DISTURBANCES = [
    pytest.param(all_cut, id="fault_12_every_watch_breaks_off"),
    pytest.param(all_expired, id="fault_10_every_watch_says_gone_in_its_middle"),
    pytest.param(
        lambda p: p.edit("pods", doubles), id="fault_12_every_event_comes_twice", marks=LONG
    ),
    pytest.param(in_the_wrong_order, id="fault_12_events_come_in_the_wrong_order"),
    pytest.param(
        lambda p: p.edit("pods", lags(0.2)), id="fault_16_every_event_comes_late", marks=LONG
    ),
    pytest.param(refused_for_a_future_version, id="fault_15_the_version_is_too_large", marks=LONG),
    pytest.param(slow_lists_in_pieces, id="fault_13_slow_lists_that_expire_in_a_storm"),
]


@pytest.mark.parametrize("disturbed", DISTURBANCES)
def test_the_story_ends_as_undisturbed(
    disturbed: Callable[[FaultProxy], Iterator[None]], bench: Bench, figure: Figure
) -> None:
    undisturbed = bench.undisturbed()
    with bench.stage() as stage:
        stage.begin()
        began = time.monotonic()
        with disturbed(bench.proxy):  # type: ignore[attr-defined]  # edit and rule are contexts
            stage.accuse()
            stage.wait_out()
        assert stage.end() == undisturbed
        assert len(stage.ejected()) == len(set(stage.ejected())) == 2
        figure(f"both outliers out after {time.monotonic() - began:.1f} s, each ejected once")


def test_fault_11_a_bookmark_is_where_the_next_watch_begins(bench: Bench, stage: Stage) -> None:
    stage.begin()
    version = bench.scene.api.get("/api/v1/pods", limit="1")["metadata"]["resourceVersion"]
    bench.proxy.say("pods", bookmark(version))
    with bench.proxy.rule(asks("watch", "pods"), answers(503), times=1) as rule:
        bench.proxy.cut("pods")
        rule.wait(1, WITHIN)
    assert int(rule.hits[0].query["resourceVersion"]) >= int(version)
    stage.accuse()
    assert stage.end() == bench.undisturbed()


def test_fault_12_a_missed_event_of_the_outlier_is_found_at_the_write(
    bench: Bench, stage: Stage
) -> None:
    """The cache has an old version of the pod: the precondition fails, and reading tells why."""
    stage.begin()
    held, other = stage.outliers
    with bench.proxy.edit("pods", drops(is_about(held.name))):
        # By hand: a pod that a person holds out is nobody's to eject, and counts as out.
        bench.scene.observer.expect_by_hand(held)
        stage.fleet.label(held, "kubervisor/traffic", "no")
        stage.accuse()
        stage.fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "the other is out too")
        stage.scene.wait_status(
            lambda s: s["fleet"]["serving"] == 3, "a LIST has told what no event did", stage.name
        )
    assert stage.ejected() == [other.name]


def test_a_deletion_waits_for_labels_of_ours_that_the_watch_has_not_shown(
    bench: Bench, stage: Stage
) -> None:
    def carriers(fleet: Fleet) -> list[str]:
        return [pod.name for pod in fleet.pods() if rules.NAME in pod.labels]

    stage.begin()
    stage.fleet.wait(lambda f: len(carriers(f)) == SIZE, WITHIN, "all are adopted")
    bench.scene.delete_guard(stage.name)
    bench.scene.wait_guard_gone(stage.name)
    stage.fleet.wait(lambda f: not carriers(f), WITHIN, "nobody is, any more")
    with bench.proxy.silence("pods"):
        stage.guard()
        stage.fleet.wait(lambda f: len(carriers(f)) == SIZE, WITHIN, "all are adopted again")
        bench.scene.delete_guard(stage.name)
        with bench.proxy.rule(asks("list", "pods"), delays(0.0)) as asked:
            asked.wait(2, WITHIN)
        assert stage.name in bench.scene.observer.guards()
    bench.scene.wait_guard_gone(stage.name)
    pods = bench.scene.observer.caught_up().pods()
    assert not [body for body in pods if rules.NAME in body["metadata"]["labels"]]


def test_fault_14_an_older_list_does_not_turn_time_back(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    """The LIST of another API server, from before the ejections: the controller asks again."""
    stage.begin()
    before = bench.scene.api.get(f"/api/v1/namespaces/{bench.scene.namespace}/pods")
    stage.accuse()
    ended = stage.end()
    old = serves(Reply(200, (("Content-Type", "application/json"),), json.dumps(before).encode()))
    with bench.proxy.rule(asks("list", "pods"), old, times=3) as rule:
        stage.detector.outliers(*stage.fleet.pods())
        bench.proxy.say("pods", expired())
        rule.wait(3, WITHIN)
        stage.evaluations(5)
    stage.evaluations(5)
    assert len(stage.ejected()) == 2, "the floor is counted on what is, not on what was"
    assert ended == bench.undisturbed()
    figure(f"{len(rule.hits)} old LISTs not taken in")


def test_a_pod_that_cannot_be_read_is_no_other_pods_trouble(bench: Bench, stage: Stage) -> None:
    """In LISTs and in events; the log and a metric tell of it."""
    fleet = Fleet(bench.scene.api, "bystander", size=1, namespace=bench.scene.namespace)
    with fleet, ExitStack() as stack:
        (pod,) = fleet.pods()
        stack.enter_context(bench.proxy.rule(asks("list", "pods"), spoils_items(pod.name)))
        stack.enter_context(bench.proxy.edit("pods", spoils(is_about(pod.name))))
        bench.proxy.say("pods", expired())
        bench.controller.wait_line(
            lambda line: line["event"].startswith("Left out") and line["name"] == pod.name,
            WITHIN,
            "the log names it",
        )
        stage.begin()
        fleet.label(pod, "seen", "true")
        stage.accuse()
        assert stage.end() == bench.undisturbed()
    assert bench.controller.metric('kubervisor_unreadable_objects_total{resource="pods"}') >= 2


def test_fault_09_behind_a_silent_watch_the_floor_holds(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    """The pods' watch says nothing any more; peers crash, and the cache shows them serving."""
    stage.begin()
    stage.evaluations(1)
    with bench.proxy.silence("pods"):
        crashed = stage.fleet.serving()[2:4]
        for pod in crashed:
            stage.fleet.set_ready(pod, False)
        stage.fleet.wait(lambda f: len(f.serving()) == 3, WITHIN, "two have crashed")
        # What was on its way when the silence began may be taken in, and believed, a little later.
        bench.wait_silent(BELIEVED_SECONDS + 1)
        since = time.monotonic()
        stage.accuse()
        stage.evaluations(5)
        assert stage.ejected() == [], "three serve, and three is the floor"
        asked = bench.proxy.count(asks("list", "pods"), since)
    for pod in crashed:
        stage.fleet.set_ready(pod, True)
    assert stage.end() == bench.undisturbed()
    figure(f"a silence of {BELIEVED_SECONDS:g} s is asked about: {asked} LISTs, then a new watch")


@LONG
def test_fault_09_behind_a_silent_watch_that_misses_nothing_an_outlier_leaves(
    bench: Bench, stage: Stage
) -> None:
    stage.begin()
    with bench.proxy.silence("pods"):
        bench.wait_silent(BELIEVED_SECONDS)
        stage.accuse()
        stage.wait_out()
    assert stage.end() == bench.undisturbed()


@pytest.mark.parametrize(
    "stopping",
    [
        pytest.param(lambda stage: stage.guard(dryRun=True), id="fault_09_an_unseen_dry_run"),
        pytest.param(
            lambda stage: stage.scene.annotate(stage.name, "kubervisor/pause", "true"),
            id="fault_09_an_unseen_pause",
            marks=LONG,
        ),
        pytest.param(
            lambda stage: stage.scene.delete_guard(stage.name),
            id="fault_09_an_unseen_deletion",
            marks=LONG,
        ),
    ],
)
def test_what_the_watch_has_not_shown_is_found_at_the_declaration(
    stopping: Callable[[Stage], None], bench: Bench
) -> None:
    with bench.stage() as stage:
        stage.begin()
        with bench.proxy.silence("kubervisorservices"):
            stopping(stage)
            stage.accuse()
            stage.evaluations(5)
            assert stage.ejected() == []


@LONG
def test_fault_22_the_right_to_watch_is_taken_away(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    """Watches are refused for good: what a LIST can tell is told by a LIST."""
    stage.begin()
    with bench.proxy.rule(asks("watch", "pods"), answers(403)) as rule:
        bench.proxy.cut("pods")
        rule.wait(3, WITHIN)
        crashed = stage.fleet.serving()[2:4]
        for pod in crashed:
            stage.fleet.set_ready(pod, False)
        stage.fleet.wait(lambda f: len(f.serving()) == 3, WITHIN, "two have crashed")
        stage.accuse()
        stage.evaluations(5)
        assert stage.ejected() == [], "three serve, and three is the floor"
    for pod in crashed:
        stage.fleet.set_ready(pod, True)
    assert stage.end(within=40) == bench.undisturbed()
    figure(f"{len(rule.hits)} watches refused, nobody ejected behind them")
