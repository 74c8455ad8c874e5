"""A street of shops, some of whose pods go wrong: twelve minutes with all that can be shown.

Everything in it is measured: the pods are played, the API server, the endpoint controller, the
Prometheus, the clients and the controller are those of the demo.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from playground.access import Cluster
from playground.discovery import Discovery
from playground.faults import Fault
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from playground.load import Load
from playground.load_senders import HttpSender
from playground.prometheus import Prometheus
from playground.workload import Workload
from playground.workload_server import WorkloadServer

NAMESPACE = "shop"
MINUTE = 60.0
LASTS = 12 * MINUTE
USUAL = 0.012
"""Share of requests that fail without any fault."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Pod `pod` of a fleet fails `errors` of its requests between two seconds of the story."""

    pod: int
    errors: float
    begins: float
    ends: float = LASTS + MINUTE


@dataclass(frozen=True, slots=True)
class Shop:
    """One Service of the street: pods, requests a second to all, its spec, what happens to it."""

    size: int
    rate: float
    spec: Mapping[str, object] = field(default_factory=dict)
    troubles: Sequence[Trouble] = ()


HALF, MOST = {"minAvailable": "50%"}, {"minAvailable": "85%"}
STREET = {
    "cart": Shop(6, 60, {"budget": HALF}),
    "checkout": Shop(
        10,
        120,
        {"budget": {"minAvailable": "60%"}, "defaultActivator": {"period": 100}},
        (
            Trouble(3, 0.22, 2 * MINUTE, 3.5 * MINUTE),
            Trouble(7, 0.12, 6 * MINUTE, 6.8 * MINUTE),
            Trouble(1, 0.35, LASTS - 50),
        ),
    ),
    "ledger": Shop(4, 30, {"budget": HALF}, (Trouble(2, 0.3, 4 * MINUTE, 5 * MINUTE),)),
    "mail": Shop(3, 25, {"dryRun": True}, (Trouble(0, 0.4, LASTS - 2 * MINUTE),)),
    "payments": Shop(
        7,
        70,
        {"budget": MOST, "defaultActivator": {"period": 200}},
        (Trouble(1, 0.3, LASTS - 150), Trouble(4, 0.25, LASTS - 120)),
    ),
    "search": Shop(12, 120, {"budget": HALF}),
    "sign-in": Shop(5, 40, {"budget": HALF}, (Trouble(0, 0.25, 7 * MINUTE, 8 * MINUTE),)),
}


class Street:
    """The shops with their clients and one Prometheus, until closed."""

    def __init__(self, cluster: Cluster) -> None:
        self._chance = random.Random(8)
        self.fleets: dict[str, Fleet] = {}
        with ExitStack() as stack:
            self.api = Api(cluster.kubeconfig)
            stack.callback(self.api.close)
            self._workload = Workload()
            server = stack.enter_context(WorkloadServer(self._workload))
            stack.enter_context(Discovery(self.api, self._workload, NAMESPACE))
            self.prometheus = stack.enter_context(Prometheus(cluster.binaries, server.address))
            for name, shop in STREET.items():
                fleet = Fleet(
                    self.api, name, size=shop.size, namespace=NAMESPACE, selects_traffic=True
                )
                self.fleets[name] = stack.enter_context(fleet)
                self._workload.wait([pod.id for pod in fleet.pods()])
                load = Load(fleet.members, HttpSender(server.url), shop.rate)
                stack.enter_context(load)
            self._first = {name: fleet.pods() for name, fleet in self.fleets.items()}
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all of it."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def guard(self) -> None:
        """Let each shop be guarded by the answers of its pods."""
        for name, shop in STREET.items():
            spec = {"service": name, "breakers": [self._breaker(name)], **shop.spec}
            body = {
                "apiVersion": "kubervisor.k8s.io/v1alpha1",
                "kind": "KubervisorService",
                "metadata": {"name": name},
                "spec": spec,
            }
            group = f"/apis/kubervisor.k8s.io/v1alpha1/namespaces/{NAMESPACE}"
            self.api.apply(f"{group}/kubervisorservices/{name}", body)

    def play(self, at: float) -> None:
        """Let every pod have the errors of second `at` of the story."""
        for name, shop in STREET.items():
            for number, pod in enumerate(self._first[name]):
                self._workload.set_fault(pod.id, self._fault(shop, number, at))

    def _fault(self, shop: Shop, number: int, at: float) -> Fault:
        usual = USUAL * self._chance.lognormvariate(0, 0.6)
        troubles = (one for one in shop.troubles if one.pod == number)
        now = sum(one.errors for one in troubles if one.begins <= at < one.ends)
        return Fault(errors=min(1.0, usual + now), code=500)

    def _breaker(self, name: str) -> Json:
        query = f'http_requests_total{{namespace="{NAMESPACE}",pod=~"{name}-.*"}}'
        ratio = {
            "prometheusService": self.prometheus.address,
            "promQL": query,
            "codeLabel": "code",
            "badCodes": "5..",
            "window": "20s",
            "warmUp": "0s",
        }
        return {"name": "errors", "evaluationPeriod": 2, "ratio": ratio}
