"""The original stripped every managed pod when its cache of objects was empty for any reason."""

from __future__ import annotations

import re
from urllib.error import HTTPError, URLError

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector
from playground.fleet import Fleet
from tests.integration.accounts import account
from tests.integration.guard import PATIENCE, Guard, is_released, until
from tests.integration.specs import custom, guarding, path_of

SWEEPS = {"KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "0.3"}


class Unsynced(Controller):
    """Taken for started once it answers at all: its caches never fill."""

    def _is_ready(self) -> bool:
        try:
            return self.page("/livez").startswith("ok")
        except (URLError, OSError):
            return False

    def readiness(self) -> str:
        """What /readyz says, ready or not."""
        try:
            return self.page("/readyz")
        except HTTPError as answer:
            return answer.read().decode()


def _eject_one(guard: Guard, detector: Detector, fleet: Fleet) -> None:
    guard.apply(fleet.name, guarding(fleet.name, custom(detector.address)))
    guard.wait_guarding(fleet.name)
    detector.outliers(fleet.serving()[0])
    fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")


def test_objects_that_cannot_be_listed_strip_no_pod(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=SWEEPS) as guard, guard.fleet("blind", 3) as fleet:
        _eject_one(guard, detector, fleet)
        assert guard.controller.stop() == 0
        before = fleet.pods()
        rules = [
            {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["*"]},
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
        ]
        kubeconfig = account(guard, "sees-no-objects", rules)
        with Unsynced(
            kubeconfig, f"--namespace={guard.namespace}", "--no-register-crds", env=SWEEPS
        ) as blind:
            until(
                lambda: "kubervisorservices" in blind.readiness() and "403" in blind.readiness(),
                "it says what it may not read",
            )
            refused = "kubervisor_watch_restarts_total"
            until(lambda: blind.page("/metrics").count(refused) > 0, "it has tried")
            assert blind.stop() == 0
        assert fleet.pods() == before

        guard.controller.restart()
        guard.delete("blind")


def test_an_object_deleted_by_force_while_nobody_ran_leaves_no_pod_out(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=SWEEPS) as guard, guard.fleet("forced", 3) as fleet:
        _eject_one(guard, detector, fleet)
        assert guard.controller.stop() == 0
        path = path_of(guard.namespace, "forced")
        guard.api.merge(path, {"metadata": {"finalizers": None}})
        guard.api.delete(path)
        guard.controller.restart()
        fleet.wait(
            lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "the sweep releases all"
        )


def test_an_object_made_again_in_time_keeps_its_pods(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=SWEEPS) as guard, guard.fleet("kept", 3) as fleet:
        _eject_one(guard, detector, fleet)
        assert guard.controller.stop() == 0
        path = path_of(guard.namespace, "kept")
        guard.api.merge(path, {"metadata": {"finalizers": None}})
        guard.api.delete(path)
        guard.apply("kept", guarding("kept", custom(detector.address)))
        before = fleet.out()
        guard.controller.restart()
        guard.wait_guarding("kept")
        assert fleet.out() == before
        guard.delete("kept")


def test_pods_that_come_and_go_leave_no_trace_in_the_caches(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, env=SWEEPS) as guard, guard.fleet("comes", 3) as fleet:
        _eject_one(guard, detector, fleet)
        cached = 'kubervisor_cache_objects{resource="pods"}'
        old = {pod.uid for pod in fleet.pods()}
        fleet.roll_out("2")
        fleet.wait(
            lambda f: not old & {p.uid for p in f.pods()} and len(f.serving()) == 3,
            PATIENCE,
            "all are replaced",
        )
        until(lambda: guard.controller.metric(cached) == 3, "three pods are known")
        guard.check()
        guard.delete("comes")


def test_one_look_at_a_missing_object_is_not_enough(cluster: LocalCluster) -> None:
    rarely = {"KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "600"}
    with Guard(cluster, env=rarely) as guard, guard.fleet("ghost", 2) as fleet:
        assert guard.controller.stop() == 0
        orphan = fleet.pods()[0]
        fleet.label(orphan, "kubervisor/name", "nobody")
        guard.controller.restart()
        looked = re.compile(r'api_requests_total\{code="404",resource="kubervisorservices"')
        until(lambda: looked.search(guard.controller.page("/metrics")), "it has looked once")
        guard.check()
        now = fleet.pod(orphan.name)
        assert now is not None
        assert now.labels["kubervisor/name"] == "nobody"
