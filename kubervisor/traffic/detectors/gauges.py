"""One value for each pod, out of instant samples or the newest of raw ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite

from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import by_pod, series_by_pod
from kubervisor.traffic.evidence import watermark
from kubervisor.traffic.model import Pod

Worst = Callable[[Iterable[float]], float]
"""Which of several series of a pod stands for it: `max` or `min`, whichever is feared."""


def gauges(asked: Question, query: Query, pod_label: str, worst: Worst) -> Mapping[str, float]:
    """The value of each Ready member that has a finite one, by its name.

    Of raw samples those before the pod's watermark do not count.
    """
    found: dict[str, float] = {}
    values = _newest(asked, pod_label) if query.raw else _instant(asked, pod_label)
    for pod in asked.fleet.pods:
        finite = [value for value in values(pod) if isfinite(value)] if pod.ready else []
        if finite:
            found[pod.name] = worst(finite)
    return found


def _instant(asked: Question, pod_label: str) -> Callable[[Pod], list[float]]:
    samples = by_pod(asked.parts[0], asked.fleet, pod_label)
    return lambda pod: [sample.value for sample in samples[pod.name]]


def _newest(asked: Question, pod_label: str) -> Callable[[Pod], list[float]]:
    series = series_by_pod(asked.parts[0], asked.fleet, pod_label)

    def values(pod: Pod) -> list[float]:
        since = watermark(pod, asked.breaker, asked.now)
        return [one.values[-1] for one in series[pod.name] if one.times and one.times[-1] >= since]

    return values
