"""python -m benchmarks.scale.stub PORT SERVICES SIZE …: an API server and a Prometheus.

It answers what `kubervisor run` asks, from bytes that are made beforehand; what it does not know it
answers with 404 and counts, so that a run on a stub that lags behind the program fails. GET /stub
tells what it was asked.
"""

from __future__ import annotations

import argparse
import itertools
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from benchmarks.scale.churn import Churn, Feed
from benchmarks.scale.store import Json, Refused, Store, encoded
from benchmarks.scale.wire import Answer, Request, Watch, serve
from benchmarks.scale.world import World

PODS, SERVICES = "/api/v1/pods", "/api/v1/services"
GUARDS = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"
FIRST_VERSION = 1_000_000

_COLLECTION = re.compile(
    r"(?P<group>/apis?(?:/[^/]+)?/v[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<kind>[^/]+)"
)
_OBJECT = re.compile(
    r"(?P<group>/apis/[^/]+/[^/]+)/namespaces/(?P<namespace>[^/]+)/(?P<kind>[^/]+)"
    r"(?:/(?P<name>[^/]+))?(?:/status)?"
)


class Stub:
    """Answers requests about `world`, whose pods change `rate` times a second."""

    def __init__(self, world: World, rate: int) -> None:
        self._world = world
        versions = itertools.count(FIRST_VERSION)
        self._now = FIRST_VERSION
        self._versions = versions
        self._asked: Counter[str] = Counter()
        self._ready: dict[str, float] = {}
        self._listed: list[tuple[float, float]] = []
        self._list_began = 0.0
        self._churn = Churn(world, rate, self._next_version)
        self._guards, self._quiet = Feed(self._version), Feed(self._version)
        self._store = Store(self._next_version, self._changed)
        numbers = range(world.services)
        self._store.fill((self._guard_path(n), world.guard(n)) for n in numbers)
        self._services = [encoded(world.service(n)) for n in numbers]
        world.pod(0, 0)
        world.answer()

    def answer(self, request: Request) -> Answer | Watch:
        """The answer to one request; the stub's clock is the machine's monotonic one."""
        watched = "watch" in request.query
        self._asked[self._kind(request, watched=watched)] += 1
        try:
            return self._watch(request) if watched else self._respond(request)
        except Refused as refused:
            self._asked[f"{refused.status} {request.method} {request.path}"] += 1
            said = {"kind": "Status", "message": str(refused), "code": refused.status}
            return Answer(encoded(said), refused.status)

    def _respond(self, request: Request) -> Answer:
        kind, namespace = _collection(request.path)
        query, services = request.query, self._world.services_in(namespace)
        match request.method, kind:
            case "GET", path if path == PODS:
                return self._pods(query, self._world.pods_in(namespace))
            case "GET", path if path == SERVICES:
                return self._page(query, services, self._services.__getitem__)
            case "GET", path if path == GUARDS:
                return self._page(query, services, self._guard)
            case _, "/api/v1/query":
                return Answer(self._world.answer(request.query.get("query", "")))
            case "GET", "/stub":
                return Answer(encoded(self._told()))
        return self._object(request)

    def _object(self, request: Request) -> Answer:
        found = _OBJECT.fullmatch(request.path)
        if found is None:
            raise Refused(404, "the stub has nothing of the kind")
        path = request.path.removesuffix("/status")
        body = msgspec.json.decode(request.body) if request.body else {}
        if found["kind"] == "events":
            return Answer(request.body, 201)
        match request.method:
            case "GET":
                return Answer(encoded(self._store.get(path)))
            case "POST":
                return Answer(encoded(self._store.create(path, body)), 201)
            case "PATCH":
                return Answer(encoded(self._store.patch(path, body)))
        raise Refused(404, f"the stub knows no {request.method}")

    def _watch(self, request: Request) -> Watch:
        kind, namespace = _collection(request.path)
        if kind == PODS:
            self._listed.append((self._list_began, time.monotonic()))
            pods = self._world.pods_in(namespace)
            return Watch(lambda connection: self._churn.follow(connection, pods))
        feed = self._guards if kind == GUARDS else self._quiet
        return Watch(lambda connection: feed.follow(connection, namespace))

    def _pods(self, query: dict[str, str], numbers: range) -> Answer:
        if "continue" not in query:
            self._list_began = time.monotonic()
        return self._page(query, numbers, lambda number: self._world.pod(number, FIRST_VERSION))

    def _guard(self, number: int) -> bytes:
        return encoded(self._store.get(self._guard_path(number)))

    def _page(self, query: dict[str, str], numbers: range, body: Callable[[int], bytes]) -> Answer:
        """A page of a LIST of what has these numbers; only what is on it is made."""
        start, limit = int(query.get("continue", "0")), int(query.get("limit", "0"))
        end = min(len(numbers), start + limit) if limit else len(numbers)
        metadata = {"resourceVersion": str(self._version())}
        if end < len(numbers):
            metadata["continue"] = str(end)
        head = b'{"kind":"List","apiVersion":"v1","metadata":%b,"items":[' % encoded(metadata)
        return Answer(b"%b%b]}" % (head, b",".join(body(n) for n in numbers[start:end])))

    def _changed(self, body: Json) -> None:
        if body.get("kind") != "KubervisorService":
            return
        conditions = body.get("status", {}).get("conditions", ())
        if any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
            self._ready.setdefault(body["metadata"]["name"], time.monotonic())
        self._guards.tell(body)

    def _told(self) -> Json:
        """What the stub has seen: instants are of the machine's monotonic clock."""
        return {
            "asked": self._asked,
            "listed": self._listed,
            "ready": sorted(self._ready.values()),
            "events": self._churn.sent,
            "behind": self._churn.behind,
        }

    def _kind(self, request: Request, *, watched: bool) -> str:
        found = _OBJECT.fullmatch(request.path)
        path = f"{found['group']}/{found['kind']}" if found else request.path
        status = "/status" if request.path.endswith("/status") else ""
        return f"{'WATCH' if watched else request.method} {path}{status}"

    def _guard_path(self, number: int) -> str:
        namespace, name = self._world.namespace(number), self._world.name(number)
        group, _, kind = GUARDS.rpartition("/")
        return f"{group}/namespaces/{namespace}/{kind}/{name}"

    def _next_version(self) -> int:
        self._now = next(self._versions)
        return self._now

    def _version(self) -> int:
        return self._now


def _collection(path: str) -> tuple[str, str | None]:
    """The collection that `path` is, of all namespaces, and the one that it names; else `path`."""
    found = _COLLECTION.fullmatch(path)
    return (f"{found['group']}/{found['kind']}", found["namespace"]) if found else (path, None)


def main(argv: list[str]) -> None:
    """Serve for ever."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.stub", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("services", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--per-namespace", type=int, default=50)
    parser.add_argument("--rate", type=int, default=2000, help="watch events a second")
    asked = parser.parse_args(argv)
    stub = Stub(World(asked.services, asked.size, asked.per_namespace), asked.rate)
    with socket.create_server(("127.0.0.1", asked.port), backlog=128) as listener:
        serve(listener, stub.answer)


if __name__ == "__main__":
    main(sys.argv[1:])
