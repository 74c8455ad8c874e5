"""What the stub serves: Services of so many pods each, their KubervisorServices, their samples."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.scale.pods import Template

PER_NAMESPACE = 50
FAILING = 20
"""Of so many pods one has failures, far too few for an outlier: a fleet is never quite healthy."""
PERIOD = 5
"""Seconds between two evaluations of a Service."""
SOURCE = "prometheus"
"""The name by which the specs call their source."""


_NOW = b"<time of now>"
_ONE_SERVICE = re.compile(r'pod=~"cart-(\d+)-')


@dataclass
class World:
    """`services` of `size` pods each, `per_namespace` of them together.

    All pods are Ready and carry our labels already, as they do when a controller starts anew.
    """

    services: int
    size: int
    per_namespace: int = PER_NAMESPACE
    _rendered: tuple[float, bytes] = (0.0, b"")

    @property
    def pods(self) -> int:
        """How many there are."""
        return self.services * self.size

    def namespace(self, service: int) -> str:
        """Where the Service with this number is."""
        return f"shop-{service // self.per_namespace:03d}"

    def services_in(self, namespace: str | None) -> range:
        """The numbers of the Services in a namespace, which may have none; of all for None."""
        if namespace is None:
            return range(self.services)
        number = namespace.removeprefix("shop-")
        begin = int(number) * self.per_namespace if number.isdigit() else self.services
        return range(self.services)[begin : begin + self.per_namespace]

    def pods_in(self, namespace: str | None) -> range:
        """The same for pods."""
        services = self.services_in(namespace)
        return range(services.start * self.size, services.stop * self.size)

    def name(self, service: int) -> str:
        """The name of that Service, and of its KubervisorService."""
        return f"cart-{service:05d}"

    def pod_name(self, pod: int) -> str:
        """The name of the pod with this number; pods of one Service follow one another."""
        return f"{self.name(pod // self.size)}-7d9f8b6c5d-{pod % self.size:05d}"

    def pod(self, pod: int, version: int, *, restarts: int = 0, ready: bool = True) -> bytes:
        """The pod's JSON."""
        return self._templates[pod // self.size].fill(
            {
                "name": self.pod_name(pod).encode(),
                "uid": b"%08x-5d1c-4f7e-9a3b-6c0d2e4f8a1b" % pod,
                "version": b"%d" % version,
                "address": b"10.%d.%d.%d" % (pod >> 16, pod >> 8 & 255, pod & 255),
                "restarts": b"%d" % restarts,
                "ready": b"True" if ready else b"False",
            }
        )

    def service(self, number: int) -> dict[str, Any]:
        """The Service, which selects on the label that takes traffic away."""
        name = self.name(number)
        return {
            "metadata": {
                "name": name,
                "namespace": self.namespace(number),
                "uid": f"{number:08x}-0000-4000-8000-000000000001",
                "resourceVersion": "1",
                "creationTimestamp": "2026-01-05T10:00:00Z",
            },
            "spec": {
                "selector": {"app.kubernetes.io/name": name, "kubervisor/traffic": "yes"},
                "type": "ClusterIP",
                "clusterIP": f"10.96.{number >> 8}.{number & 255}",
                "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
            },
            "status": {"loadBalancer": {}},
        }

    def guard(self, number: int) -> dict[str, Any]:
        """The KubervisorService: the preset for HTTP servers, judged every `PERIOD` seconds."""
        name = self.name(number)
        breaker = {"name": "errors", "evaluationPeriod": PERIOD, "preset": "http", "source": SOURCE}
        return {
            "apiVersion": "kubervisor.k8s.io/v1alpha1",
            "kind": "KubervisorService",
            "metadata": {
                "name": name,
                "namespace": self.namespace(number),
                "uid": f"{number:08x}-0000-4000-8000-000000000002",
                "resourceVersion": "1",
                "generation": 1,
                "creationTimestamp": "2026-01-05T10:00:00Z",
                "finalizers": ["kubervisor.k8s.io/return-traffic"],
            },
            "spec": {
                "service": name,
                "breakers": [breaker],
                "defaultActivator": {"mode": "periodic", "period": 30},
                "budget": {"minAvailable": "60%"},
            },
        }

    def answer(self, query: str = "") -> bytes:
        """What Prometheus says to the preset's query of now: every pod of every Service; only those
        of one where the query names their pods.
        """
        if named := _ONE_SERVICE.search(query):
            service = int(named[1])
            mine = range(service * self.size, (service + 1) * self.size)
            return self._vector(mine).replace(_NOW, b"%.3f" % time.time())
        now = time.time()
        if now - self._rendered[0] > 10:
            self._rendered = now, self._samples.replace(_NOW, b"%.3f" % now)
        return self._rendered[1]

    @cached_property
    def _templates(self) -> list[Template]:
        return [Template.of(self.namespace(n), self.name(n)) for n in range(self.services)]

    @cached_property
    def _samples(self) -> bytes:
        return self._vector(range(self.pods))

    def _vector(self, numbers: Iterable[int]) -> bytes:
        body = b",".join(sample for pod in numbers for sample in self._samples_of(pod))
        return b'{"status":"success","data":{"resultType":"vector","result":[%b]}}' % body

    def _samples_of(self, pod: int) -> Iterator[bytes]:
        namespace, name = self.namespace(pod // self.size), self.pod_name(pod)
        yield _sample(namespace, name, "200", 900 + 37 * pod % 200)
        if pod % FAILING == 0:
            yield _sample(namespace, name, "503", 2)


def _sample(namespace: str, pod: str, code: str, count: int) -> bytes:
    labels = f'{{"code":"{code}","namespace":"{namespace}","pod":"{pod}"}}'
    return f'{{"metric":{labels},"value":[{_NOW.decode()},"{count}.0169"]}}'.encode()
