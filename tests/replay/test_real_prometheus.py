"""The past that a real Prometheus keeps of pods it has scraped: the fault that was injected."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kubervisor.cli import main
from kubervisor.replay.instants import instant
from playground import binaries
from playground.faults import HEALTHY, Fault
from playground.prometheus import Prometheus, Sample
from playground.workload import PodName, Workload
from playground.workload_server import WorkloadServer

pytestmark = pytest.mark.cluster  # of its programs it needs one

PODS = [PodName("shop", f"shop-6f7d8c9b5d-{letter * 5}") for letter in "bcdfg"]
OUTLIER = PODS[2]
SCRAPE = 0.5
WITHIN = 60.0

DETECTORS: dict[str, dict[str, object]] = {
    "discrete": {
        "discreteValueOutOfList": {
            "prometheusService": "prometheus:9090",
            "promQL": "sum by (namespace, pod, code) (increase(http_requests_total[3s]))",
            "key": "code",
            "podNamekey": "pod",
            "goodValues": ["200"],
            "tolerance": 20,
            "minActivity": 20,
        }
    },
    "ratio": {
        "ratio": {
            "prometheusService": "prometheus:9090",
            "promQL": 'http_requests_total{namespace="shop"}',
            "codeLabel": "code",
            "badCodes": "5..",
            "window": "3s",
            "warmUp": "0s",
        }
    },
}


@contextmanager
def requests_to(workload: Workload) -> Iterator[None]:
    """About 50 requests a second to each pod, until the block ends."""
    ended = threading.Event()

    def send() -> None:
        while not ended.wait(0.02):
            for pod in PODS:
                workload.handle(pod)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def counted(samples: list[Sample], least: float) -> bool:
    return bool(samples) and samples[0].value >= least


@pytest.fixture(scope="module")
def scraped() -> Iterator[tuple[Prometheus, float, float]]:
    """A Prometheus, and from when until when the fault lasted."""
    workload = Workload()
    for pod in PODS:
        workload.add(pod)
    with (
        WorkloadServer(workload) as server,
        Prometheus(binaries.ensure(), server.address, scrape_interval=SCRAPE) as prometheus,
        requests_to(workload),
    ):
        good = 'min(count_over_time(http_requests_total{code="200"}[1m]))'
        prometheus.wait(good, lambda found: counted(found, 8), WITHIN)
        began = time.time()
        workload.set_fault(OUTLIER, Fault(errors=0.5))
        bad = 'count_over_time(http_requests_total{code="500"}[1m])'
        prometheus.wait(bad, lambda found: counted(found, 10), WITHIN)
        ended = time.time()
        workload.set_fault(OUTLIER, HEALTHY)
        prometheus.wait(bad, lambda found: counted(found, 16), WITHIN)
        yield prometheus, began, ended


@pytest.mark.parametrize("detector", list(DETECTORS))
def test_a_backtest_finds_the_very_pod_and_the_time(
    detector: str, scraped: tuple[Prometheus, float, float], tmp_path: Path
) -> None:
    prometheus, began, ended = scraped
    breaker = {"name": "errors", "evaluationPeriod": 1, **DETECTORS[detector]}
    manifest = {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "KubervisorService",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "service": "shop",
            "breakers": [{**breaker, "activator": {"period": 2}}],
        },
    }
    path = tmp_path / "shop.yaml"
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")

    done = CliRunner().invoke(
        main,
        [
            "backtest",
            f"-f{path}",
            f"--source={prometheus.url}",
            "--start=-2m",
            "--step=500ms",
            "-ojson",
        ],
    )

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["summary"]["pods"] == len(PODS)
    assert {one["pod"] for one in found["ejections"]} == {OUTLIER.name}
    first = instant(found["ejections"][0]["time"], now=0.0)
    assert began < first < ended + 3
