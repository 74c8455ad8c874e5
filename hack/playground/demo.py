"""`make demo`: a real API server, endpoint controller and Prometheus close the loop.

With ONCE=1 the story runs and ends; without, it then stays up and says how to break a pod.
STORY=watchdog tells of watchdogs instead, STORY=data of data deployments, STORY=rules of
remediation rules, STORY=canary of phase workflows.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping

from playground import (
    binaries,
    data_story,
    foreground,
    rules_story,
    watchdog_story,
    workflow_story,
)
from playground.access import Cluster, KubectlFailed
from playground.cluster import ClusterUnavailable, open_cluster
from playground.controller import Controller
from playground.faults import Fault
from playground.processes import ProcessFailed
from playground.shop import Shop
from playground.story import Story, telling

NAMESPACE = "demo"
SIZE = 5
HALF_FAILS = Fault(errors=0.5, code=500)

SPEC = """
apiVersion: kubervisor.k8s.io/v1alpha1
kind: KubervisorService
metadata: {name: shop, namespace: demo}
spec:
  service: shop
  breakers:
  - name: errors
    evaluationPeriod: 1
    minPodsAvailableRatio: 60
    ratio:
      prometheusService: PROMETHEUS
      promQL: http_requests_total{namespace="demo"}
      codeLabel: code
      badCodes: "5.."
      window: 5s
      warmUp: 0s
    activator: {mode: retryAndKill, period: 11, maxRetryCount: 1, jitterPercent: 0}
"""


def main() -> int:
    """Play; 0 when the story came out as it should, 1 when not or when no cluster can be had, 2
    where STORY is none.
    """
    name = os.environ.get("STORY") or "traffic"
    if name not in STORIES:
        print(f"demo: STORY is one of {', '.join(STORIES)}, not {name!r}", file=sys.stderr)
        return 2
    try:
        STORIES[name](Story())
    except (
        ClusterUnavailable,
        KubectlFailed,
        ProcessFailed,
        binaries.BuildError,
        TimeoutError,
    ) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _traffic(story: Story) -> None:
    story.say("starting a control plane, Prometheus and 5 pods …")
    with (
        open_cluster() as cluster,
        Shop(cluster, namespace=NAMESPACE, size=SIZE) as shop,
        Controller(cluster.kubeconfig) as controller,
        telling(story, controller),
    ):
        story.say(f"dashboard   http://{controller.dashboard}/services/{NAMESPACE}/shop")
        _guard(story, cluster, shop)
        _play(story, shop)
        shown = cluster.kubectl("get", "kvs", "-n", NAMESPACE)
        story.say(f"kubectl get kvs:\n{shown}")
        if os.environ.get("ONCE"):
            _end(story, cluster, shop)
        else:
            _stay(shop, cluster, controller)


def _guard(story: Story, cluster: Cluster, shop: Shop) -> None:
    spec = SPEC.replace("PROMETHEUS", shop.prometheus.address)
    cluster.kubectl("apply", "-f", "-", stdin=spec)
    ready = ("--for=condition=Ready", "--timeout=30s")
    cluster.kubectl("wait", "kvs/shop", "-n", NAMESPACE, *ready)
    story.say(f"kubectl wait kvs/shop --for=condition=Ready: guarding {SIZE} pods, floor 3")


def _play(story: Story, shop: Shop) -> None:
    """One pod goes wrong and recovers, another never does."""
    fleet = shop.fleet
    shop.prometheus.wait('sum(increase(http_requests_total{namespace="demo"}[8s])) > 400', bool, 60)
    story.say(f"100 requests a second reach {SIZE} pods; Prometheus scrapes them each second")

    first = fleet.serving()[1]
    story.say(f"you         break {first.name}: half of its answers become 500, readiness stays OK")
    shop.break_pod(first, HALF_FAILS)
    fleet.wait(lambda f: first.name not in f.in_slices(), 60, f"{first.name} is out of the slices")
    story.wait_told("Ejected pod", first.name)
    story.say(f"endpoints   {first.name} has left the EndpointSlice; {SIZE - 1} pods serve")
    _count_failures(story, shop)
    story.say(f"you         heal {first.name}")
    shop.heal_pod(first)
    fleet.wait(lambda f: first.name in f.in_slices(), 60, f"{first.name} is back")
    story.wait_told("Returned pod", first.name)
    story.say(f"endpoints   {first.name} is back in the EndpointSlice; {SIZE} pods serve")

    second = fleet.serving()[3]
    known = {pod.uid for pod in fleet.pods()}
    story.say(f"you         break {second.name} for good")
    shop.break_pod(second, HALF_FAILS)
    fleet.wait(lambda f: f.pod(second.name) is None, 120, f"{second.name} is evicted")
    fleet.wait_ready(SIZE, 60)
    new = next(pod for pod in fleet.pods() if pod.uid not in known)
    story.wait_told("Terminated pod", second.name)
    story.say(f"endpoints   {second.name} is gone, {new.name} replaces it; {SIZE} pods serve")


def _count_failures(story: Story, shop: Shop) -> None:
    """Say how clients fare now, over two seconds of requests."""
    settled, enough = shop.failed(), 200
    while shop.failed()[1] < settled[1] + 20:  # answers that were under way
        time.sleep(0.05)
    before = shop.failed()
    while shop.failed()[1] < before[1] + enough:
        time.sleep(0.05)
    after = shop.failed()
    failed, sent = after[0] - before[0], after[1] - before[1]
    story.say(f"clients     {failed} of the last {sent} requests failed")


def _end(story: Story, cluster: Cluster, shop: Shop) -> None:
    cluster.kubectl("delete", "kvs", "shop", "-n", NAMESPACE)
    shop.fleet.wait(
        lambda f: (
            len(f.serving()) == SIZE and not any("kubervisor/name" in p.labels for p in f.pods())
        ),
        30,
        "all pods serve and none carries our name",
    )
    story.say("kubectl delete kvs/shop: all pods in traffic, nothing of Kubervisor's left on them")


def _stay(shop: Shop, cluster: Cluster, controller: Controller) -> None:
    pod = shop.fleet.serving()[0]
    faults = "PYTHONPATH=hack .venv/bin/python -m playground.faults"
    source = f"http://{shop.prometheus.address}"
    print(
        f"""
It stays up until Ctrl-C. Look at it:
  http://{controller.dashboard}/services/{NAMESPACE}/shop
In another terminal, at the root of the repository:
  export KUBECONFIG={cluster.kubeconfig} PATH=$PWD/build/bin:{cluster.binaries}:$PATH
  make plugin BINDIR=build/bin
  kubectl kubervisor pods shop -n {NAMESPACE} --watch
Break a pod, and heal it:
  {faults} {shop.server.url} {NAMESPACE}/{pod.name} --errors 0.5
  {faults} {shop.server.url} {NAMESPACE}/{pod.name}
Why is it out?
  kubectl kubervisor explain {pod.name} -n {NAMESPACE}
What would Kubervisor have done in the last minutes, and with other settings?
  kubectl get kvs shop -n {NAMESPACE} -o yaml > shop.yaml
  .venv/bin/kubervisor backtest -f shop.yaml --source {source} --start -3m --step 1s
""",
        flush=True,
    )
    signal.pause()


STORIES: Mapping[str, Callable[[Story], None]] = {
    "traffic": _traffic,
    "watchdog": watchdog_story.tell,
    "data": data_story.tell,
    "rules": rules_story.tell,
    "canary": workflow_story.tell,
}


if __name__ == "__main__":
    foreground.run(main)
