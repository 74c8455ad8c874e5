"""5,000 pods on a real cluster, each with a watchdog that is probed every 30 s by one process.

All have one loopback address, where a program of its own answers. Measured is a time of rest, in
which nothing fails; and how many probes there are when there should be more than can be.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground, say
from benchmarks.process import cpu_seconds, imported, peak_mb
from playground.fleet_api import Json
from playground.fleet_pod import read_pod
from playground.fleet_watch import Watch
from playground.processes import Processes, free_port
from playground.watchdog_process import WatchdogProcess

MANY, FEW = 5000, 500
PERIOD = 30.0
ADDRESS = "127.0.83.1"
PATIENCE = 180.0


def run(*, quick: bool) -> list[Figure]:
    """Processor, lateness and memory of a process that probes them all, and the most it can."""
    count = FEW if quick else MANY
    with ground() as here, _answering() as port:
        _create(here, count, port)
        made = [*_resting(here, count), _most(here, count)]
    of = f"{count} watchdogs, real cluster"
    return [
        Figure(f"{of}: {f.name}", f.measured, f.unit, f.floor, f.target, f.samples) for f in made
    ]


@contextmanager
def _answering() -> Iterator[int]:
    """The port of the program that answers for all pods."""
    port = free_port()
    with Processes() as processes:
        processes.start(
            "pods", [sys.executable, "-m", "benchmarks.watchdog_pods", ADDRESS, str(port)]
        )
        processes.wait_ready("pods", lambda: _answers(port))
        yield port


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://{ADDRESS}:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _create(here: Ground, count: int, port: int) -> None:
    say(f"creating {count} pods")
    notes = {
        "probe.autocrane.io/watchdog1": f"POD_IP:{port}/watchdog",
        "playground/pod-ip": ADDRESS,
    }
    template: Json = {
        "metadata": {"labels": {"app": "shop"}, "annotations": notes},
        "spec": {
            "containers": [{"name": "app", "image": "app"}],
            "terminationGracePeriodSeconds": 0,
        },
    }
    spec = {
        "replicas": count,
        "selector": {"matchLabels": {"app": "shop"}},
        "template": template,
    }
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}}
    here.api.create("/apis/apps/v1/namespaces/default/deployments", body | {"spec": spec})
    with Watch(here.api, "/api/v1/namespaces/default/pods", read_pod) as pods:
        _await(lambda: sum(pod.ready for pod in pods.objects.values()), count, "pods are Ready")


def _resting(here: Ground, count: int) -> list[Figure]:
    imports_mb = imported("kubervisor.watchdog_app")[1]
    with WatchdogProcess(here.cluster.kubeconfig) as controller:
        say(f"probing all for the first time, then measuring for {2 * PERIOD:.0f} s")
        _await(lambda: probes(controller), count, "probes are made")
        began, used, before = time.monotonic(), cpu_seconds(controller.pid), probes(controller)
        time.sleep(2 * PERIOD)
        took = time.monotonic() - began
        used, made = cpu_seconds(controller.pid) - used, probes(controller) - before
        late = _late(controller)
        memory, peak = controller.resident_mb(), peak_mb(controller.pid)
    return [
        Figure(f"time for {count} probes", took / made * count, "s", target=1.05 * PERIOD),
        Figure("processor, of one core", 100 * used / took, "%", target=100 * count / MANY),
        Figure("processor for a probe", 1000 * used / made, "ms", samples=int(made)),
        Figure("probes that began more than 0.1 s late", 100 * late, "%", target=1),
        Figure("memory", memory, "MB", imports_mb),
        Figure("the most it was since the start", peak, "MB", imports_mb),
    ]


def _most(here: Ground, count: int) -> Figure:
    """Probes that take place where each watchdog should be probed every second."""
    with WatchdogProcess(here.cluster.kubeconfig, "--probe-period=1") as controller:
        _await(lambda: probes(controller), count, "probes are made")
        began, before = time.monotonic(), probes(controller)
        time.sleep(PERIOD / 2)
        made, took = probes(controller) - before, time.monotonic() - began
    return Figure("the most it can do", made / took, "1/s", samples=int(made))


def probes(controller: WatchdogProcess) -> float:
    """How many probes it has made, whatever they heard."""
    page = controller.page("/metrics")
    found = re.findall(r"^kubervisor_watchdog_probes_total\{.*\} (.+)$", page, re.MULTILINE)
    return sum(map(float, found))


def _late(controller: WatchdogProcess) -> float:
    """The share of probes that began more than 0.1 s after they were due."""
    name = "kubervisor_watchdog_probe_lateness_seconds"
    in_time = controller.metric(f'{name}_bucket{{le="0.1"}}')
    return 1 - in_time / max(1.0, controller.metric(f"{name}_count"))


def _await(measured: Callable[[], float], wanted: float, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while measured() < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {wanted:.0f} {what}")
        time.sleep(0.25)
