"""A real Prometheus over a real cluster shows what each pod does, by pod and namespace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from playground.cluster import Cluster
from playground.faults import Fault
from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.load import Load
from playground.load_senders import HttpSender
from playground.prometheus import Prometheus, QueryRefused, Sample
from playground.workload import Workload
from playground.workload_server import WorkloadServer

WITHIN = 30.0


def of_pods(*names: str) -> Callable[[list[Sample]], bool]:
    return lambda samples: sorted(sample.labels["pod"] for sample in samples) == sorted(names)


@pytest.mark.parametrize("aggregate", [0, 2], ids=["a page per pod", "two pages with all pods"])
def test_the_errors_of_one_pod_of_four_show_under_its_name(
    cluster: Cluster, api: Api, namespace: str, server: WorkloadServer, aggregate: int
) -> None:
    with (
        Fleet(api, "shop", size=4, namespace=namespace) as fleet,
        Prometheus(
            cluster.binaries, server.address, scrape_interval=0.5, aggregate=aggregate
        ) as prometheus,
        Load(fleet.members, HttpSender(server.url), rate=100),
    ):
        outlier, *others = fleet.pods()
        server.workload.wait([outlier.id], WITHIN)
        server.workload.set_fault(outlier.id, Fault(errors=0.5))

        seen = prometheus.wait('http_requests_total{code="500"} > 5', of_pods(outlier.name), WITHIN)
        assert seen[0].labels["namespace"] == namespace
        prometheus.wait(
            "rate(http_request_duration_seconds_count[5s]) > 0",
            of_pods(outlier.name, *(pod.name for pod in others)),
            WITHIN,
        )


def test_a_deleted_pod_vanishes_and_its_replacement_counts_from_zero(
    cluster: Cluster, api: Api, namespace: str, server: WorkloadServer
) -> None:
    with (
        Fleet(api, "shop", size=2, namespace=namespace) as fleet,
        Prometheus(cluster.binaries, server.address, scrape_interval=0.5) as prometheus,
    ):
        gone, kept = fleet.pods()
        server.workload.wait([gone.id], WITHIN)
        server.workload.handle(gone.id)
        prometheus.wait("http_requests_total == 1", of_pods(gone.name), WITHIN)

        fleet.delete_pod(gone)
        fleet.wait(lambda f: f.pod(gone.name) is None, WITHIN, "the pod is gone")
        fleet.wait_ready(2, WITHIN)

        (new,) = (pod.name for pod in fleet.pods() if pod != kept)
        prometheus.wait("http_requests_total == 0", of_pods(kept.name, new), WITHIN)
        assert prometheus.query("http_requests_total == 1") == []


def test_a_pod_without_metrics_is_down_and_has_no_samples(
    cluster: Cluster, api: Api, namespace: str, server: WorkloadServer
) -> None:
    with (
        Fleet(api, "shop", size=2, namespace=namespace) as fleet,
        Prometheus(cluster.binaries, server.address, scrape_interval=0.5) as prometheus,
    ):
        silent, other = fleet.pods()
        server.workload.wait([silent.id], WITHIN)
        server.workload.set_fault(silent.id, Fault(no_metrics=True))

        prometheus.wait("up == 0", of_pods(silent.name), WITHIN)
        prometheus.wait("http_requests_total", of_pods(other.name), WITHIN)


def test_a_query_that_prometheus_refuses_is_an_error_with_its_words(cluster: Cluster) -> None:
    with (
        WorkloadServer(Workload()) as server,
        Prometheus(cluster.binaries, server.address) as prometheus,
    ):
        with pytest.raises(QueryRefused, match="parse error"):
            prometheus.query("sum(")
        with pytest.raises(QueryRefused, match="scalar"):
            prometheus.query("1")


def test_nothing_listens_after_close(cluster: Cluster) -> None:
    with (
        WorkloadServer(Workload()) as server,
        Prometheus(cluster.binaries, server.address) as prometheus,
    ):
        assert requests.get(f"{prometheus.url}/-/ready").ok
    with pytest.raises(requests.ConnectionError):
        requests.get(prometheus.url)
