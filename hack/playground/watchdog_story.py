"""`make demo STORY=watchdog`: pods that say they fail are evicted one at a time, and a canary that
says so stops its rollout.

The pods' addresses are on loopback, with real programs behind; everything else is as on a cluster,
but faster. What is applied are the manifests of examples/watchdog/.
"""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import yaml

from playground.access import KubectlFailed
from playground.fleet_api import Api, Json
from playground.http_page import read_page
from playground.local import LocalCluster
from playground.loopback_pods import LOOPBACK, PORT, LoopbackPods, fail
from playground.pods_that_run import REAL, PodsThatRun
from playground.processes import Processes
from playground.story import Story, telling
from playground.watchdog_process import WatchdogProcess
from playground.watchdog_stage import NAMESPACE, ReadyCount, Stage

EXAMPLES = Path(__file__).parents[2] / "examples" / "watchdog"
SWIFT = ("--probe-period=1", "--scan-period=4", "--evictions-at-once=3")
"""Three at once by our own limit, so that it is the PodDisruptionBudget that makes them wait."""
DEADLINE = 10
"""Seconds until a rollout is said to be stuck: before its pods are evicted, which would count as
progress.
"""
WITHIN = "--timeout=60s"


def tell(story: Story) -> None:
    """Play. Raises what keeps it from its end: KubectlFailed, ProcessFailed, TimeoutError."""
    story.say("starting a control plane and what probes watchdogs …")
    with (
        LocalCluster.start() as cluster,
        closing(Api(cluster.kubeconfig)) as api,
        Processes() as processes,
        LoopbackPods(cluster),
        PodsThatRun(cluster) as played,
        WatchdogProcess(cluster.kubeconfig, *SWIFT) as watchdogs,
        telling(story, watchdogs),
    ):
        stage = Stage(story, cluster, api, processes)
        stage.kubectl("create", "namespace", NAMESPACE)
        _failing_limits(stage)
        _stopped_rollout(stage, played)
        if not os.environ.get("ONCE"):
            _stay(cluster, stage)


def _failing_limits(stage: Stage) -> None:
    """Three pods fail; one goes, the others wait for the budget, and go one after the other.

    Two of them at least are due in the same scan: so one is seen to wait.
    """
    workload, budget = yaml.safe_load_all((EXAMPLES / "failing-limits.yaml").read_text())
    template = workload["spec"]["template"]
    template["metadata"]["labels"] |= LOOPBACK
    template["spec"]["containers"][0]["args"] = ["testworkload"]
    stage.apply([workload, budget])
    stage.kubectl("rollout", "status", "deployment/catalog", WITHIN)
    stage.kubectl("wait", "pdb/catalog", "--for=jsonpath={.status.disruptionsAllowed}=1", WITHIN)
    stage.story.say("kubectl apply -f failing-limits.yaml: 4 pods are Ready, 1 of which may go")

    count = ReadyCount(stage)
    *pods, _ = stage.pods("catalog")
    failing = [pod["metadata"]["name"] for pod in pods]
    stage.story.say(f"you         POST /fail to {', '.join(failing)}; they stay Ready")
    for pod in pods:
        fail(pod["status"]["podIP"])
    for name in failing:
        _await_health(stage, name, "error")
    stage.show_pods("catalog")
    stage.show_watchdogs(failing[0])
    stage.kubectl("wait", *(f"pod/{name}" for name in failing), "--for=delete", WITHIN)
    for name in failing:
        stage.story.wait_told("Evicted pod", name)
    stage.kubectl("rollout", "status", "deployment/catalog", WITHIN)
    fewest = count.close()
    stage.story.say(f"deployment  all are replaced; never were fewer than {fewest} of 4 Ready")


def _stopped_rollout(stage: Stage, played: PodsThatRun) -> None:
    """A new version whose watchdog fails gets no further than its first pod."""
    good, bad = stage.serve("1.1"), stage.serve("1.2")
    fail(bad)
    canary, *others = yaml.safe_load_all((EXAMPLES / "canary.yaml").read_text())
    _hasten(canary, good)
    stage.apply([*others, canary])
    stage.kubectl("rollout", "status", "deployment/catalog-canary", WITHIN)
    stage.story.say("kubectl apply -f canary.yaml: its 2 pods of 1.1 are Ready, by their gates")

    stage.story.say("you         give the canary 1.2, whose watchdog fails")
    _version(canary, "1.2", bad)
    canary["spec"]["progressDeadlineSeconds"] = DEADLINE
    stage.apply([canary])
    command = ("rollout", "status", "deployment/catalog-canary", WITHIN)
    try:
        stage.kubectl(*command)
    except KubectlFailed as failed:
        _, _, said = str(failed).rpartition("error: ")
        stage.story.say(f"kubectl rollout status deployment/catalog-canary: {said}")
    else:
        raise TimeoutError("the rollout of the failing version was not stopped")
    newest = stage.pods("catalog-canary")[-1]["metadata"]["name"]
    (gate,) = played.of(newest)
    status, said = read_page(f"http://{gate.address[8081]}/healthz")
    stage.story.say(f"gate        of {newest}: {status} {said.strip()}")
    stage.show_pods("catalog-canary")
    stage.story.say("deployment  catalog has 1.0 as before: nobody gave it a version that failed")

    stage.kubectl("rollout", "undo", "deployment/catalog-canary")
    stage.kubectl(*command)
    stage.story.say("you         kubectl rollout undo deployment/catalog-canary: it is Ready again")


def _hasten(canary: Json, address: str) -> None:
    """The example's canary, whose gates wait no longer than a probe takes here."""
    canary["spec"]["minReadySeconds"] = 0
    template = canary["spec"]["template"]
    template["metadata"]["labels"] |= REAL
    gate = template["spec"]["containers"][1]
    gate["args"] = [a for a in gate["args"] if not a.startswith("--min-ready-seconds")]
    gate["args"].append("--min-ready-seconds=3")
    _version(canary, "1.1", address)


def _version(canary: Json, version: str, address: str) -> None:
    template = canary["spec"]["template"]
    template["metadata"]["annotations"]["playground/pod-ip"] = address
    workload = template["spec"]["containers"][0]
    workload["image"] = f"{workload['image'].rpartition(':')[0]}:{version}"


def _await_health(stage: Stage, pod: str, health: str) -> None:
    label = r"{.metadata.labels.status\.autocrane\.io/health}"
    stage.kubectl("wait", f"pod/{pod}", f"--for=jsonpath={label}={health}", WITHIN)


def _stay(cluster: LocalCluster, stage: Stage) -> None:
    pod = stage.pods("catalog")[0]
    where = f"-n {NAMESPACE} --pod {pod['metadata']['name']}"
    print(
        f"""
It stays up until Ctrl-C. In another terminal, at the root of the repository:
  export KUBECONFIG={cluster.kubeconfig} PATH={cluster.binaries}:$PATH
  kubectl get pods -n {NAMESPACE} -L status.autocrane.io/health --watch
Have a pod fail, and see it go:
  curl -X POST http://{pod["status"]["podIP"]}:{PORT}/fail
What do its watchdogs say? Say something of it yourself:
  .venv/bin/kubervisor watchdog get {where}
  .venv/bin/kubervisor watchdog post {where} --name disk --level warning --message "half full"
""",
        flush=True,
    )
    signal.pause()
