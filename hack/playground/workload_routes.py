"""What the workload answers to one HTTP request.

GET /pods/NAMESPACE/NAME/...        a request to the pod, answered by its fault
GET /pods/NAMESPACE/NAME/metrics    its metrics page
PUT /pods/NAMESPACE/NAME/fault      a JSON fault, see `playground.faults`
GET /metrics/aggregate?shard=0&of=4 many pods on one page, for `honor_labels`
GET http://ADDRESS:PORT/metrics     the page of the pod with that IP address, as a proxy answers
GET /sd                             the pods that run, as Prometheus' HTTP service discovery
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import responses
from urllib.parse import parse_qsl, urlsplit

from playground.faults import NO_SUCH_POD, Fault
from playground.workload import NoAnswer, PodName, Workload

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"

    def encoded(self) -> bytes:
        """The bytes of an HTTP/1.1 answer that leaves the connection open."""
        head = (
            f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unnamed')}\r\n"
            f"Content-Type: {self.media_type}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True, slots=True)
class Routes:
    """The pages of a workload that is reached at `address`, host and port."""

    workload: Workload
    address: str

    def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        """The answer to one request; None when the pod hangs and never gives one."""
        path, _, query = self._own(target).partition("?")
        match path.split("/")[1:], method:
            case ["pods", namespace, name, "fault"], "PUT":
                return self._set_fault(PodName(namespace, name), body)
            case ["pods", namespace, name, "metrics"], "GET":
                return self._metrics(PodName(namespace, name))
            case ["pods", namespace, name, *_], "GET":
                return self._request(PodName(namespace, name))
            case ["metrics", "aggregate"], "GET":
                return self._aggregate(query)
            case ["sd"], "GET":
                return self._discovery()
        return Answer(404, f"nothing answers {method} {path}\n".encode())

    def _own(self, target: str) -> str:
        """The path under which a pod is here that a client asks for by its address."""
        parts = urlsplit(target)
        if parts.scheme != "http":
            return target
        pod = self.workload.at(parts.hostname or "")
        return f"/pods/{pod}{parts.path}" if pod else "/nobody"

    def _request(self, pod: PodName) -> Answer | None:
        match self.workload.handle(pod):
            case NoAnswer.HANGS:
                return None
            case NoAnswer.NO_SUCH_POD:
                return _no_such_pod(pod)
            case code:
                return Answer(code, b"ok\n" if code == 200 else b"failed\n")

    def _metrics(self, pod: PodName) -> Answer:
        try:
            page = self.workload.metrics(pod)
        except KeyError:
            return _no_such_pod(pod)
        if page is None:
            return Answer(503, b"no metrics\n")
        return Answer(200, page.encode(), _METRICS_TYPE)

    def _set_fault(self, pod: PodName, body: bytes) -> Answer:
        try:
            self.workload.set_fault(pod, Fault.from_json(body))
        except KeyError:
            return _no_such_pod(pod)
        except ValueError as wrong:
            return Answer(400, f"{wrong}\n".encode())
        return Answer(200, b"ok\n")

    def _aggregate(self, query: str) -> Answer:
        given = dict(parse_qsl(query))
        try:
            shard, of = int(given["shard"]), int(given["of"])
        except (KeyError, ValueError):
            shard, of = 0, 0
        if not 0 <= shard < of:
            return Answer(400, b"give shard and of, with 0 <= shard < of\n")
        return Answer(200, self.workload.aggregate(shard, of).encode(), _METRICS_TYPE)

    def _discovery(self) -> Answer:
        groups = [
            {
                "targets": [self.address],
                "labels": {
                    "__metrics_path__": f"/pods/{pod}/metrics",
                    "namespace": pod.namespace,
                    "pod": pod.name,
                },
            }
            for pod in self.workload.pods()
        ]
        return Answer(200, json.dumps(groups).encode(), "application/json")


def _no_such_pod(pod: PodName) -> Answer:
    return Answer(NO_SUCH_POD, f"no pod {pod} runs\n".encode())
