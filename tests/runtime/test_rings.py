"""Rings: what pods' pages show, kept in the form in which Prometheus answers."""

from __future__ import annotations

import tracemalloc

import pytest

from kubervisor.runtime.rings import Rings
from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import Pod
from tests.builders import a_pod

WALL = 1_800_000_000.0
ERRORS = Query('http_requests_total{code=~"5.."}', window=5.0, raw=True)
TOTAL = Query("http_requests_total", window=5.0, raw=True)


def page(good: float, failed: float) -> list[tuple[bytes, float]]:
    return [
        (b'http_requests_total{code="200"}', good),
        (b'http_requests_total{code="503"}', failed),
    ]


def labels(pod: Pod, **more: str) -> dict[str, str]:
    return {"__name__": "http_requests_total", "namespace": pod.namespace, "pod": pod.name, **more}


def at(rings: Rings, now: float) -> Measurement:
    return rings.measurement(now=now, wall=WALL + now)


def test_several_queries_are_answered_in_parts_in_their_order() -> None:
    rings, pod = Rings((ERRORS, TOTAL), "pod", 1.0), a_pod("web-1")
    rings.take(pod, page(100, 0), 10.0)
    rings.take(pod, page(110, 4), 11.0)

    found = at(rings, 11.0)

    times = (WALL + 10.0, WALL + 11.0)
    failed = Series(labels(pod, code="503"), times, (0.0, 4.0))
    good = Series(labels(pod, code="200"), times, (100.0, 110.0))
    assert found == Measurement(
        WALL + 11.0,
        window=5.0,
        parts=(
            Measurement(WALL + 11.0, window=5.0, series=(failed,)),
            Measurement(WALL + 11.0, window=5.0, series=(good, failed)),
        ),
    )


def test_one_query_is_answered_without_parts() -> None:
    rings, pod = Rings((TOTAL,), "pod", 1.0), a_pod("web-1")
    rings.take(pod, page(1, 0), 1.0)

    found = at(rings, 1.0)

    assert [series.values for series in found.series] == [(1.0,), (0.0,)]
    assert found.parts == ()


def test_only_the_window_counts() -> None:
    rings, pod = Rings((TOTAL,), "pod", 1.0), a_pod("web-1")
    for second in range(30):
        rings.take(pod, page(second, 0), float(second))

    first = at(rings, 29.0).series[0]

    assert first.values == (25.0, 26.0, 27.0, 28.0, 29.0)


def test_the_pods_own_labels_do_not_replace_ours() -> None:
    rings, pod = Rings((Query("up", 5.0, raw=True),), "instance", 1.0), a_pod("web-1")
    rings.take(pod, [(b'up{instance="db-7",namespace="kube-system",a="b"}', 1.0)], 1.0)

    assert at(rings, 1.0).series[0].labels == {
        "__name__": "up",
        "namespace": pod.namespace,
        "instance": "web-1",
        "a": "b",
    }


def test_a_level_is_the_newest_sample_and_grows_old() -> None:
    rings, pod = Rings((Query("load"),), "pod", 1.0), a_pod("web-1")
    rings.take(pod, [(b"load", 3.0)], 1.0)
    rings.take(pod, [(b"load", 4.0)], 2.0)

    (sample,) = at(rings, 2.5).samples
    assert sample == Sample(sample.labels, 4.0, WALL + 2.0)
    assert at(rings, 5.5).samples == ()


def test_a_range_has_one_sample_in_a_step() -> None:
    rings, pod = Rings((Query("load", window=60.0, step=10.0),), "pod", 1.0), a_pod("web-1")
    for second in range(100):
        rings.take(pod, [(b"load", float(second))], float(second))

    (series,) = at(rings, 99.0).series

    assert series.values[-1] == 99.0
    assert series.values[:-1] == (40.0, 50.0, 60.0, 70.0, 80.0, 90.0)


def test_pods_that_are_gone_are_forgotten() -> None:
    rings, gone, there = Rings((TOTAL,), "pod", 1.0), a_pod("web-1"), a_pod("web-2")
    for pod in (gone, there):
        rings.take(pod, page(1, 0), 1.0)

    rings.keep({there.uid})

    assert {series.labels["pod"] for series in at(rings, 1.0).series} == {"web-2"}


def test_labels_that_change_for_ever_cost_no_more_memory() -> None:
    rings, pod = Rings((Query("m", window=3600.0, raw=True),), "pod", 0.5), a_pod("web-1")

    def feed(first: int, last: int) -> int:
        for turn in range(first, last):
            rings.take(pod, [(b'm{id="%d"}' % turn, 1.0)], 10_000.0 * turn)
            rings.take(pod, [(b"m", 1.0), (b"m2", 2.0)], 10_000.0 * turn)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early, late = feed(0, 500), feed(500, 3000)
    finally:
        tracemalloc.stop()

    assert late < 1.5 * early


def test_a_long_window_is_kept_with_fewer_samples() -> None:
    rings, pod = Rings((Query("m", window=3600.0, raw=True),), "pod", 0.5), a_pod("web-1")
    for turn in range(7200):
        rings.take(pod, [(b"m", float(turn))], turn / 2)

    (series,) = at(rings, 3599.5).series

    assert len(series.times) <= 2001
    assert series.values[-1] == 7199.0
    assert series.times[-1] - series.times[0] > 3500


def test_what_is_no_selector_is_refused() -> None:
    with pytest.raises(ValueError, match="plain selector"):
        Rings((Query("rate(m[1m])"),), "pod", 1.0)
