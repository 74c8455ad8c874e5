"""`make demo`: a real API server, endpoint controller and Prometheus close the loop.

With ONCE=1 the story runs and ends; without, it then stays up and says how to break a pod.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from playground import binaries
from playground.cluster import ClusterUnavailable, open_cluster
from playground.controller import Controller, Line
from playground.faults import Fault
from playground.processes import ProcessFailed
from playground.shop import Shop

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
    discreteValueOutOfList:
      prometheusService: PROMETHEUS
      promQL: sum by (namespace, pod, code) (increase(http_requests_total{namespace="demo"}[8s]))
      key: code
      podNamekey: pod
      goodValues: ["200"]
      tolerance: 20
      minActivity: 20
    activator: {mode: retryAndKill, period: 8, maxRetryCount: 1}
"""


class Story:
    """Tells what happens, with the seconds since the start of the story."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line at once."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def tell(self, line: Line) -> None:
        """Print what the controller did to a pod."""
        if not str(line.get("event", "")).endswith(" pod") or line["level"] != "info":
            return
        self.say(f"kubervisor  {line['event']} {line['pod']}: {line['evidence']}")


def main() -> int:
    """Play; 0 when the story came out as it should, 1 when not or when no cluster can be had."""
    story = Story()
    try:
        story.say("starting a control plane (built once, cached), Prometheus and 5 pods …")
        with open_cluster() as cluster, Shop(cluster, namespace=NAMESPACE, size=SIZE) as shop:
            with Controller(cluster.kubeconfig) as controller:
                stop = threading.Event()
                teller = threading.Thread(
                    target=_tell, args=(story, controller, stop), daemon=True
                )
                teller.start()
                try:
                    cluster.kubectl(
                        "apply", "-f", "-", stdin=SPEC.replace("PROMETHEUS", shop.prometheus.address)
                    )
                    cluster.kubectl(
                        *("wait", "kvs/shop", "-n", NAMESPACE),
                        *("--for=condition=Ready", "--timeout=30s"),
                    )
                    story.say("kubectl wait kvs/shop --for=condition=Ready: guarding 5 pods, floor 3")
                    _play(story, shop)
                    story.say("kubectl get kvs:\n" + cluster.kubectl("get", "kvs", "-n", NAMESPACE))
                    if os.environ.get("ONCE"):
                        _end(story, shop, lambda: cluster.kubectl("delete", "kvs", "shop", "-n", NAMESPACE))
                    else:
                        _stay(shop, cluster.kubeconfig)
                finally:
                    stop.set()
                    teller.join()
    except (ClusterUnavailable, ProcessFailed, binaries.BuildError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _tell(story: Story, controller: Controller, stop: threading.Event) -> None:
    for line in controller.follow(stop):
        story.tell(line)


def _play(story: Story, shop: Shop) -> None:
    """One pod goes wrong and recovers, another never does."""
    fleet = shop.fleet
    shop.prometheus.wait(
        'sum(increase(http_requests_total{namespace="demo"}[8s])) > 400', bool, 60
    )
    story.say(f"100 requests a second reach {SIZE} pods; Prometheus scrapes them each second")

    first = fleet.serving()[1]
    story.say(f"you         break {first.name}: half of its answers become 500, readiness stays OK")
    shop.break_pod(first, HALF_FAILS)
    fleet.wait(lambda f: first.name not in f.in_slices(), 60, f"{first.name} is out of the slices")
    story.say(f"endpoints   {first.name} has left the EndpointSlice; {SIZE - 1} pods serve")
    _count_failures(story, shop)
    story.say(f"you         heal {first.name}")
    shop.heal_pod(first)
    fleet.wait(lambda f: first.name in f.in_slices(), 60, f"{first.name} is back")
    story.say(f"endpoints   {first.name} is back in the EndpointSlice; {SIZE} pods serve")

    second = fleet.serving()[3]
    known = {pod.uid for pod in fleet.pods()}
    story.say(f"you         break {second.name} for good")
    shop.break_pod(second, HALF_FAILS)
    fleet.wait(lambda f: f.pod(second.name) is None, 120, f"{second.name} is evicted")
    fleet.wait_ready(SIZE, 60)
    new = next(pod for pod in fleet.pods() if pod.uid not in known)
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
    story.say(f"clients     {after[0] - before[0]} of the last {after[1] - before[1]} requests failed")


def _end(story: Story, shop: Shop, delete: Callable[[], str]) -> None:
    delete()
    shop.fleet.wait(
        lambda f: len(f.serving()) == SIZE and not any("kubervisor/name" in p.labels for p in f.pods()),
        30,
        "all pods serve and none carries our name",
    )
    story.say("kubectl delete kvs/shop: all pods in traffic, nothing of Kubervisor's left on them")


def _stay(shop: Shop, kubeconfig: object) -> None:
    pod = shop.fleet.serving()[0]
    print(f"""
It stays up until Ctrl-C. In another terminal:
  export KUBECONFIG={kubeconfig}
  kubectl get kvs,pods -n {NAMESPACE} -L kubervisor/traffic -w
Break a pod, and heal it:
  PYTHONPATH=hack .venv/bin/python -m playground.faults {shop.server.url} {NAMESPACE}/{pod.name} --errors 0.5
  PYTHONPATH=hack .venv/bin/python -m playground.faults {shop.server.url} {NAMESPACE}/{pod.name}
""", flush=True)
    signal.pause()


def _interrupted(*_: object) -> None:
    """End as Ctrl-C does: everything that was started is ended."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
