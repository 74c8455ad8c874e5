"""From the start of the process to its first question to a detector, and the memory it then has.

The KubervisorService and its fleet of 20 are there before the process, as after a crash.
"""

from __future__ import annotations

import threading
import time

from benchmarks.figures import Figure
from benchmarks.ground import ground, say
from benchmarks.process import age, imported, peak_mb
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector, pod_list
from playground.detector_http import Exchange, as_json
from playground.fleet import Fleet

SIZE = 20
SETTLED = 10
"""Requests to the detector, one a second, after which the memory is that of steady work."""


def run(*, quick: bool) -> list[Figure]:
    """Start → first evaluation in the worst of several starts, and resident memory."""
    imports_took, imports_mb = imported("kubervisor.app")
    with ground() as here, Fleet(here.api, "shop", size=SIZE, selects_traffic=True):
        say("starting the controller several times")
        with Detector() as detector:
            breaker = {"evaluationPeriod": 1, "customService": detector.address}
            here.guard("shop", breaker, hold=10)
            starts = [_first_question(here.cluster, detector) for _ in range(3 if quick else 10)]
            with Controller(here.cluster.kubeconfig) as controller:
                detector.wait_requests(len(detector.requests) + SETTLED, 60)
                resident, peak = controller.resident_mb(), peak_mb(controller.pid)
    return [
        Figure("start → first evaluation, worst", max(starts), "s", imports_took, 3, len(starts)),
        Figure("resident memory, one Service of 20", resident, "MB", imports_mb, 100),
        Figure("the most it was since the start", peak, "MB", imports_mb),
    ]


def _first_question(cluster: LocalCluster, detector: Detector) -> float:
    """Seconds from the start of a controller's process to its first request."""
    asked: list[float] = []
    first = threading.Event()
    nobody = as_json(pod_list(()))

    def answer(exchange: Exchange) -> None:
        asked.append(time.monotonic())
        first.set()
        nobody(exchange)

    detector.answer = answer
    with Controller(cluster.kubeconfig) as controller:
        started = time.monotonic() - age(controller.pid)
        if not first.wait(60):
            raise TimeoutError("the controller asked the detector nothing in 60 s")
        controller.stop()
    return asked[0] - started
