"""What the built-in queries answer, asked of a real Prometheus."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest

from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.project.rendering import render
from playground import binaries
from playground.metrics_page import MetricsPage
from playground.prometheus import Prometheus, Sample

SHOP = 'destination_workload_namespace="shop",destination_workload'
ENVOY = 'kubernetes_namespace="shop",kubernetes_pod_name'
ENVOY_CODE = "envoy_response_code"
BUCKETS = {"100": 9, "200": 10, "+Inf": 10}


def page(scrape: int) -> str:
    """Counters that grow from scrape to scrape, but for those of `idle`, which nobody asks."""
    lines = [
        f'istio_requests_total{{{SHOP}="good",response_code="200"}} {scrape}',
        f'istio_requests_total{{{SHOP}="mixed",response_code="200"}} {scrape}',
        f'istio_requests_total{{{SHOP}="mixed",response_code="404"}} {2 * scrape}',
        f'istio_requests_total{{{SHOP}="mixed",response_code="503"}} {scrape}',
        f'istio_requests_total{{{SHOP}="bad",response_code="500"}} {scrape}',
        f'istio_requests_total{{{SHOP}="idle",response_code="200"}} 7',
        f'envoy_cluster_upstream_rq{{{ENVOY}="bad-6d5f-abcde",{ENVOY_CODE}="503"}} {scrape}',
        f'envoy_cluster_upstream_rq{{{ENVOY}="good-6d5f-abcde",{ENVOY_CODE}="200"}} {scrape}',
    ]
    for le, count in BUCKETS.items():
        bucket = f'le="{le}"}} {count * scrape}'
        lines += [
            f'istio_request_duration_milliseconds_bucket{{{SHOP}="good",{bucket}',
            f'istio_request_duration_seconds_bucket{{{SHOP}="old",{bucket}',
            f'envoy_cluster_upstream_rq_time_bucket{{{ENVOY}="good-6d5f-abcde",{bucket}',
        ]
    return "\n".join((*lines, ""))


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Prometheus]:
    scrapes = itertools.count(1)
    with (
        MetricsPage(lambda: page(next(scrapes))) as served,
        Prometheus(
            binaries.ensure(), served.address, scrape_interval=0.2, programs=[served.address]
        ) as running,
    ):
        running.wait("rate(istio_requests_total[5s])", lambda answer: len(answer) == 6, timeout=30)
        running.wait(
            "rate(envoy_cluster_upstream_rq_time_bucket[5s])",
            lambda answer: len(answer) == len(BUCKETS),
            timeout=30,
        )
        yield running


def ask(prometheus: Prometheus, query: str, name: str, namespace: str = "shop") -> list[Sample]:
    values = {"Namespace": namespace, "Name": name, "Interval": "5s"}
    return prometheus.query(render(BUILT_IN_QUERIES[query], values))


@pytest.mark.parametrize(
    ("query", "name", "answer"),
    [
        ("istio-success-rate", "good", 100.0),
        ("istio-success-rate", "mixed", 75.0),
        ("istio-success-rate", "bad", 0.0),
        ("envoy-success-rate", "good", 100.0),
        ("envoy-success-rate", "bad", 0.0),
        ("istio-request_duration", "good", 0.19),
        ("istio-request_duration", "old", 190.0),
        ("envoy-request-duration", "good", 190.0),
    ],
)
def test_a_query_answers_with_one_number(
    prometheus: Prometheus, query: str, name: str, answer: float
) -> None:
    (sample,) = ask(prometheus, query, name)
    assert sample.value == (answer if answer in (0, 100) else pytest.approx(answer))


@pytest.mark.parametrize("query", BUILT_IN_QUERIES)
def test_nothing_that_was_measured_is_no_data(prometheus: Prometheus, query: str) -> None:
    assert ask(prometheus, query, "good", namespace="elsewhere") == []


def test_no_requests_are_no_number(prometheus: Prometheus) -> None:
    (sample,) = ask(prometheus, "istio-success-rate", "idle")
    assert math.isnan(sample.value)


def test_a_name_is_no_pattern(prometheus: Prometheus) -> None:
    for query in BUILT_IN_QUERIES:
        assert ask(prometheus, query, ".*") == []
