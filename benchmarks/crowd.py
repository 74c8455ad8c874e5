"""500 Services of 20 pods on a real cluster and a real Prometheus: what guarding them costs.

The presets of all Services are one query. Prometheus scrapes a few pages with the counters of all
pods. Measured are a start with everything in place, a quiet time, a time in which pods are replaced
all along, and ejections.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import crowd_readings as readings
from benchmarks.changes import Changes
from benchmarks.counters import Counters, served
from benchmarks.crowd_ejections import ejecting, one_each
from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground, guards_path, is_ready, say
from benchmarks.process import age, peak_mb
from playground import binaries
from playground.controller import Controller
from playground.fleet_api import Json
from playground.fleet_manifests import Kind, namespace_path, service, workload, workload_path
from playground.fleet_pod import Pod, read_pod
from playground.fleet_watch import Watch
from playground.prometheus import Prometheus

MANY, FEW, SIZE = 500, 50, 20
PER_NAMESPACE = 50
PERIOD, SCRAPE, PAGES = 5.0, 5.0, 4
REPLACED = 20
"""Pods that are deleted each second while the crowd churns."""
WRITERS = 8
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class _Name:
    namespace: str
    name: str


def run(*, quick: bool) -> list[Figure]:
    """Start, memory, CPU, lateness, writes and queries of one controller for all of them."""
    count = FEW if quick else MANY
    names = [_Name(f"crowd-{i // PER_NAMESPACE}", f"shop-{i}") for i in range(count)]
    with ground(nodes=2) as here, Watch(here.api, "/api/v1/pods", read_pod) as pods:
        _create(here, names)
        _await(f"{count * SIZE} pods are Ready", lambda: _ready(pods), count * SIZE)
        ready, first = time.monotonic(), frozenset(pod.uid for pod in pods.objects.values())
        counters = Counters(pods)
        with _prometheus(counters) as source:
            _guard(here, names, source)
            labelled = _label_all(here, pods, len(names))
            made = [Figure("first guarded → all pods labelled", labelled, "s")]
            _await("all have samples", lambda: readings.measured(source), count * SIZE)
            with Controller(here.cluster.kubeconfig) as controller:
                made += _started(controller, len(names))
                seconds = 15 if quick else 30
                say(f"resting for {seconds} s, then measuring as long")
                time.sleep(seconds)
                made += _quiet(here, controller, seconds)
                made += _churning(here, controller, pods, seconds)
                _await("all pods are labelled", lambda: _labelled(pods), count * SIZE)
                chosen = one_each(pods.objects.values(), first, 10 if quick else 60)
                made += ejecting(here, controller, counters, chosen, ready)
    return [
        Figure(f"{count} of {SIZE}: {f.name}", f.measured, f.unit, f.floor, f.target, f.samples)
        for f in made
    ]


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
def _prometheus(counters: Counters) -> Iterator[str]:
    """The HOST:PORT of a Prometheus that scrapes the pages."""
    with (
        served(counters) as pages,
        Prometheus(binaries.ensure(), pages, scrape_interval=SCRAPE, aggregate=PAGES) as prometheus,
    ):
        yield prometheus.address


def _guard(here: Ground, names: Sequence[_Name], source: str) -> None:
    breaker: Json = {"evaluationPeriod": PERIOD, "preset": "http", "prometheusService": source}

    def create(at: _Name) -> None:
        here.guard(at.name, breaker, namespace=at.namespace, hold=600)

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(create, names))


def _label_all(here: Ground, pods: Watch[Pod], count: int) -> float:
    """Have a first controller label all pods and write all statuses; the seconds until labelled."""
    with Controller(here.cluster.kubeconfig) as controller:
        began = time.monotonic()
        _await("all pods are labelled", lambda: _labelled(pods), count * SIZE)
        took = time.monotonic() - began
        with Watch(here.api, guards_path(""), is_ready) as guards:
            _await("all say Ready", lambda: sum(guards.objects.values()), count)
        controller.stop()
    return took


def _started(controller: Controller, count: int) -> list[Figure]:
    """From the start of the process until every Service was evaluated once, as after a crash."""
    while (now := readings.guarded(controller)) < count:
        if age(controller.pid) > PATIENCE:
            raise TimeoutError(f"{now:g} of {count} are guarded after {PATIENCE:g} s")
        time.sleep(0.05)
    return [Figure("start → all guarded", age(controller.pid), "s", None, 3)]


def _quiet(here: Ground, controller: Controller, seconds: float) -> list[Figure]:
    """A time in which nothing happens: a guard is to write nothing but its Lease."""
    with Changes(here.api) as changes, readings.Spell(controller) as spell:
        idle_loop = readings.IdleLoop(seconds)
        counts = changes.during(seconds)
        idle = idle_loop.lateness()
    late = spell.percentile(readings.LATENESS, 99)
    return [
        Figure("processor, quiet", 100 * spell.cores, "% of a core", None, 8),
        Figure("lateness, p99", 1000 * late, "ms", 1000 * idle, 1000 * idle + 10),
        Figure("evaluations per period", spell.grown(readings.JUDGED) * PERIOD / spell.seconds, ""),
        Figure(
            "queries per period",
            spell.grown(readings.ASKED) * PERIOD / spell.seconds,
            "",
            target=1.5,
        ),
        *(
            Figure(f"writes per minute, {name}", 60 * counts[name] / spell.seconds, "", None, most)
            for name, most in (("pods", 0), ("statuses", 0), ("Events", 0), ("Leases", 40))
        ),
    ]


def _churning(
    here: Ground, controller: Controller, pods: Watch[Pod], seconds: float
) -> list[Figure]:
    """A time in which pods are replaced; each new one is labelled."""
    say(f"replacing {REPLACED} pods a second for {seconds:g} s")
    with readings.Spell(controller) as spell:
        _replace(here, pods, time.monotonic() + seconds)
    late = spell.percentile(readings.LATENESS, 99)
    return [
        Figure("processor, replacing pods", 100 * spell.cores, "% of a core", None, 8),
        Figure("lateness while replacing pods, p99", 1000 * late, "ms"),
        Figure("resident memory", controller.resident_mb(), "MB", None, 120),
        Figure("the most it was since the start", peak_mb(controller.pid), "MB"),
    ]


def _replace(here: Ground, pods: Watch[Pod], until: float) -> None:
    while (began := time.monotonic()) < until:
        for pod in random.sample(list(pods.objects.values()), REPLACED):
            here.api.delete(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}")
        time.sleep(max(0.0, began + 1 - time.monotonic()))


def _ready(pods: Watch[Pod]) -> int:
    return sum(pod.ready for pod in pods.objects.values())


def _labelled(pods: Watch[Pod]) -> int:
    return sum("kubervisor/name" in pod.labels for pod in pods.objects.values())


def _await(what: str, count: Callable[[], int], wanted: int) -> None:
    """Return once `count` is `wanted`. Raises TimeoutError where it stands still for long."""
    say(f"until {what}")
    best, since = -1, time.monotonic()
    while (now := count()) < wanted:
        if now > best:
            best, since = now, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise TimeoutError(f"{now} of {wanted}, and no more for {PATIENCE:g} s: {what}")
        time.sleep(0.5)
