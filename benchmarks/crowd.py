"""500 Services of 20 pods, one query that measures them all: what a quiet half minute costs.

The source is a stand-in for Prometheus that knows a value for every pod, none of them an outlier.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.changes import PATHS, Changes
from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground, guards_path, is_ready, say
from benchmarks.process import cpu_seconds, peak_mb
from playground.controller import Controller
from playground.detector_http import Exchange
from playground.detector_prometheus import PrometheusStandIn, vector
from playground.fleet_api import Json
from playground.fleet_manifests import Kind, namespace_path, service, workload, workload_path
from playground.fleet_pod import Pod, read_pod
from playground.fleet_watch import Watch

MANY, FEW, SIZE = 500, 50, 20
PER_NAMESPACE = 50
PERIOD = 5.0
WRITERS = 8
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class _Name:
    namespace: str
    name: str


def run(*, quick: bool) -> list[Figure]:
    """Memory, CPU, writes and queries, without targets: a smoke run."""
    count = FEW if quick else MANY
    names = [_Name(f"crowd-{i // PER_NAMESPACE}", f"shop-{i}") for i in range(count)]
    with ground(nodes=2) as here, Watch(here.api, "/api/v1/pods", read_pod) as pods:
        _create(here, names)
        _await(f"{count * SIZE} pods are Ready", lambda: _ready(pods), count * SIZE)
        with _source(list(pods.objects.values())) as source:
            return _measure(here, names, pods, source, quiet=15 if quick else 30)


def _create(here: Ground, names: Sequence[_Name]) -> None:
    say(f"creating {len(names)} Services of {SIZE} pods")
    for namespace in sorted({name.namespace for name in names}):
        here.cluster.kubectl("create", "namespace", namespace)
        here.cluster.kubectl(
            "wait", "serviceaccount/default", f"-n={namespace}", "--for=create", "--timeout=60s"
        )

    def create(at: _Name) -> None:
        here.api.apply(f"{namespace_path(at.namespace)}/services/{at.name}", service(at.name, True))
        here.api.apply(
            workload_path(Kind.DEPLOYMENT, at.namespace, at.name),
            workload(Kind.DEPLOYMENT, at.name, SIZE, True),
        )

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(create, names))


@contextmanager
def _source(pods: Sequence[Pod]) -> Iterator[PrometheusStandIn]:
    """A stand-in that says 100 good answers of each pod, with the instant of the request."""
    labels = [{"namespace": pod.namespace, "pod": pod.name, "code": "200"} for pod in pods]

    def answer(exchange: Exchange) -> None:
        vector((one, 100.0) for one in labels)(exchange)

    with PrometheusStandIn() as source:
        source.answer = answer
        yield source


def _measure(
    here: Ground, names: Sequence[_Name], pods: Watch[Pod], source: PrometheusStandIn, quiet: float
) -> list[Figure]:
    """What `quiet` seconds cost, after as long a rest from the start."""
    breaker = {
        "evaluationPeriod": PERIOD,
        "discreteValueOutOfList": {
            "prometheusService": source.address,
            "promQL": "sum by (namespace, pod, code) (increase(http_requests_total[30s]))",
            "key": "code",
            "podNamekey": "pod",
            "goodValues": ["200"],
        },
    }
    with Controller(here.cluster.kubeconfig) as controller:
        began = time.monotonic()
        with ThreadPoolExecutor(WRITERS) as threads:
            create = partial(_guard, here, breaker)
            list(threads.map(create, names))
        _await("all pods are labelled", lambda: _labelled(pods), len(names) * SIZE)
        labelled = time.monotonic() - began
        with Watch(here.api, guards_path(""), is_ready) as guards:
            _await("all say Ready", lambda: sum(guards.objects.values()), len(names))
        say(f"resting for {quiet:g} s, then measuring as long")
        time.sleep(quiet)
        with Changes(here.api) as changes:
            steady = _steady(controller, changes, source, quiet)
        memory = (controller.resident_mb(), peak_mb(controller.pid))
    crowd = f"{len(names)} of {SIZE}"
    return [
        Figure(f"{crowd}: first guarded → all pods labelled", labelled, "s"),
        Figure(f"{crowd}: resident memory", memory[0], "MB"),
        Figure(f"{crowd}: the most it was since the start", memory[1], "MB"),
        *(Figure(f"{crowd}: {name}", value, unit) for name, value, unit in steady),
    ]


def _steady(
    controller: Controller, changes: Changes, source: PrometheusStandIn, quiet: float
) -> list[tuple[str, float, str]]:
    """What happens in `quiet` seconds: names, values, units."""

    def reading() -> tuple[float, float, float]:
        judged = controller.metric('kubervisor_evaluations_total{outcome="judged"}')
        return cpu_seconds(controller.pid), judged, len(source.requests)

    before = reading()
    counts = changes.during(quiet)
    used, judged, queries = (b - a for a, b in zip(before, reading(), strict=True))
    periods = quiet / PERIOD
    return [
        ("processor, of one core", 100 * used / quiet, "%"),
        ("evaluations per period", judged / periods, ""),
        ("queries per period", queries / periods, ""),
        *((f"writes per minute, {name}", 60 * counts[name] / quiet, "") for name in PATHS),
    ]


def _guard(here: Ground, breaker: Json, at: _Name) -> None:
    here.guard(at.name, breaker, namespace=at.namespace, hold=10)


def _ready(pods: Watch[Pod]) -> int:
    return sum(pod.ready for pod in pods.objects.values())


def _labelled(pods: Watch[Pod]) -> int:
    return sum("kubervisor/name" in pod.labels for pod in pods.objects.values())


def _await(what: str, count: Callable[[], int], wanted: int) -> None:
    """Return once `count` is `wanted`. Raises TimeoutError where it stands still for a minute."""
    say(f"until {what}")
    best, since = -1, time.monotonic()
    while (now := count()) < wanted:
        if now > best:
            best, since = now, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise TimeoutError(f"{now} of {wanted}, and no more for {PATIENCE:g} s: {what}")
        time.sleep(0.5)
