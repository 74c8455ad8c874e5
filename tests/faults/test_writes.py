"""What happens to writes: refused, denied, done without an answer, overtaken by people."""

from __future__ import annotations

import time

import pytest

from playground.fault_answers import (
    Fault,
    Holds,
    answers,
    commits_and_cuts,
    commits_and_hangs,
    cuts,
    delays,
)
from playground.fault_exchange import Request
from playground.faultproxy import Match, asks
from playground.fleet_manifests import Kind
from tests.e2e import invariants as rules
from tests.e2e.scene import WITHIN
from tests.faults.bench import Bench, Stage
from tests.faults.conftest import LONG, Figure


def ejects(request: Request) -> bool:
    """A PATCH that takes a pod out of traffic."""
    if (request.verb, request.resource) != ("patch", "pods"):
        return False
    labels = request.content.get("metadata", {}).get("labels", {})
    return bool(labels.get(rules.TRAFFIC) == "no")


def declares(request: Request) -> bool:
    """A status that names an ejection which is about to be done."""
    if request.resource != "kubervisorservices/status":
        return False
    return any(step["value"].get("intents") for step in request.content["patch"][-1:])


STATUSES = asks("patch", "kubervisorservices/status")
EVENTS = asks(resource="events")
DENIED = 'admission webhook "no.example.com" denied the request: not today'

REFUSALS = [
    pytest.param(ejects, answers(409), 2, id="fault_19_ejections_conflict"),
    pytest.param(declares, answers(409), 3, id="fault_19_declarations_conflict", marks=LONG),
    pytest.param(ejects, answers(429, retry_after=1), 4, id="fault_20_ejections_are_throttled"),
    pytest.param(
        declares,
        answers(429, retry_after=1),
        4,
        id="fault_20_declarations_are_throttled",
        marks=LONG,
    ),
    pytest.param(ejects, commits_and_cuts, 2, id="fault_21_ejections_happen_and_are_cut_off"),
    pytest.param(
        ejects,
        commits_and_hangs,
        1,
        id="fault_21_an_ejection_happens_without_an_answer",
        marks=LONG,
    ),
    pytest.param(
        declares, commits_and_cuts, 2, id="fault_21_declarations_happen_and_are_cut_off", marks=LONG
    ),
    pytest.param(ejects, cuts, 3, id="fault_21_ejections_are_cut_off_before_they_happen"),
    pytest.param(ejects, answers(403), 4, id="fault_22_the_right_to_eject_is_taken_away"),
    pytest.param(
        STATUSES, answers(403), 6, id="fault_22_the_right_to_statuses_is_taken_away", marks=LONG
    ),
    pytest.param(
        ejects, answers(403, DENIED), 4, id="fault_23_a_webhook_denies_ejections", marks=LONG
    ),
    pytest.param(
        ejects, answers(500, "failed calling webhook: EOF"), 4, id="fault_23_a_webhook_is_gone"
    ),
    pytest.param(EVENTS, answers(500), 0, id="fault_23_no_event_can_be_written", marks=LONG),
    pytest.param(ejects, delays(0.7), 2, id="fault_16_ejections_take_their_time", marks=LONG),
]


@pytest.mark.parametrize(("match", "fault", "times"), REFUSALS)
def test_the_story_ends_as_undisturbed(
    match: Match, fault: Fault, times: int, bench: Bench, figure: Figure
) -> None:
    undisturbed = bench.undisturbed()
    with bench.stage() as stage:
        stage.begin()
        began = time.monotonic()
        with bench.proxy.rule(match, fault, times=times) as rule:
            stage.accuse()
            if times:
                rule.wait(times, WITHIN)
            stage.wait_out()
        assert stage.end() == undisturbed
        assert len(stage.ejected()) == len(set(stage.ejected())) == 2
        figure(f"{len(rule.hits)} writes hit, both out after {time.monotonic() - began:.1f} s")


def test_fault_18_a_store_that_takes_no_writes_gets_few(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    """etcd without space: reads and watches work, every write fails."""
    stage.begin()
    full = answers(500, "etcdserver: mvcc: database space exceeded")
    with bench.proxy.rule(lambda r: r.method != "GET", full) as rule:
        stage.accuse()
        stage.evaluations(10)
        ours = [r for r in rule.hits if r.resource.startswith(("pods", "kubervisorservices"))]
        assert stage.fleet.out() == ()
    # Without leave, the lease is lost: the process ends, and the kubelet starts another.
    assert stage.end() == bench.undisturbed()
    figure(f"{len(ours)} writes tried in 10 evaluations of two outliers, none repeated at once")


def test_fault_24_a_pod_of_the_same_name_is_not_ejected_for_another(
    bench: Bench, figure: Figure
) -> None:
    with bench.stage(kind=Kind.STATEFUL_SET) as stage:
        stage.begin()
        victim = stage.outliers[0]
        holds = Holds()
        with bench.proxy.rule(ejects, holds, times=1) as rule:
            stage.detector.outliers(victim)
            rule.wait(1, WITHIN)
            stage.detector.outliers()
            stage.fleet.delete_pod(victim)
            stage.fleet.wait(
                lambda f: any(p.name == victim.name and p.uid != victim.uid for p in f.pods()),
                WITHIN,
                "another has its name",
            )
            holds.let_go()
            status = holds.wait_reply(WITHIN).status
        stage.fleet.wait_ready(5, WITHIN)
        stage.evaluations(3)
        assert stage.ejected() == []
        figure(f"the late write gets {status}, the new pod serves")
        assert status in (404, 409, 422)


def test_fault_25_a_pod_that_is_deleted_while_it_is_ejected(bench: Bench, stage: Stage) -> None:
    stage.begin()
    victim = stage.outliers[0]
    holds = Holds()
    with bench.proxy.rule(ejects, holds, times=1) as rule:
        stage.detector.outliers(victim)
        rule.wait(1, WITHIN)
        stage.fleet.delete_pod(victim)
        stage.fleet.wait(lambda f: f.pod(victim.name) is None, WITHIN, "it is gone")
        holds.let_go()
        assert holds.wait_reply(WITHIN).status == 404
    stage.fleet.wait_ready(5, WITHIN)
    status = stage.scene.wait_status(
        lambda s: s["fleet"]["serving"] == 5 and not s.get("intents"), "all serve", stage.name
    )
    assert status["fleet"]["mayEject"] == 2, "the budget has its pod back"


def test_fault_26_a_persons_label_survives_an_ejection_at_the_same_moment(
    bench: Bench, stage: Stage
) -> None:
    stage.begin()
    victim = stage.outliers[0]
    holds = Holds()
    with bench.proxy.rule(ejects, holds, times=1) as rule:
        stage.detector.outliers(victim)
        rule.wait(1, WITHIN)
        stage.fleet.label(victim, "team", "green")
        holds.let_go()
        assert holds.wait_reply(WITHIN).status == 409
    stage.wait_out(1)
    assert stage.fleet.out()[0].labels["team"] == "green"
    assert stage.ejected() == [victim.name]


def test_fault_26_a_pod_that_a_person_holds_at_the_same_moment_is_the_persons(
    bench: Bench, stage: Stage
) -> None:
    stage.begin()
    victim = stage.outliers[0]
    holds = Holds()
    with bench.proxy.rule(ejects, holds, times=1) as rule:
        stage.detector.outliers(victim)
        rule.wait(1, WITHIN)
        bench.scene.observer.expect_by_hand(victim)
        stage.fleet.label(victim, rules.TRAFFIC, "no")
        holds.let_go()
        assert holds.wait_reply(WITHIN).status == 409
    stage.evaluations(3)
    assert stage.ejected() == []


def test_fault_27_a_selector_that_is_reverted_again_and_again(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    stage.begin()
    stage.accuse()
    stage.wait_out()
    for _ in range(5):
        stage.fleet.select_traffic(False)
        stage.fleet.wait(lambda f: not f.out(), WITHIN, "without the selector nobody is out")
        stage.fleet.select_traffic(True)
        stage.wait_out()
    bench.scene.observer.caught_up()
    figure(f"5 reverts, {len(stage.ejected())} ejections, 5 times all given back")
    assert len(stage.ejected()) == 12


def test_fault_28_a_label_that_somebody_strips_is_set_again(stage: Stage) -> None:
    stage.begin()
    stage.accuse()
    stage.wait_out()
    peer = stage.fleet.serving()[0]
    stage.fleet.label(peer, rules.TRAFFIC, None)
    stage.fleet.wait(lambda f: peer.name in f.in_slices(), WITHIN, "it serves again")
    ejected = stage.outliers[0]
    stage.detector.outliers(stage.outliers[1])
    stage.fleet.label(ejected, rules.TRAFFIC, None)
    stage.fleet.wait(lambda f: ejected.name in f.in_slices(), WITHIN, "unlabelled, it serves")
