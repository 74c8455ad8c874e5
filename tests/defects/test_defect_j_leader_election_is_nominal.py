"""The original went on writing after it had lost the lease, and collected garbage without it."""

from __future__ import annotations

import signal

from kubervisor.assembly import find_lease_name
from kubervisor.settings import Settings
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector
from playground.fleet_api import Json
from tests.integration.guard import PATIENCE, Guard, evaluations, is_released, until, wait_end
from tests.integration.specs import custom, guarding

QUICK = {"KUBERVISOR_LEASE_DURATION": "4", "KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "0.3"}


def lease_path(guard: Guard) -> str:
    """Where the Lease of this guard's namespaces is."""
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    return f"{leases}/{find_lease_name(Settings(namespaces=guard.namespaces))}"


def is_leading(line: Json) -> bool:
    """True for the log line of a controller that leads and acts from now on."""
    return bool(line["event"] == "Leading")


def standby(guard: Guard) -> Controller:
    """A second controller of the same namespaces."""
    own = [f"--namespace={name}" for name in guard.namespaces]
    return Controller(guard.cluster.kubeconfig, *own, env=QUICK)


def test_a_controller_whose_lease_is_taken_ends_and_writes_nothing_more(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=QUICK) as guard, guard.fleet("lost", 3) as fleet:
        guard.controller.wait_line(is_leading, PATIENCE, "it leads")
        guard.apply("lost", guarding("lost", custom(detector.address)))
        guard.wait_guarding("lost")
        taken = {"holderIdentity": "somebody-else", "leaseTransitions": 7}
        guard.api.merge(lease_path(guard), {"spec": taken})
        assert wait_end(guard.controller) == 1
        assert any(line["event"] == "Lost the lease, ending" for line in guard.controller.lines())
        assert guard.api.get(lease_path(guard))["spec"]["holderIdentity"] == "somebody-else"
        assert fleet.out() == ()


def test_a_frozen_leader_that_wakes_ends_before_it_writes(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=QUICK) as guard, guard.fleet("frozen", 4) as fleet:
        guard.controller.wait_line(is_leading, PATIENCE, "the first leads")
        guard.apply("frozen", guarding("frozen", custom(detector.address)))
        guard.wait_guarding("frozen")
        with standby(guard) as second:
            guard.controller.send_signal(signal.SIGSTOP)
            second.wait_line(is_leading, PATIENCE, "the second takes over")
            first_out, second_out = fleet.serving()[:2]
            detector.outliers(first_out)
            fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the second ejects")
            detector.outliers(first_out, second_out)
            guard.controller.send_signal(signal.SIGCONT)
            assert wait_end(guard.controller) == 1
            fleet.wait(lambda f: len(f.out()) == 2, PATIENCE, "the second ejects again")
            epoch = str(guard.api.get(lease_path(guard))["spec"]["leaseTransitions"])
            assert [pod.annotations["kubervisor/epoch"] for pod in fleet.out()] == [epoch] * 2
            assert {p.annotations["kubervisor/retry-count"] for p in fleet.out()} == {"1"}
            detector.outliers()
            guard.delete("frozen")


def test_a_standby_sweeps_nothing_until_it_leads(cluster: LocalCluster) -> None:
    rarely = QUICK | {"KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "600"}
    with (
        Guard(cluster, env=rarely) as guard,
        guard.fleet("waits", 3) as fleet,
        standby(guard) as second,
    ):
        guard.controller.wait_line(is_leading, PATIENCE, "the first leads")
        orphan = fleet.pods()[0]
        fleet.label(orphan, "kubervisor/name", "ghost")
        renewals = {guard.api.get(lease_path(guard))["spec"]["renewTime"]}

        def has_renewed_thrice() -> bool:
            renewals.add(guard.api.get(lease_path(guard))["spec"]["renewTime"])
            return len(renewals) > 3

        until(has_renewed_thrice, "the leader renews its lease")
        assert second.metric("kubervisor_leader") == 0
        assert not any(is_leading(line) for line in second.lines())
        now = fleet.pod(orphan.name)
        assert now is not None
        assert now.labels["kubervisor/name"] == "ghost"

        assert guard.controller.stop() == 0
        second.wait_line(is_leading, PATIENCE, "the second leads")
        fleet.wait(
            lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "it sweeps the orphan"
        )


def test_a_leader_that_is_killed_is_followed_by_the_standby_which_knows_what_is_out(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=QUICK) as guard, guard.fleet("follows", 3) as fleet:
        guard.controller.wait_line(is_leading, PATIENCE, "the first leads")
        half = custom(detector.address, minPodsAvailableCount=2)
        guard.apply("follows", guarding("follows", half))
        guard.wait_guarding("follows")
        detector.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        before = fleet.out()
        with standby(guard) as second:
            guard.controller.stop(signal.SIGKILL)
            second.wait_line(is_leading, PATIENCE, "the second leads")
            evaluations(detector, 4)
            assert fleet.out() == before
            detector.outliers()
            guard.delete("follows")
            fleet.wait(
                lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all are released"
            )
