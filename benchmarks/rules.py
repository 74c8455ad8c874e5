"""1,000 claims on a real cluster that ten rules look after, polled every 10 s by one process.

The answer to each rule's query names all claims, as a cluster's metrics do; what changes at each
poll is every value. Measured is a time of rest, in which no rule triggers. The floor is what the
same answers cost whoever only fetches and decodes them.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import urlopen

import msgspec

from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground, say
from benchmarks.process import cpu_seconds, imported, peak_mb
from playground.fleet_api import Json
from playground.rules_process import RulesProcess

RULES, MANY, FEW = 10, 1000, 200
PERIOD = 10.0
POLLS = 6
PATIENCE = 180.0
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
AUTOPILOT = "/apis/autopilot.libopenstorage.org/v1alpha1"
_KEYS = re.compile(r'"kubervisor_key", "(\w+)"')


def run(*, quick: bool) -> list[Figure]:
    """Processor, requests and memory of a process that follows them all."""
    count = FEW if quick else MANY
    with ground() as here, _answering(count) as asked:
        _create(here, count)
        made = _resting(here, count, asked)
    of = f"{count} rule objects of {RULES} rules, every {PERIOD:.0f} s"
    return [
        Figure(f"{of}: {f.name}", f.measured, f.unit, f.floor, f.target, f.samples) for f in made
    ]


class _Asked:
    """Where the source is, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.queries: list[str] = []


@contextmanager
def _answering(count: int) -> Iterator[_Asked]:
    """A source that names all claims in each answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            (query,) = parse_qs(urlsplit(self.path).query)["query"]
            asked.queries.append(query)
            body = _answer(query, count)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the standard error tells of the benchmark."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        asked = _Asked(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield asked
        server.shutdown()


def _answer(query: str, count: int) -> bytes:
    at = time.time()
    result: list[Any] = []
    for key in _KEYS.findall(query):
        for number in range(count):
            labels = {
                "instance": "10.0.0.1:10250",
                "job": "kubelet",
                "namespace": "default",
                "node": "node-0",
                "persistentvolumeclaim": f"pg-{number:04}",
                "kubervisor_key": key,
            }
            value = "10737418240" if key == "capacity" else f"{random.uniform(1, 40):.3f}"
            result.append({"metric": labels, "value": [at, value]})
    data = {"resultType": "vector", "result": result}
    return json.dumps({"status": "success", "data": data}).encode()


def _create(here: Ground, count: int) -> None:
    say(f"creating {count} claims and {RULES} rules")
    for number in range(count):
        spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none"}
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": f"pg-{number:04}", "labels": {"rule": str(number % RULES)}},
            "spec": {**spec, "resources": {"requests": {"storage": "10Gi"}}},
        }
        here.api.create(CLAIMS, body)


def _rule(number: int) -> Json:
    """Each asks something else, of a tenth of the claims."""
    usage = "100 * kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes"
    return {
        "apiVersion": "autopilot.libopenstorage.org/v1alpha1",
        "kind": "AutopilotRule",
        "metadata": {"name": f"grow-{number}"},
        "spec": {
            "pollInterval": int(PERIOD),
            "selector": {"matchLabels": {"rule": str(number)}},
            "conditions": {
                "expressions": [{"key": f"{usage} + {number}", "operator": "Gt", "values": ["50"]}]
            },
            "actions": [
                {
                    "name": "openstorage.io.action.volume/resize",
                    "params": {"scalepercentage": "50", "maxsize": "1Ti"},
                }
            ],
        },
    }


def _resting(here: Ground, count: int, asked: _Asked) -> list[Figure]:
    imports_mb = imported("kubervisor.rules_app")[1]
    with RulesProcess(here.cluster.kubeconfig, f"--source=default={asked.url}") as controller:
        for number in range(RULES):
            here.api.create(f"{AUTOPILOT}/autopilotrules", _rule(number))
        say("awaiting a record of each claim")
        _await(here, count)
        time.sleep(PERIOD)
        say(f"measuring for {POLLS * PERIOD:.0f} s")
        asked.queries.clear()
        before, began = _writes(controller), time.monotonic()
        used = cpu_seconds(controller.pid)
        time.sleep(POLLS * PERIOD)
        used, took = cpu_seconds(controller.pid) - used, time.monotonic() - began
        written, queries = _writes(controller) - before, list(asked.queries)
        memory, peak = controller.resident_mb(), peak_mb(controller.pid)
    floor = 100 * _decoding(asked, sorted(set(queries))) / PERIOD
    polls = RULES * took / PERIOD
    return [
        Figure("processor, of one core", 100 * used / took, "%", floor, target=10 * count / MANY),
        Figure("queries for each poll of a rule", len(queries) / polls, "", target=1.05),
        Figure("writes while nothing happens", written, "", target=0),
        Figure("memory", memory, "MB", imports_mb),
        Figure("the most it was since the start", peak, "MB", imports_mb),
    ]


def _decoding(asked: _Asked, queries: list[str]) -> float:
    """Processor seconds that it takes to fetch and decode an answer to each query."""
    used = 0.0
    for query in queries:
        url = f"{asked.url}/api/v1/query?query={quote(query)}"
        with urlopen(url, timeout=30) as answer:
            began = time.thread_time()
            msgspec.json.decode(answer.read())
            used += time.thread_time() - began
    return used


def _writes(controller: RulesProcess) -> float:
    """Requests that write, but for the Lease's."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in controller.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total{")
        and any(f'verb="{verb}"' in line for verb in ("create", "patch", "update", "delete"))
        and 'resource="leases"' not in line
        and 'resource="events"' not in line
    )


def _await(here: Ground, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        items = here.api.get(f"{AUTOPILOT}/autopilotruleobjects")["items"]
        if sum("state" in one.get("status", {}) for one in items) >= count:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {count} records, {len(items)} so far")
        time.sleep(0.5)
