"""Two leaders for a moment: frozen, cut off, robbed of the Lease. One acts, and nothing twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from kubervisor.assembly import find_lease_name
from kubervisor.settings import Settings
from playground.controller import Controller
from playground.fault_answers import Holds, answers, hangs
from playground.faultproxy import FaultProxy, asks
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, SHORT_LEASE, WITHIN, Scene, names
from tests.faults.conftest import LONG, Figure
from tests.faults.test_writes import ejects

USUAL_LEASE = {"KUBERVISOR_LEASE_DURATION": "15"}
KINDS = ("pods", "services", "kubervisorservices")


@pytest.fixture
def proxy(scene: Scene) -> Iterator[FaultProxy]:
    """A way to the API server that the first leader has for itself."""
    with FaultProxy(scene.cluster) as proxy:
        yield proxy


def two(scene: Scene, proxy: FaultProxy, lease: dict[str, str]) -> tuple[Controller, Controller]:
    """A leader behind the proxy and a standby that is not."""
    leader = scene.controller(f"--kubeconfig={proxy.kubeconfig}", env=lease)
    scene.wait_leading(leader)
    return leader, scene.controller(env=lease)


def lease_path(scene: Scene) -> str:
    """Where the Lease of the scene's controllers is."""
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{scene.namespace}/leases"
    return f"{leases}/{find_lease_name(Settings(namespaces=(scene.namespace,)))}"


def wait_over(controller: Controller) -> None:
    """Return once the process has said its last word."""
    controller.wait_line(lambda line: line["event"] == "Stopped", WITHIN, "it ends")


def lost_the_lease(controller: Controller) -> bool:
    """Whether it ended because another may act."""
    return any(line["event"] == "Lost the lease, ending" for line in controller.lines())


@pytest.mark.parametrize(
    ("lease", "frozen"),
    [
        pytest.param(SHORT_LEASE, 0.0, id="fault_01_the_leader_is_frozen_past_a_short_lease"),
        pytest.param(
            USUAL_LEASE,
            20.0,
            id="fault_01_the_leader_is_frozen_for_20_seconds",
            marks=LONG,
        ),
    ],
)
def test_a_leader_that_wakes_changes_nothing_and_ends(
    lease: dict[str, str], frozen: float, scene: Scene, proxy: FaultProxy, figure: Figure
) -> None:
    leader, standby = two(scene, proxy, lease)
    fleet = scene.fleet(6)
    scene.guard(scene.breaker(minPodsAvailableCount=3), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    leader.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    scene.detector.outliers(*fleet.pods())
    scene.wait_leading(standby, within=25)
    took = time.monotonic() - began
    fleet.wait(lambda f: len(f.out()) == 3, WITHIN, "the standby has acted")
    scene.wait_status(lambda s: s["fleet"]["ejected"] == 3, "and said so")
    threading.Event().wait(max(0.0, began + frozen - time.monotonic()))
    with scene.observer.silence("pods", "kubervisorservices"):
        leader.send_signal(signal.SIGCONT)
        wait_over(leader)
    assert lost_the_lease(leader)
    assert {rules.notes(p.body)[rules.EPOCH] for p in scene.ejections()} == {"2"}
    figure(f"the standby leads {took:.1f} s after the freeze; the sleeper ends without a write")


@pytest.mark.parametrize(
    ("ending", "deleted"),
    [
        pytest.param(signal.SIGSTOP, False, id="fault_01_frozen_between_declaration_and_write"),
        pytest.param(
            *(signal.SIGKILL, False),
            id="fault_06_killed_between_declaration_and_write",
            marks=LONG,
        ),
        pytest.param(
            *(signal.SIGSTOP, True),
            id="fault_02_frozen_in_a_write_and_the_lease_is_deleted",
            marks=LONG,
        ),
        pytest.param(
            signal.SIGKILL, True, id="fault_02_killed_in_a_write_and_the_lease_is_deleted"
        ),
    ],
)
def test_a_late_write_of_the_leader_before_gets_a_conflict(
    ending: signal.Signals, deleted: bool, scene: Scene, proxy: FaultProxy, figure: Figure
) -> None:
    leader, standby = two(scene, proxy, SHORT_LEASE)
    fleet = scene.fleet(4)
    scene.guard(scene.breaker(minPodsAvailableCount=3), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    victim, other = fleet.pods()[:2]
    holds = Holds()
    with proxy.rule(ejects, holds) as rule:
        scene.detector.outliers(victim)
        rule.wait(1, WITHIN)
        status = scene.wait_status(lambda s: s.get("intents"), "the ejection is declared")
        assert status["intents"][0]["podUid"] == victim.uid
        scene.detector.outliers()
        leader.send_signal(ending)
        if deleted:
            scene.api.delete(lease_path(scene))
        scene.wait_leading(standby)
        scene.until(
            lambda: any(line["event"] == "Fenced pod" for line in standby.lines()), "it fences"
        )
        with scene.observer.silence("pods"):
            holds.let_go()
            late = holds.wait_reply(WITHIN)
            assert late.status == 409
            if ending is signal.SIGSTOP:
                leader.send_signal(signal.SIGCONT)
                wait_over(leader)
        assert not fleet.out()
    # The budget is whole: the one pod that may go still may.
    scene.detector.outliers(other)
    fleet.wait(lambda f: names(f.out()) == {other.name}, WITHIN, "the standby acts")
    epochs = [int(rules.notes(p.body)[rules.EPOCH]) for p in scene.ejections()]
    assert epochs > [1]
    figure(f"the late write gets {late.status}")


def test_fault_02_a_deleted_lease_ends_the_leader_and_epochs_go_on_growing(
    scene: Scene, proxy: FaultProxy
) -> None:
    leader, standby = two(scene, proxy, SHORT_LEASE)
    fleet = scene.fleet(4)
    first, second = fleet.pods()[:2]
    scene.detector.outliers(first)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "the leader has acted")
    standby.stop()  # so that whoever follows knows nothing of the Lease
    scene.api.delete(lease_path(scene))
    wait_over(leader)
    assert lost_the_lease(leader)
    standby.restart()
    scene.detector.outliers(first, second)
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "the next one acts")
    epochs = [int(rules.notes(p.body)[rules.EPOCH]) for p in scene.ejections()]
    assert epochs == [1, 2]


@LONG
def test_fault_03_conflicts_on_the_lease_do_not_unseat_the_leader(
    scene: Scene, proxy: FaultProxy
) -> None:
    leader, standby = two(scene, proxy, SHORT_LEASE)
    with proxy.rule(asks("patch", "leases"), answers(409), times=3) as rule:
        rule.wait(3, WITHIN)
    for number in range(20):
        # Whoever annotates the Lease moves its version between the leader's reading and writing.
        scene.api.merge(lease_path(scene), {"metadata": {"annotations": {"n": str(number)}}})
        threading.Event().wait(0.1)
    assert leader.metric("kubervisor_leader") == 1
    assert standby.metric("kubervisor_leader") == 0
    assert scene.api.get(lease_path(scene))["spec"]["leaseTransitions"] == 1


@contextmanager
def silent(proxy: FaultProxy) -> Iterator[None]:
    """Nothing arrives any more, nothing is refused."""
    with ExitStack() as stack:
        stack.enter_context(proxy.silence(*KINDS))
        stack.enter_context(proxy.rule(lambda _: True, hangs))
        yield


@pytest.mark.parametrize(
    "partition",
    [
        pytest.param(lambda proxy: proxy.refusing(), id="fault_04_every_connection_is_refused"),
        pytest.param(silent, id="fault_04_nothing_is_answered", marks=LONG),
    ],
)
def test_a_leader_without_its_api_server_ends_before_another_leads(
    partition: object, scene: Scene, proxy: FaultProxy, figure: Figure
) -> None:
    leader, standby = two(scene, proxy, SHORT_LEASE)
    fleet = scene.fleet(4)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    assert callable(partition)
    began = time.monotonic()
    with partition(proxy):
        scene.detector.outliers(fleet.pods()[0])
        scene.wait_leading(standby)
        took = time.monotonic() - began
        assert leader.metric("kubervisor_leader") == 0 if is_up(leader) else True
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "the standby acts")
        wait_over(leader)
    assert lost_the_lease(leader)
    scene.evaluations(3)
    assert len(scene.ejections()) == 1
    figure(f"another leads {took:.1f} s after the cut (lease 3 s)")


def is_up(controller: Controller) -> bool:
    """Whether it still serves its pages."""
    try:
        return bool(controller.page("/livez"))
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "most"),
    [
        pytest.param(signal.SIGKILL, 20.0, id="fault_01_fail_over_after_kill_9", marks=LONG),
        pytest.param(signal.SIGTERM, 3.0, id="fault_62_fail_over_after_sigterm"),
    ],
)
def test_fail_over_with_the_usual_lease(
    number: signal.Signals, most: float, scene: Scene, proxy: FaultProxy, figure: Figure
) -> None:
    leader, standby = two(scene, proxy, USUAL_LEASE)
    began = time.monotonic()
    leader.stop(number)
    scene.wait_leading(standby, within=most + 10)
    took = time.monotonic() - began
    figure(f"{took:.1f} s until another leads (lease 15 s, at most {most:g} s)")
    assert took <= most
