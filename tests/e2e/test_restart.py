"""Controllers end and begin: the pods carry all that matters, and one at a time acts."""

from __future__ import annotations

import signal

from kubervisor import instants
from kubervisor.traffic import keys
from playground.controller import Controller
from tests.e2e import invariants as rules
from tests.e2e.observer import GUARDS
from tests.e2e.scene import FOREVER, SHORT_LEASE, WITHIN, Scene, names

DONE = ("Ejected pod", "Returned pod", "Paused pod", "Terminated pod", "Fenced pod")


def test_a_kill_in_the_middle_of_ejections_changes_nothing_of_the_end(scene: Scene) -> None:
    # Five a second, so that there is a middle.
    controller = scene.controller(env=SHORT_LEASE | {"KUBERVISOR_MAX_EJECTIONS_PER_SECOND": "5"})
    fleet = scene.fleet(20)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableRatio=25), defaultActivator={"period": FOREVER})
    scene.observer.wait(lambda o: o.ejections, WITHIN, "the first pod is out")
    controller.stop(signal.SIGKILL)
    done = len(scene.ejections())
    assert done < 15

    controller.restart()
    fleet.wait(lambda f: len(f.out()) == 15, WITHIN, "the rest is out too")
    with scene.observer.silence("pods"):
        scene.evaluations(20)
    ejected = [passage.pod for passage in scene.ejections()]
    assert len(ejected) == len(set(ejected)) == 15
    assert {passage.retries for passage in scene.ejections()} == {1}


def test_after_a_kill_holds_go_on_and_retries_and_decisions_are_kept(scene: Scene) -> None:
    controller = scene.controller(env=SHORT_LEASE)
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    activator = {"mode": "retryAndKill", "maxRetryCount": 9, "period": 2}
    scene.guard(scene.breaker(), defaultActivator=activator)
    # The second time out is twice as long: 4 s.
    scene.observer.wait(lambda o: len(o.ejections) == 2, WITHIN, "it is out the second time")
    scene.wait_status(
        lambda s: [one["action"] for one in s.get("recent", ())].count("Ejected") == 2,
        "both ejections are recorded",
    )
    controller.stop(signal.SIGKILL)
    scene.detector.outliers()
    second = scene.ejections()[1]
    until = instants.parse(rules.notes(second.body)[rules.EJECTED_UNTIL])
    assert until is not None

    controller.restart()
    began = instants.parse(scene.wait_leading(controller, times=2)["ts"])
    assert began is not None
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "its time out ends")
    returned = scene.returns()[-1]
    at = instants.parse(rules.notes(returned.body)[rules.RETURNED_AT])
    assert at is not None
    assert until - 0.1 <= at < began + 4, "neither freed nor held anew"
    assert returned.retries == 2

    scene.detector.outliers(pod)
    scene.observer.wait(lambda o: len(o.ejections) == 3, WITHIN, "it is out the third time")
    assert scene.ejections()[2].retries == 3
    status = scene.wait_status(
        lambda s: [one["action"] for one in s["recent"]].count("Ejected") == 3,
        "decisions of before are still there",
    )
    assert [one["action"] for one in status["recent"]] == [
        *("Ejected", "Returned", "Ejected", "Returned", "Ejected")
    ]


def test_a_standby_writes_nothing_and_takes_over_at_once_when_the_leader_stops(
    scene: Scene,
) -> None:
    # The usual lease of 15 s: only a lease that is given up is taken over sooner.
    leader = scene.controller()
    scene.wait_leading(leader)
    standby = scene.controller()
    fleet = scene.fleet(6)
    first, second, *_ = fleet.pods()
    scene.detector.outliers(first)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: names(f.out()) == {first.name}, WITHIN, "the leader has acted")
    assert not acted(standby)

    assert leader.stop() == 0
    scene.wait_leading(standby, within=6)
    scene.detector.outliers(first, second)
    fleet.wait(
        lambda f: names(f.out()) == {first.name, second.name}, WITHIN, "the standby has acted"
    )
    assert [passage.pod for passage in scene.ejections()] == [first.name, second.name]


def test_a_standby_takes_over_from_a_killed_leader_when_the_lease_has_run_out(
    scene: Scene,
) -> None:
    leader = scene.controller(env=SHORT_LEASE)
    scene.wait_leading(leader)
    scene.controller(env=SHORT_LEASE)
    fleet = scene.fleet(6)
    first, second, *_ = fleet.pods()
    scene.detector.outliers(first)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: names(f.out()) == {first.name}, WITHIN, "the leader has acted")

    leader.stop(signal.SIGKILL)
    scene.detector.outliers(first, second)
    fleet.wait(
        lambda f: names(f.out()) == {first.name, second.name}, WITHIN, "the standby has acted"
    )
    epochs = [rules.notes(p.body)[rules.EPOCH] for p in scene.ejections()]
    assert epochs == ["1", "2"]


def test_ejections_that_a_dead_leader_had_declared_leave_nothing_behind_a_deletion(
    scene: Scene,
) -> None:
    fleet = scene.fleet(4)
    declared = [
        {"podUid": pod.uid, "ejectionId": f"e-{pod.name}", "epoch": 1} for pod in fleet.pods()[:2]
    ]
    scene.guard(scene.breaker())
    guard = f"{GUARDS.format(scene.namespace)}/shop"
    scene.api.merge(guard, {"metadata": {"finalizers": [keys.FINALIZER]}})
    scene.api.merge(f"{guard}/status", {"status": {"epoch": 1, "intents": declared}})
    scene.delete_guard()

    controller = scene.controller()
    scene.wait_guard_gone()
    # Nobody knew whether the ejections were still to come.
    assert [line["event"] for line in controller.lines()].count("Fenced pod") == 2
    assert not scene.observer.caught_up().left_on_pods()


def test_a_leader_that_sleeps_past_its_lease_ends_without_another_write(scene: Scene) -> None:
    leader = scene.controller(env=SHORT_LEASE)
    scene.wait_leading(leader)
    standby = scene.controller(env=SHORT_LEASE)
    fleet = scene.fleet(6)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")

    leader.send_signal(signal.SIGSTOP)
    scene.wait_leading(standby)
    scene.detector.outliers(*fleet.pods()[:3])
    fleet.wait(lambda f: len(f.out()) == 3, WITHIN, "the standby has acted")
    with scene.observer.silence("pods"):
        leader.send_signal(signal.SIGCONT)
        leader.wait_line(lambda line: line["event"] == "Stopped", WITHIN, "the sleeper ends")
    assert not acted(leader)


def acted(controller: Controller) -> list[str]:
    """What a controller did to pods, by its own log."""
    done = (str(line["event"]) for line in controller.lines())
    return [event for event in done if event in DONE]
