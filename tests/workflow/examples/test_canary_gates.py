"""A canary that is judged by watchdogs, and one that is judged by the Breaker of its Service: the
prober and the controller run, too.
"""

from __future__ import annotations

from contextlib import closing

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.faults import Fault
from playground.fleet_api import Api, Json
from playground.fleet_pod import TRAFFIC
from playground.loopback_pods import LOOPBACK, LoopbackPods, fail
from playground.watchdog_process import WatchdogProcess
from playground.workflow_stage import CanaryShop, CanaryStage
from tests.integration.specs import path_of
from tests.workflow.examples.scenes import operating

WATCHED = {"probe.autocrane.io/data": "POD_IP:8080/watchdog"}


def told(status: Json) -> str:
    """What was said of each phase."""
    return "\n".join(one.get("message", "") for one in status["phaseHistory"])


def test_watchdogs_judge_a_version(meshed: LocalCluster, namespace: str) -> None:
    own = (f"--namespace={namespace}", f"--lease-namespace={namespace}")
    with (
        closing(Api(meshed.kubeconfig)) as api,
        LoopbackPods(meshed, namespace),
        WatchdogProcess(meshed.kubeconfig, *own, "--probe-period=1", "--no-evict"),
        operating(meshed, "canary", namespace),
    ):
        shop = CanaryShop(meshed, api, namespace)
        shop.open(replicas=1, labels=LOOPBACK, annotations=WATCHED, args=("testworkload",))
        shop.try_versions({"gate": "watchdogs", "analysisPeriod": "4s"})
        shop.wait_phase("Waiting")

        shop.release("1.1")
        promoted = shop.wait_phase("Waiting", trials=1)
        assert promoted["history"][0]["promotionSucceeded"] is True
        assert shop.serving() == "1.1"

        shop.try_versions({"analysisPeriod": "1h"})
        shop.release("1.2")
        shop.wait(lambda status: status["phase"] == "Evaluating" and status.get("weight", 0) > 10)
        (pod,) = api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector="canary=true")[
            "items"
        ]
        fail(pod["status"]["podIP"])
        rolled_back = shop.wait_phase("Waiting", trials=2)
        assert rolled_back["history"][1]["promotionSucceeded"] is False
        assert f"watchdogs of {pod['metadata']['name']} fail" in told(rolled_back)
        assert shop.serving() == "1.1"


def test_the_breaker_of_the_service_judges_a_version(meshed: LocalCluster, namespace: str) -> None:
    with (
        CanaryStage(meshed, namespace, labels={TRAFFIC: "yes"}) as stage,
        Controller(meshed.kubeconfig, f"--namespace={namespace}"),
        operating(meshed, "canary", namespace),
    ):
        stage.api.apply(path_of(namespace, "shop"), guard(namespace, stage.prometheus.address))
        stage.kubectl("wait", "kvs/shop", "--for=condition=SourcesAvailable", "--timeout=60s")
        stage.try_versions({"gate": "breaker", "analysisPeriod": "6s", "initialWeight": 30})
        stage.wait_phase("Waiting")

        stage.release("1.1")
        promoted = stage.wait_phase("Waiting", trials=1)
        assert promoted["history"][0]["promotionSucceeded"] is True, told(promoted)

        stage.try_versions({"analysisPeriod": "1h"})
        stage.misbehave("1.2", Fault(errors=1.0, code=500))
        stage.release("1.2")
        rolled_back = stage.wait_phase("Waiting", trials=2)
        assert rolled_back["history"][1]["promotionSucceeded"] is False
        assert "the Breaker" in told(rolled_back)
        assert stage.serving() == "1.1"


def guard(namespace: str, prometheus: str) -> Json:
    """What finds the pods of the shop that fail more requests than others."""
    ratio = {
        "prometheusService": prometheus,
        "promQL": f'http_requests_total{{namespace="{namespace}"}}',
        "codeLabel": "code",
        "badCodes": "5..",
        "window": "5s",
        "warmUp": "0s",
    }
    return {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "KubervisorService",
        "metadata": {"name": "shop"},
        "spec": {
            "service": "shop",
            "breakers": [{"name": "errors", "evaluationPeriod": 1, "ratio": ratio}],
        },
    }
