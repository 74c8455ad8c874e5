"""A mesh in small: what a sidecar does for clients of a Service, and what it counts.

Requests go to the pods of the Services that routes name, by their weights, and are counted as Istio
counts them. Where a pod does not take one, the others of its Service are asked, as Istio does
unasked.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.load import Load
from playground.load_members import ready_pods
from playground.load_senders import HttpSender, Sender
from playground.mesh_splits import Split, Splits
from playground.metrics_page import MetricsPage
from playground.workload import PodName

SLOTS = 100
_Slice = tuple[str, frozenset[PodName]]
"""The Service of an EndpointSlice, and the pods that it sends traffic to."""
_NOT_A_CODE = "503"
"""What a sidecar answers where no pod does."""


class Mesh:
    """Clients that send `rate` requests a second to `service` at `port`, until closed, through its
    routes. `told` is called with each new split of the requests, and `running` before pods get the
    first: it returns once all those run that the API server says run.

    Attributes:
        address: HOST:PORT of a page with `istio_requests_total`.
    """

    def __init__(
        self,
        api: Api,
        workload: str,
        namespace: str,
        service: str,
        *,
        port: int = 80,
        rate: float = 100,
        told: Callable[[Split], None] = lambda _: None,
        running: Callable[[], None] = lambda: None,
    ) -> None:
        self._namespace, self._told, self._running = namespace, told, running
        self._lock = threading.Lock()
        self._pods: Mapping[str, tuple[PodName, ...]] = {}
        self._split: Split = {}
        self._now: tuple[PodName, ...] = ()
        self._service_of: dict[PodName, str] = {}
        slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        self._by_slice: dict[str, _Slice] = {}
        self._slices = Watch(api, slices, _read_slice, changed=self._pods_changed)
        self._splits = Splits(api, namespace, service, port, self._split_changed)
        self._load = Load(self, _Retrying(HttpSender(workload), self._others), rate)
        self._page = MetricsPage(self._metrics)
        self.address = self._page.address

    @property
    def now(self) -> tuple[PodName, ...]:
        """The next requests, one each; without a pod that could take it, one that does not run."""
        return self._now

    @property
    def split(self) -> Split:
        """The weights of the Services behind the one that clients call."""
        return self._split

    def counts(self) -> Counter[tuple[str, str]]:
        """Answers so far by workload and status code."""
        found: Counter[tuple[str, str]] = Counter()
        for (pod, code), count in self._load.counts.items():
            found[workload_of(pod.name), code if code.isdigit() else _NOT_A_CODE] += count
        return found

    def close(self) -> None:
        """End the clients."""
        self._page.close()
        self._load.close()
        self._splits.close()
        self._slices.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pods_changed(self, key: str, found: _Slice | None, _: float) -> None:
        self._running()
        with self._lock:
            if found is None:
                self._by_slice.pop(key, None)
            else:
                self._by_slice[key] = found
            pods: dict[str, set[PodName]] = {}
            for service, ready in self._by_slice.values():
                pods.setdefault(service, set()).update(ready)
            self._pods = {service: tuple(sorted(ready)) for service, ready in pods.items()}
            self._spread()

    def _split_changed(self, split: Split) -> None:
        # Istio's proxies, too, are told of pods before they are told of routes to them.
        self._slices.catch_up()
        with self._lock:
            self._split = split
            self._spread()
        self._told(split)

    def _spread(self) -> None:
        for service in self._split:
            self._service_of |= dict.fromkeys(self._pods.get(service, ()), service)
        self._now = spread(self._split, self._pods, self._namespace)

    def _others(self, pod: PodName) -> tuple[PodName, ...]:
        """The other pods of the Service for which it was asked."""
        service = self._service_of.get(pod, pod.name)
        return tuple(one for one in self._pods.get(service, ()) if one != pod)

    def _metrics(self) -> str:
        lines = ["# TYPE istio_requests_total counter"]
        for (workload, code), count in sorted(self.counts().items()):
            labels = (
                f'reporter="destination",destination_workload="{workload}",'
                f'destination_workload_namespace="{self._namespace}",response_code="{code}"'
            )
            lines.append(f"istio_requests_total{{{labels}}} {count}")
        return "\n".join((*lines, ""))


class _Retrying:
    """Asks the others where a pod does not take a request."""

    def __init__(self, sender: Sender, others: Callable[[PodName], tuple[PodName, ...]]) -> None:
        self._sender, self._others = sender, others

    async def send(self, pod: PodName) -> str:
        outcome = await self._sender.send(pod)
        for other in self._others(pod):
            if outcome not in ("no-pod", "refused"):
                break
            outcome = await self._sender.send(other)
        return outcome

    def close(self) -> None:
        self._sender.close()


def spread(
    split: Split, pods: Mapping[str, tuple[PodName, ...]], namespace: str
) -> tuple[PodName, ...]:
    """So many requests in the order in which they are sent: each Service has its share of any
    stretch of them, and its pods take turns. A Service without pods is named itself.

    >>> [str(pod) for pod in spread({"a": 1, "b": 0}, {}, "shop")[:2]]
    ['shop/a', 'shop/a']
    """
    total = sum(split.values())
    credit, turns, order = dict.fromkeys(split, 0), Counter[str](), []
    for _ in range(SLOTS if total else 0):
        for service, weight in split.items():
            credit[service] += weight
        service = max(credit, key=lambda one: credit[one])
        credit[service] -= total
        there = pods.get(service) or (PodName(namespace, service),)
        order.append(there[turns[service] % len(there)])
        turns[service] += 1
    return tuple(order)


def workload_of(pod: str) -> str:
    """The Deployment of a pod; what is no pod of one is itself.

    >>> workload_of("shop-canary-6d5f7-abcde"), workload_of("shop-canary")
    ('shop-canary', 'shop-canary')
    """
    name, *rest = pod.rsplit("-", 2)
    made = len(rest) == 2 and len(rest[1]) == 5
    return name if made else pod


def _read_slice(body: Json) -> _Slice:
    return body["metadata"]["labels"]["kubernetes.io/service-name"], ready_pods(body)
