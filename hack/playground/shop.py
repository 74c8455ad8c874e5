"""The closed loop in one value: a fleet, its workload, its clients, its Prometheus."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from playground.access import Cluster
from playground.discovery import Discovery
from playground.faults import HEALTHY, Fault
from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.fleet_pod import Pod
from playground.load import Load
from playground.load_senders import HttpSender
from playground.prometheus import Prometheus
from playground.workload import Workload
from playground.workload_server import WorkloadServer


class Shop:
    """`size` pods that serve `rate` requests a second and are scraped, until closed.

    Requests go to the pods that the EndpointSlices name, over HTTP; nothing else decides.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        namespace: str,
        name: str = "shop",
        size: int = 5,
        rate: float = 100,
        scrape_interval: float = 1.0,
    ) -> None:
        with ExitStack() as stack:
            self.api = Api(cluster.kubeconfig)
            stack.callback(self.api.close)
            self.workload = Workload()
            self.server = stack.enter_context(WorkloadServer(self.workload))
            stack.enter_context(Discovery(self.api, self.workload, namespace))
            self.prometheus = stack.enter_context(
                Prometheus(cluster.binaries, self.server.address, scrape_interval=scrape_interval)
            )
            self.fleet = stack.enter_context(
                Fleet(self.api, name, size=size, namespace=namespace, selects_traffic=True)
            )
            self.workload.wait([pod.id for pod in self.fleet.pods()])
            sender = HttpSender(self.server.url)
            self.load = stack.enter_context(Load(self.fleet.members, sender, rate))
            self._stack = stack.pop_all()

    def break_pod(self, pod: Pod, fault: Fault) -> None:
        """Let the pod misbehave."""
        self.workload.set_fault(pod.id, fault)

    def heal_pod(self, pod: Pod) -> None:
        """Let the pod behave again."""
        self.workload.set_fault(pod.id, HEALTHY)

    def failed(self) -> tuple[int, int]:
        """Requests that failed, and all of them, since the start."""
        counts = self.load.counts
        return sum(n for (_, code), n in counts.items() if code != "200"), sum(counts.values())

    def close(self) -> None:
        """End all of it; the cluster stays."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
