"""New detectors get their measurements: from the pods' own pages, and from queries that miss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playground.faults import Fault
from playground.fleet_api import Json
from playground.fleet_manifests import PORT
from playground.shop import Shop
from tests.e2e.scene import WITHIN, Scene

RATIO = {"promQL": "http_requests_total", "codeLabel": "code", "badCodes": "5..", "warmUp": "0s"}
LONG_AGO = "2020-01-01T00:00:00Z"


@contextmanager
def shop_of(scene: Scene, size: int) -> Iterator[Shop]:
    with Shop(scene.cluster, namespace=scene.namespace, size=size, scrape_interval=0.5) as shop:
        yield shop


def breaker(**source: object) -> Json:
    return {"name": "codes", "evaluationPeriod": 0.5, "ratio": {**RATIO, **source}}


def test_without_a_prometheus_the_pods_own_pages_are_read(scene: Scene) -> None:
    with shop_of(scene, 4) as shop:
        scene.controller(env={"KUBERVISOR_SCRAPE_PROXY": shop.server.address})
        scene.guard(
            breaker(scrape={"port": PORT, "interval": "500ms"}, window="3s"),
            defaultActivator={"period": 600},
        )
        scene.wait_condition("SourcesAvailable")

        fleet, pod = shop.fleet, shop.fleet.pods()[2]
        shop.break_pod(pod, Fault(errors=0.5))
        fleet.wait(lambda f: pod.name not in f.in_slices(), WITHIN, "it leaves the slices")

        (ejection,) = scene.ejections()
        assert ejection.pod == pod.name
        assert len(fleet.in_slices()) == 3


def test_pages_that_cannot_be_read_are_a_source_that_does_not_answer(scene: Scene) -> None:
    with shop_of(scene, 3) as shop:
        scene.controller(env={"KUBERVISOR_SCRAPE_PROXY": shop.server.address})
        for pod in shop.fleet.pods():
            shop.break_pod(pod, Fault(no_metrics=True))
        scene.guard(breaker(scrape={"port": PORT, "interval": "500ms"}))

        status = scene.wait_status(
            lambda s: _condition(s, "SourcesAvailable", "False"), "the source is missed"
        )

        said = _condition(status, "SourcesAvailable", "False")["message"]
        assert "The metrics page of pod shop-" in said
        assert len(shop.fleet.in_slices()) == 3


def test_a_query_that_misses_the_fleet_is_explained_until_it_is_put_right(scene: Scene) -> None:
    with shop_of(scene, 3) as shop:
        for pod in shop.fleet.pods():
            path = f"/api/v1/namespaces/{scene.namespace}/pods/{pod.name}"
            statuses = scene.api.get(path)["status"]["containerStatuses"]
            for container in statuses:
                container["state"]["running"]["startedAt"] = LONG_AGO
            scene.api.merge(f"{path}/status", {"status": {"containerStatuses": statuses}})
        scene.controller()
        address = shop.prometheus.address
        # The first answer is looked at, and it must be of them all.
        scraped = "count(count_over_time(http_requests_total[20s]) > 1) == 3"
        shop.prometheus.wait(scraped, bool, WITHIN)
        scene.guard(breaker(prometheusService=address, podLabel="pod_name", window="20s"))

        status = scene.wait_status(
            lambda s: _condition(s, "QueryMismatch", "True"), "the mismatch is told"
        )
        said = _condition(status, "QueryMismatch", "True")["message"]
        assert "of 3 samples have the label pod_name" in said
        assert _condition(status, "Ready", "True")

        scene.guard(breaker(prometheusService=address, window="20s"))
        scene.wait_status(lambda s: _condition(s, "QueryMismatch", "False"), "it is put right")


def test_a_query_with_a_mistake_is_told_in_prometheus_own_words(scene: Scene) -> None:
    with shop_of(scene, 3) as shop:
        scene.controller()
        wrong = breaker(prometheusService=shop.prometheus.address, window="3s")
        wrong["ratio"]["promQL"] = "sum(http_requests_total"
        scene.guard(wrong)

        status = scene.wait_status(
            lambda s: _condition(s, "SourcesAvailable", "False"), "the query is refused"
        )

        found = _condition(status, "SourcesAvailable", "False")
        assert found["reason"] == "SourceRejected"
        assert "unclosed left parenthesis" in found["message"]


def _condition(status: Json, kind: str, is_: str) -> Json:
    """That condition where it has this status, else nothing."""
    conditions: list[Json] = status.get("conditions", [])
    return next((c for c in conditions if (c["type"], c["status"]) == (kind, is_)), {})
