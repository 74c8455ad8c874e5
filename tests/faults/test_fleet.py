"""What people and other controllers do to the fleet while pods are out."""

from __future__ import annotations

import time

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.evidence import Memory, remember
from playground.fleet_manifests import Kind, namespace_path, service
from tests.builders import NOW, a_breaker, a_fleet, a_policy, a_verdict
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, WITHIN, condition, names
from tests.faults.bench import Bench, Stage
from tests.faults.conftest import LONG, Figure

COST = "controller.kubernetes.io/pod-deletion-cost"


def half(stage: Stage, **more: object) -> None:
    """Guard it with a floor of half its members."""
    breaker = stage.breaker(minPodsAvailableCount=1, minPodsAvailableRatio=50)
    stage.guard(breakers=(breaker,), **more)
    stage.scene.wait_condition("Ready", name=stage.name)


@LONG
def test_fault_29_all_pods_are_outliers(bench: Bench, figure: Figure) -> None:
    with bench.stage(size=10) as stage:
        half(stage)
        stage.detector.outliers(*stage.fleet.pods())
        stage.wait_out(5)
        with bench.scene.observer.silence("pods"):
            stage.evaluations(5)
        figure("10 outliers: 5 ejected, 5 serve, for ever")


def test_fault_30_the_outliers_grow_past_the_budget_one_by_one(
    bench: Bench, figure: Figure
) -> None:
    with bench.stage(size=6) as stage:
        half(stage)
        for count in range(1, 7):
            stage.detector.outliers(*stage.fleet.pods()[:count])
            stage.wait_out(min(count, 3))
        with bench.scene.observer.silence("pods"):
            stage.evaluations(5)
        assert len(stage.ejected()) == 3
        figure("outliers 1 to 6 of 6: ejected 1, 2, 3, 3, 3, 3")


@LONG
def test_fault_31_a_scale_down_that_leaves_mostly_ejected_pods(bench: Bench) -> None:
    with bench.stage(size=10) as stage:
        half(stage)
        stage.accuse()
        stage.wait_out(2)
        staying = (*stage.outliers, stage.fleet.serving()[0])
        for pod in staying:
            stage.fleet.annotate(pod, COST, "100")
        stage.fleet.scale(3)
        stage.fleet.wait(
            lambda f: len(f.pods()) == 3 and len(f.in_slices()) == 2, WITHIN, "the floor of 2"
        )
        assert names(stage.fleet.pods()) == names(staying)


def test_fault_32_scaled_to_one_and_to_none_and_back(bench: Bench) -> None:
    with bench.stage(size=4) as stage:
        half(stage)
        stage.accuse()
        stage.wait_out(2)
        stage.fleet.annotate(stage.outliers[0], COST, "100")
        for size in (1, 0, 3):
            stage.fleet.scale(size)
            # Alone, an ejected pod is below the floor of one: it serves.
            stage.fleet.wait_ready(size, WITHIN)
        stage.scene.wait_status(
            lambda s: s["fleet"]["serving"] == s["fleet"]["members"] == 3, "three serve", stage.name
        )


def test_fault_33_a_scale_down_takes_the_healthy_pods(bench: Bench) -> None:
    """Ejected pods are Ready: whoever scales down prefers them no more than others."""
    with bench.stage(size=6) as stage:
        half(stage)
        stage.detector.outliers(*stage.fleet.pods()[:3])
        stage.wait_out(3)
        for pod in stage.fleet.out():
            stage.fleet.annotate(pod, COST, "100")
        stage.fleet.scale(4)
        stage.fleet.wait(
            lambda f: len(f.pods()) == 4 and len(f.in_slices()) == 2, WITHIN, "the floor of 2"
        )


@LONG
def test_fault_34_a_rollout_while_pods_are_out(stage: Stage) -> None:
    stage.begin()
    stage.accuse()
    stage.wait_out()
    before = names(stage.fleet.pods())
    stage.fleet.roll_out("2")
    stage.fleet.wait(
        lambda f: len(f.in_slices()) == 5 and not before & names(f.pods()), WITHIN, "all are new"
    )
    assert not stage.fleet.out()


@LONG
def test_fault_35_a_disruption_budget_defers_the_end_of_a_pod(bench: Bench, stage: Stage) -> None:
    path = f"/apis/policy/v1/namespaces/{bench.scene.namespace}/poddisruptionbudgets/{stage.name}"
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": stage.name},
        "spec": {"minAvailable": "100%", "selector": {"matchLabels": {"app": stage.name}}},
    }
    bench.scene.api.apply(path, budget)
    stage.guard(defaultActivator={"mode": "retryAndKill", "maxRetryCount": 0, "period": 2})
    victim = stage.outliers[0]
    stage.detector.outliers(victim)
    bench.scene.observer.wait(
        lambda o: any(
            e["regarding"]["name"] == stage.name for e in o.events("TerminationDeferred")
        ),
        WITHIN,
        "the refusal is told",
    )
    stage.detector.outliers()
    stage.fleet.wait(lambda f: victim.name in f.in_slices(), WITHIN, "it returns in time")
    bench.scene.api.delete(path)


@LONG
def test_fault_36_a_drain_of_healthy_peers_brings_the_ejected_back(bench: Bench) -> None:
    with bench.stage(size=4) as stage:
        half(stage)
        stage.accuse()
        stage.wait_out()
        node = stage.fleet.pods()[0].node
        stage.fleet.cordon(node, on=True)
        try:
            peer = stage.fleet.serving()[0]
            assert stage.fleet.evict(peer)
            stage.fleet.wait(
                lambda f: peer.name not in names(f.pods()) and len(f.in_slices()) >= 2,
                WITHIN,
                "the floor of 2 is kept by an early return",
            )
        finally:
            stage.fleet.cordon(node, on=False)
        stage.fleet.wait(lambda f: len(f.serving()) >= 2, WITHIN, "it recovers")


@LONG
def test_fault_37_two_objects_on_one_service(bench: Bench, stage: Stage) -> None:
    stage.begin()
    late = f"{stage.name}-late"
    bench.scene.guard(stage.breaker(), name=late, service=stage.name)
    told = bench.scene.wait_condition("Ready", "False", late)
    assert told["reason"] == "OverlappingFleet"
    stage.accuse()
    stage.wait_out()
    assert {pod.labels[rules.NAME] for pod in stage.fleet.out()} == {stage.name}
    bench.scene.delete_guard(late)
    bench.scene.wait_guard_gone(late)
    assert stage.end() == bench.undisturbed()


@LONG
def test_fault_37_a_pod_of_two_services_leaves_the_other_one_served(
    bench: Bench, stage: Stage
) -> None:
    other = service(f"{stage.name}-gold", selects_traffic=True)
    other["spec"]["selector"] = {"gold": stage.name, rules.TRAFFIC: "yes"}
    path = f"{namespace_path(bench.scene.namespace)}/services/{stage.name}-gold"
    bench.scene.api.apply(path, other)
    for pod in stage.outliers:
        stage.fleet.label(pod, "gold", stage.name)
    stage.begin()
    stage.accuse()
    stage.wait_out(1)
    with bench.scene.observer.silence("pods"):
        stage.evaluations(5)
    bench.scene.api.delete(path)


def test_fault_38_another_selector_and_back(stage: Stage) -> None:
    stage.begin()
    stage.accuse()
    stage.wait_out()
    stage.scene.api.merge(stage.fleet.service_path, {"spec": {"selector": {"tier": "none"}}})
    stage.fleet.wait(
        lambda f: all(p.traffic == "yes" and rules.NAME not in p.labels for p in f.pods()),
        WITHIN,
        "all are released",
    )
    stage.scene.api.merge(stage.fleet.service_path, {"spec": {"selector": {"tier": None}}})
    stage.wait_out()


def test_fault_39_the_service_is_deleted_and_made_again(bench: Bench, stage: Stage) -> None:
    stage.begin()
    stage.accuse()
    stage.wait_out()
    bench.scene.api.delete(stage.fleet.service_path)
    stage.fleet.wait(lambda f: len(f.serving()) == 5, WITHIN, "without a Service all are released")
    assert bench.scene.wait_condition("Ready", "False", stage.name)["reason"] == "ServiceNotFound"
    bench.scene.api.apply(stage.fleet.service_path, service(stage.name, selects_traffic=True))
    stage.wait_out()


SERVICES = [
    pytest.param({"clusterIP": "None"}, "Guarding", id="fault_40_headless", marks=LONG),
    pytest.param(
        {"type": "ExternalName", "externalName": "a.example", "selector": None},
        "ServiceUnsupported",
        id="fault_40_external_name",
    ),
    pytest.param(
        {"selector": None}, "ServiceWithoutSelector", id="fault_40_without_a_selector", marks=LONG
    ),
]


@pytest.mark.parametrize(("spec", "reason"), SERVICES)
def test_services_of_other_kinds(spec: dict[str, str], reason: str, bench: Bench) -> None:
    with bench.stage() as stage:
        bench.scene.api.delete(stage.fleet.service_path)
        body = service(stage.name, selects_traffic=True)
        body["spec"] |= spec
        bench.scene.api.apply(stage.fleet.service_path, body)
        stage.guard()
        guarded = reason == "Guarding"
        status = bench.scene.wait_status(
            lambda s: condition(s, "Ready").get("reason") == reason, reason, stage.name
        )
        assert condition(status, "Ready")["status"] == str(guarded)
        stage.accuse()
        if guarded:
            stage.wait_out()
        else:
            stage.detector.outliers()
            assert not stage.fleet.out()


@pytest.mark.parametrize(
    ("kind", "size", "out"),
    [
        pytest.param(Kind.STATEFUL_SET, 5, 2, id="fault_41_a_stateful_set", marks=LONG),
        pytest.param(Kind.DAEMON_SET, 1, 0, id="fault_41_a_daemon_set_of_one_keeps_its_one"),
    ],
)
def test_workloads_of_other_kinds(kind: Kind, size: int, out: int, bench: Bench) -> None:
    with bench.stage(size=size, kind=kind) as stage:
        stage.guard()
        bench.scene.wait_condition("Ready", name=stage.name)
        stage.accuse()
        stage.wait_out(out)
        with bench.scene.observer.silence("pods"):
            stage.evaluations(3)


def test_fault_41_a_bare_pod_is_paused_and_never_terminated(bench: Bench, stage: Stage) -> None:
    """Nothing would replace it."""
    bare = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{stage.name}-bare",
            "labels": {"app": stage.name, rules.TRAFFIC: "yes"},
        },
        "spec": {
            "containers": [{"name": "workload", "image": "workload"}],
            "terminationGracePeriodSeconds": 0,
        },
    }
    pods = f"{namespace_path(bench.scene.namespace)}/pods"
    bench.scene.api.create(pods, bare)
    stage.fleet.wait_ready(6, WITHIN)
    pod = stage.fleet.pod(f"{stage.name}-bare")
    assert pod is not None
    activator = {"mode": "retryAndPause", "maxRetryCount": 0, "maxPauseCount": 2, "period": 600}
    stage.guard(defaultActivator=activator)
    stage.detector.outliers(pod)
    stage.fleet.wait(
        lambda f: [(p.name, p.traffic) for p in f.out()] == [(pod.name, "pause")],
        WITHIN,
        "it is paused",
    )
    assert stage.fleet.pod(pod.name) is not None
    bench.scene.api.delete(f"{pods}/{pod.name}", gracePeriodSeconds="0")


def test_fault_42_pods_that_are_not_ready_are_no_spare_capacity(bench: Bench) -> None:
    with bench.stage(size=6) as stage:
        half(stage)
        for pod in stage.fleet.pods()[4:]:
            stage.fleet.set_ready(pod, False)
        stage.fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "four are Ready")
        # By its status: nobody can know of what it has not been told yet.
        stage.scene.wait_status(
            lambda s: s["fleet"]["serving"] == 4, "the controller knows", stage.name
        )
        stage.detector.outliers(*stage.fleet.pods())
        stage.wait_out(1)
        with bench.scene.observer.silence("pods"):
            stage.evaluations(5)
        assert stage.fleet.out()[0].ready


def test_fault_43_ten_thousand_pods_are_planned_within_the_floor(figure: Figure) -> None:
    """The decision alone; `make bench` measures a controller of that size."""
    fleet = a_fleet(10_000)
    breaker = a_breaker(ratio=50)
    verdict = a_verdict(fleet, [pod.name for pod in fleet.pods])
    memory = remember(Memory(), verdict, steps=1)
    began = time.monotonic()
    plan = plan_ejections(fleet, verdict, breaker, a_policy(breaker), memory, now=NOW)
    took = time.monotonic() - began
    assert len(plan.intents) == 5000
    figure(f"{took * 1000:.0f} ms for 10,000 outliers of 10,000")


def test_fault_44_an_object_that_is_changed_a_hundred_times(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    stage.begin()
    stage.accuse()
    began = time.monotonic()
    for number in range(100):
        stage.guard(defaultActivator={"period": FOREVER + number % 2})
    rate = 100 / (time.monotonic() - began)
    stage.guard()
    assert stage.end() == bench.undisturbed()
    assert len(stage.ejected()) == 2
    figure(f"100 changes at {rate:.0f} a second, 2 ejections")


def test_fault_44_an_object_that_comes_and_goes(bench: Bench, stage: Stage) -> None:
    for _ in range(5):
        stage.accuse()
        stage.guard()
        stage.wait_out()
        bench.scene.delete_guard(stage.name)
        bench.scene.wait_guard_gone(stage.name)
        stage.fleet.wait_ready(5, WITHIN)
    assert len(stage.ejected()) == 10
