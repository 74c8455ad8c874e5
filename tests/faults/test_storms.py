"""The API server and its store go away and come back; all pods become outliers at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fault_answers import answers
from playground.faultproxy import FaultProxy, asks
from tests.conftest import teach
from tests.e2e.scene import FOREVER, WITHIN, Scene
from tests.faults.conftest import LONG, Figure
from tests.faults.test_writes import ejects
from tests.namespaces import passing_namespace

PATIENT = {"KUBERVISOR_LEASE_DURATION": "60"}
"""A lease that outlives the outage: the process stays, with all that it had cached."""

USUAL = {"KUBERVISOR_LEASE_DURATION": "15"}
KINDS = ("pods", "services", "kubervisorservices")


@pytest.fixture(scope="module")
def outages() -> Iterator[LocalCluster]:
    """A cluster of this file's own: its API server and its store are stopped."""
    with LocalCluster.start() as cluster:
        teach(cluster)
        yield cluster


@pytest.fixture
def scene(outages: LocalCluster) -> Iterator[Scene]:
    """A scene on the cluster that fails."""
    for program in ("kube-controller-manager", "kube-scheduler", "kwok"):
        outages.restart(program)  # after an outage they look again only a minute later
    with passing_namespace(outages, "faults") as name, Scene(outages, name) as scene:
        yield scene


OUTAGES = [
    pytest.param("kube-apiserver", 3.0, PATIENT, id="fault_17_the_api_server_restarts"),
    pytest.param(
        *("kube-apiserver", 30.0, PATIENT),
        id="fault_17_the_api_server_is_down_for_30_seconds",
        marks=LONG,
    ),
    pytest.param(
        *("kube-apiserver", 30.0, USUAL),
        id="fault_17_down_for_longer_than_the_lease",
        marks=LONG,
    ),
    pytest.param(*("etcd", 10.0, PATIENT), id="fault_18_the_store_restarts", marks=LONG),
]


@pytest.mark.parametrize(("program", "seconds", "lease"), OUTAGES)
def test_an_outage_is_followed_by_one_clean_resync_and_no_storm(
    program: str, seconds: float, lease: dict[str, str], scene: Scene, figure: Figure
) -> None:
    """While it lasts peers crash and everything becomes an outlier: the floor holds afterwards."""
    with FaultProxy(scene.cluster) as proxy:
        controller = scene.controller(f"--kubeconfig={proxy.kubeconfig}", env=lease)
        scene.wait_leading(controller)
        fleet = scene.fleet(8)
        scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        lists, pods = proxy.count(asks("list")), fleet.pods()
        scene.cluster.stop(program)
        scene.detector.outliers(*pods)
        threading.Event().wait(seconds)
        scene.cluster.restart(program)
        began = time.monotonic()
        if lease is USUAL:
            # The lease could not be renewed: it has ended, and the kubelet starts another.
            controller.wait_line(lambda line: line["event"] == "Stopped", WITHIN, "it ended")
            controller.restart()
        fleet.wait(lambda f: len(f.out()) == 4, 60, "half of them are out")
        took = time.monotonic() - began
        with scene.observer.silence("pods"):
            scene.evaluations(5)
        ejected = [passage.pod for passage in scene.ejections()]
        assert len(ejected) == len(set(ejected)) == 4
        resyncs = proxy.count(asks("list")) - lists
        figure(f"right {took:.1f} s after its return; {resyncs} LISTs, each pod written once")


@LONG
def test_fault_13_a_storm_of_ejections_has_a_pace(scene: Scene, figure: Figure) -> None:
    """Relists in the middle of it change nothing of that: five a second."""
    with FaultProxy(scene.cluster) as proxy:
        five = {"KUBERVISOR_MAX_EJECTIONS_PER_SECOND": "5"}
        controller = scene.controller(f"--kubeconfig={proxy.kubeconfig}", env=PATIENT | five)
        scene.wait_leading(controller)
        fleet = scene.fleet(40)
        scene.guard(scene.breaker(minPodsAvailableRatio=25), defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        began = time.monotonic()
        scene.detector.outliers(*fleet.pods())
        with proxy.rule(asks("list", "pods"), answers(429, retry_after=1), times=2):
            for _ in range(4):
                threading.Event().wait(0.5)
                for kind in KINDS:
                    proxy.cut(kind)
        fleet.wait(lambda f: len(f.out()) == 30, 30, "30 are out")
        seconds = Counter(int(at - began) for at, r in proxy.requests if ejects(r))
        worst = max(seconds.values())
        assert worst <= 6, seconds  # 0.2 s apart; a late one may fall into the next second
        figure(f"30 ejections in {time.monotonic() - began:.1f} s, at most {worst} in a second")


@LONG
def test_fault_13_a_storm_that_lasts_is_slowed_down(scene: Scene, figure: Figure) -> None:
    """Pods that return at once and are ejected again, for minutes: one in ten seconds is left."""
    five = {"KUBERVISOR_MAX_EJECTIONS_PER_SECOND": "5"}
    controller = scene.controller(env=five)
    scene.wait_leading(controller)
    fleet = scene.fleet(20)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableRatio=25), defaultActivator={"period": 1})
    threading.Event().wait(65)
    first = len(scene.ejections())
    threading.Event().wait(40)
    rest = len(scene.ejections()) - first
    figure(f"{first} ejections in the first 65 s, {rest} in the next 40 s")
    assert rest <= 6
