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

import msgspec

from benchmarks.scale.churn import Churn, Feed
from benchmarks.scale.store import Json, Refused, Store, encoded
from benchmarks.scale.wire import Answer, Request, Watch, serve
from benchmarks.scale.world import World

PODS, SERVICES = "/api/v1/pods", "/api/v1/services"
GUARDS = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"
FIRST_VERSION = 1_000_000

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
            return self._watch(request.path) if watched else self._respond(request)
        except Refused as refused:
            self._asked[f"{refused.status} {request.method} {request.path}"] += 1
            said = {"kind": "Status", "message": str(refused), "code": refused.status}
            return Answer(encoded(said), refused.status)

    def _respond(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", path if path == PODS:
                return self._page_of_pods(request.query)
            case "GET", path if path == SERVICES:
                return _page(request.query, self._services, self._version())
            case "GET", path if path == GUARDS:
                guards = [encoded(self._store.get(path)) for path in self._guard_paths()]
                return _page(request.query, guards, self._version())
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

    def _watch(self, path: str) -> Watch:
        if path == PODS:
            self._listed.append((self._list_began, time.monotonic()))
            return Watch(self._churn.follow)
        return Watch(self._guards.follow if path == GUARDS else self._quiet.follow)

    def _page_of_pods(self, query: dict[str, str]) -> Answer:
        start, limit = int(query.get("continue", "0")), int(query.get("limit", "0"))
        if not start:
            self._list_began = time.monotonic()
        end = min(self._world.pods, start + limit) if limit else self._world.pods
        items = [self._world.pod(number, FIRST_VERSION) for number in range(start, end)]
        return Answer(_listed(items, end if end < self._world.pods else 0, self._version()))

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

    def _guard_paths(self) -> list[str]:
        return [self._guard_path(number) for number in range(self._world.services)]

    def _next_version(self) -> int:
        self._now = next(self._versions)
        return self._now

    def _version(self) -> int:
        return self._now


def _page(query: dict[str, str], objects: list[bytes], version: int) -> Answer:
    start, limit = int(query.get("continue", "0")), int(query.get("limit", "0"))
    end = start + limit if limit else len(objects)
    return Answer(_listed(objects[start:end], end if end < len(objects) else 0, version))


def _listed(items: list[bytes], token: int, version: int) -> bytes:
    metadata = {"resourceVersion": str(version)} | ({"continue": str(token)} if token else {})
    head = b'{"kind":"List","apiVersion":"v1","metadata":%b,"items":[' % encoded(metadata)
    return b"%b%b]}" % (head, b",".join(items))


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
