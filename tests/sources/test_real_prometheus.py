"""What a real Prometheus says, read by us."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from playground import binaries
from playground.prometheus import Prometheus
from playground.workload import PodName, Workload
from playground.workload_server import WorkloadServer

pytestmark = pytest.mark.cluster  # of its programs it needs one


@pytest.fixture(scope="module")
def prometheus() -> Iterator[SourceRef]:
    """It has nothing to scrape: the queries here make their own samples."""
    with Prometheus(binaries.ensure(), "127.0.0.1:1") as running:
        yield SourceRef(address=running.address)


def test_vectors_are_read_with_their_labels(sources: Sources, prometheus: SourceRef) -> None:
    query = 'label_replace(vector(1.5), "pod", "web-0", "", "") or vector(0) / 0'
    first, second = sources.query(prometheus, query, deadline=20)

    assert (first.labels, first.value) == ({"pod": "web-0"}, 1.5)
    assert second.labels == {}
    assert math.isnan(second.value)
    assert sources.query(prometheus, "absent_series", deadline=20) == ()


@pytest.mark.parametrize(
    ("query", "expected", "says"),
    [
        ("1", errors.SourceAnswerUnusable, "answered a scalar"),
        ("'text'", errors.SourceAnswerUnusable, "answered a string"),
        ("up[1m]", errors.SourceAnswerUnusable, "answered a matrix"),
        ("quantile(2, vector(1))", errors.SourceAnswerUnusable, "quantile value should be between"),
        ("sum(", errors.SourceRejected, "unclosed left parenthesis"),
        ('label_replace(vector(1), "a", "", "b", "(")', errors.SourceRejected, "HTTP 422"),
    ],
)
def test_everything_else_is_an_error_for_people(
    sources: Sources,
    prometheus: SourceRef,
    query: str,
    expected: type[errors.SourceError],
    says: str,
) -> None:
    with pytest.raises(expected, match=says):
        sources.query(prometheus, query, deadline=20)


def test_raw_samples_and_ranges_are_read(sources: Sources) -> None:
    workload, pod = Workload(), PodName("shop", "web-0")
    workload.add(pod)
    with (
        WorkloadServer(workload) as server,
        Prometheus(binaries.ensure(), server.address, scrape_interval=0.2) as running,
    ):
        for _ in range(7):
            workload.handle(pod)
        counted = 'count_over_time(http_requests_total{pod="web-0"}[1m])'
        running.wait(counted, lambda found: bool(found) and found[0].value >= 3, 30)
        ref = SourceRef(address=running.address)

        (raw,) = sources.raw(ref, 'http_requests_total{pod="web-0"}', 60.0, deadline=20)
        over = sources.over(ref, "vector(1.5)", 60.0, 10.0, deadline=20)

    assert raw.labels["__name__"] == "http_requests_total"
    assert (raw.labels["namespace"], raw.labels["code"]) == ("shop", "200")
    assert len(raw.times) >= 3
    assert raw.values[-1] == 7.0
    assert [series.values for series in over] == [(1.5,) * 7]
