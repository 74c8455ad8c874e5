"""A cluster to try Kubervisor on, as the tutorials do: pods, clients, Prometheus, and helm's pods.

    python -m playground.stage        opens it, says what to export, and keeps it until Ctrl-C

Whatever is applied in the namespace `shop` is played: pods serve and are scraped, and clients send
requests to those that the EndpointSlices of the Service `shop` name, as soon as there are some.
"""

from __future__ import annotations

import shlex
import signal
import sys
from contextlib import ExitStack
from typing import Self

from playground import binaries, foreground
from playground.cluster import LocalCluster
from playground.discovery import Discovery
from playground.fleet_api import Api
from playground.load import Load
from playground.load_members import Members
from playground.load_senders import HttpSender
from playground.pods_that_run import PodsThatRun
from playground.processes import ProcessFailed, free_port
from playground.prometheus import Prometheus
from playground.workload import Workload
from playground.workload_server import WorkloadServer

NAMESPACE = SERVICE = "shop"
RATE = 100
"""Requests a second, of all clients together."""
DASHBOARD = 8087
"""The port of a controller's dashboard, in its pod."""


class Stage:
    """What plays on `cluster`, until closed.

    Attributes:
        variables: what a shell needs to play along: where the cluster, the shop and its Prometheus
            are, and an address on which a detector of the user's may listen.
    """

    def __init__(self, cluster: LocalCluster) -> None:
        with ExitStack() as stack:
            api = Api(cluster.kubeconfig)
            stack.callback(api.close)
            workload = Workload()
            server = stack.enter_context(WorkloadServer(workload))
            stack.enter_context(Discovery(api, workload, NAMESPACE))
            prometheus = stack.enter_context(Prometheus(cluster.binaries, server.address))
            members = stack.enter_context(Members(api, NAMESPACE, SERVICE))
            stack.enter_context(Load(members, HttpSender(server.url), RATE))
            stack.enter_context(PodsThatRun(cluster, _tell))
            self.variables = {
                "KUBECONFIG": str(cluster.kubeconfig),
                "SHOP": server.url,
                "PROMETHEUS": prometheus.url,
                "DETECTOR": f"127.0.0.1:{free_port()}",
            }
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all of it; the cluster stays."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tell(pod: str, port: int, address: str) -> None:
    """No kubelet forwards a port here, so say where the port is."""
    if port == DASHBOARD:
        print(f"\nThe dashboard of {pod}: http://{address}/", flush=True)


def main() -> int:
    """Open one, say how to reach it, keep it until SIGINT or SIGTERM; 1 when it cannot be had."""
    try:
        with LocalCluster.start() as cluster, Stage(cluster) as stage:
            print("It stays up until Ctrl-C. In another terminal, at the root of the repository:\n")
            print(f'export PATH={shlex.quote(str(cluster.binaries))}:"$PATH"')
            for name, value in stage.variables.items():
                print(f"export {name}={shlex.quote(value)}")
            sys.stdout.flush()
            signal.pause()
    except (ProcessFailed, binaries.BuildError) as error:
        print(f"playground: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    foreground.run(main)
