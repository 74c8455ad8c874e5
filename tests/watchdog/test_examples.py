"""The two patterns of examples/watchdog/, played whole: workloads, prober, evictor, gates."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.loaded import Loaded
from playground.loopback_pods import LOOPBACK, LoopbackPods, fail
from playground.pod_process import POD_IP
from playground.pods_that_run import PodsThatRun
from playground.watchdog_process import WatchdogProcess
from tests.integration.guard import until
from tests.watchdog.canary import Canary, is_ready

LIMITS = Path(__file__).parents[2] / "examples" / "watchdog" / "failing-limits.yaml"
SWIFT = ("--probe-period=1", "--scan-period=1", "--eviction-grace=5")
LEASE = {"KUBERVISOR_WATCHDOG_LEASE_DURATION": "3"}


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


class Catalog:
    """The pods of the first example in a namespace of the test's own, with real workloads."""

    def __init__(self, cluster: LocalCluster, api: Api, namespace: str) -> None:
        self._api, self._core = api, f"/api/v1/namespaces/{namespace}"
        self._events = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
        self._budget = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/catalog"
        documents = list(yaml.safe_load_all(LIMITS.read_text()))
        for one in documents:
            one["metadata"]["namespace"] = namespace
        template = documents[0]["spec"]["template"]
        template["metadata"]["labels"] |= LOOPBACK
        template["spec"]["containers"][0] |= {"image": "kubervisor:1", "args": ["testworkload"]}
        template["spec"]["terminationGracePeriodSeconds"] = 1
        for one in documents:
            cluster.kubectl("apply", f"--namespace={namespace}", "-f", "-", stdin=yaml.dump(one))
        until(lambda: len(self.ready()) == 4 and self.may_evict() == 1, "all four are Ready")

    def ready(self) -> dict[str, Json]:
        """Its pods that are Ready and not going, by uid."""
        found = self._api.get(f"{self._core}/pods")["items"]
        return {
            pod["metadata"]["uid"]: pod
            for pod in found
            if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
        }

    def told(self, reason: str) -> list[Json]:
        """The Events of a reason."""
        found: list[Json] = self._api.get(self._events, fieldSelector=f"reason={reason}")["items"]
        return found

    def about(self, reason: str) -> set[str]:
        """The uids of the pods that its Events tell of."""
        return {event["regarding"]["uid"] for event in self.told(reason)}

    def allow(self, unavailable: int) -> None:
        """Have the budget allow so many to be unavailable, which its status tells later."""
        self._api.merge(self._budget, {"spec": {"maxUnavailable": unavailable}})

    def may_evict(self) -> int:
        status = self._api.get(self._budget).get("status", {})
        return int(status.get("disruptionsAllowed", 0))


def test_pods_in_error_are_replaced_within_the_failing_limit(
    cluster: LocalCluster, api: Api, namespace: str
) -> None:
    own = (f"--namespace={namespace}", f"--lease-namespace={namespace}")
    with LoopbackPods(cluster, namespace):
        catalog = Catalog(cluster, api, namespace)
        (first, second), well = split(catalog.ready(), 2)
        gone = {pod["metadata"]["uid"] for pod in (first, second)}
        catalog.allow(0)
        until(lambda: catalog.may_evict() == 0, "none may go yet")
        with WatchdogProcess(cluster.kubeconfig, *own, *SWIFT, "--evictions-at-once=4", env=LEASE):
            for pod in (first, second):
                fail(pod["status"]["podIP"])
            until(lambda: catalog.about("EvictionDeferred") == gone, "both are due")
            catalog.allow(1)
            until(lambda: len(now := catalog.ready()) == 4 and not gone & now.keys(), "replaced")
            until(lambda: len(catalog.told("PodEvicted")) == 2, "both evictions are told")

            # Both were due before the budget let them go one after the other.
            deferred = catalog.told("EvictionDeferred")
            assert {"PodDisruptionBudget" in event["note"] for event in deferred} == {True}
            assert catalog.about("PodEvicted") == gone
            assert {pod["metadata"]["uid"] for pod in well} <= catalog.ready().keys()


def split(pods: dict[str, Json], count: int) -> tuple[list[Json], list[Json]]:
    """The first so many pods, and the others."""
    found = list(pods.values())
    return found[:count], found[count:]


class Workloads:
    """Programs at addresses of their own, for the pods of one version each."""

    def __init__(self) -> None:
        self._processes = Loaded()

    def start(self) -> str:
        """The address of a new one, which is well."""
        address = fresh_address()
        command = [sys.executable, "-m", "kubervisor", "testworkload", f"--listen={address}:8080"]
        self._processes.start(address, command)
        self._processes.wait_ready(address, lambda: _answers(address))
        return address

    def close(self) -> None:
        """End all of them."""
        self._processes.close()


def fresh_address() -> str:
    """An address of loopback at which nobody listens; of so many that no two tests have one."""
    return f"127.{100 + secrets.randbelow(150)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


def _answers(address: str) -> bool:
    try:
        with urlopen(f"http://{address}:8080/ping", timeout=1):
            return True
    except (URLError, OSError):
        return False


@pytest.mark.parametrize("how", ["its watchdog fails", "its watchdog does not answer"])
def test_a_version_in_error_stops_the_rollout_of_the_canary(
    cluster: LocalCluster, api: Api, namespace: str, how: str
) -> None:
    own = (f"--namespace={namespace}", f"--lease-namespace={namespace}", "--no-evict")
    with ExitStack() as stack:
        workloads = stack.enter_context(closing(Workloads()))
        good, bad = workloads.start(), fresh_address()
        if how == "its watchdog fails":
            bad = workloads.start()
            fail(bad)
        played = stack.enter_context(PodsThatRun(cluster))
        stack.enter_context(WatchdogProcess(cluster.kubeconfig, *own, *SWIFT, env=LEASE))
        canary = stack.enter_context(
            Canary(
                cluster, api, namespace, played, ready=8, deadline=14, annotations={POD_IP: good}
            )
        )
        canary.wait("True", "NewReplicaSetAvailable")

        canary.roll_out(**{POD_IP: bad})
        canary.wait("False", "ProgressDeadlineExceeded")
        (stuck,) = canary.pods(**{POD_IP: bad})
        assert not is_ready(stuck)
        assert stuck["metadata"]["labels"]["status.autocrane.io/health"] == "error"
        assert canary.gate(stuck) == (500, "in error: data\n")
        assert [is_ready(pod) for pod in canary.pods(**{POD_IP: good})] == [True, True]

        canary.roll_out(**{POD_IP: good})  # as `kubectl rollout undo` does
        canary.wait("True", "NewReplicaSetAvailable")
        assert canary.pods(**{POD_IP: bad}) == []
