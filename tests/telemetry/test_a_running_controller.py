"""What a running controller tells of itself, as a Prometheus and a person at its pod see it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from math import isnan
from types import SimpleNamespace
from typing import cast

import pytest

from playground.cluster import LocalCluster
from playground.faults import Fault
from playground.load import Load
from playground.load_members import Members
from playground.load_senders import HttpSender
from playground.prometheus import Prometheus
from playground.shop import Shop
from tests.alerts.files import asked, queries
from tests.e2e.scene import FOREVER, WITHIN, Scene

RATIO = {"promQL": "http_requests_total", "codeLabel": "code", "badCodes": "5..", "warmUp": "0s"}
LATER = 60.0
"""Seconds within which requests to an ejected pod are noticed: clients have a while to leave, and
a window follows.
"""


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    with Scene(taught, namespace) as scene:
        yield scene


def test_every_query_of_the_dashboard_has_an_answer_and_a_useless_ejection_is_told(
    scene: Scene,
) -> None:
    with Shop(scene.cluster, namespace=scene.namespace, size=4, scrape_interval=0.5) as shop:
        controller = scene.controller()
        source = {"prometheusService": shop.prometheus.address, "window": "3s"}
        breaker = {"name": "codes", "evaluationPeriod": 0.5, "ratio": {**RATIO, **source}}
        scene.guard(breaker, defaultActivator={"period": FOREVER})
        scene.wait_condition("SourcesAvailable")
        with Prometheus(
            scene.cluster.binaries,
            shop.server.address,
            scrape_interval=1.0,
            programs=[controller.address],
        ) as prometheus:
            prometheus.wait(f'kubervisor_pods{{namespace="{scene.namespace}"}}', bool, WITHIN)
            pod = shop.fleet.pods()[1]
            shop.break_pod(pod, Fault(errors=0.5))
            shop.fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it is ejected")
            # Clients that keep their connections: what the EndpointSlices say is nothing to them.
            keepers = cast("Members", SimpleNamespace(now=(pod.id,)))
            with Load(keepers, HttpSender(shop.server.url), 20):
                prometheus.wait("kubervisor_ejected_receiving_pods == 1", bool, LATER)
                scene.until(lambda: told(scene, "StillReceiving"), "an Event tells it")
                unanswered = [
                    title
                    for title, expr in queries()
                    if not answered(prometheus, asked(expr, namespace=".*", interval="2m"))
                ]
            prometheus.wait("kubervisor_ejected_receiving_pods == 0", bool, LATER)

        assert unanswered == []
        assert len(told(scene, "StillReceiving")) == 1


def answered(prometheus: Prometheus, promql: str) -> bool:
    """Whether there is at least one number in the answer."""
    return any(not isnan(sample.value) for sample in prometheus.query(promql))


def told(scene: Scene, reason: str) -> list[str]:
    """Notes of the Events with this reason."""
    path = f"/apis/events.k8s.io/v1/namespaces/{scene.namespace}/events"
    events = scene.api.get(path)["items"]
    return [event["note"] for event in events if event["reason"] == reason]


def test_what_a_breaker_told_goes_with_it(scene: Scene) -> None:
    scene.fleet(2)
    controller = scene.controller()
    scene.guard(scene.breaker("first"), scene.breaker("second"))
    scene.until(lambda: 'breaker="first"' in controller.page("/metrics"), "its series are there")

    scene.guard(scene.breaker("second"))

    scene.until(lambda: 'breaker="first"' not in controller.page("/metrics"), "they are gone")
    assert 'breaker="second"' in controller.page("/metrics")


def test_a_signal_shows_what_it_does_meanwhile(scene: Scene) -> None:
    scene.fleet(2)
    controller = scene.controller()
    scene.guard(scene.breaker())
    scene.wait_condition("SourcesAvailable")
    assert not any(line["level"] == "debug" for line in controller.lines())

    controller.send_signal(signal.SIGUSR1)

    line = controller.wait_line(lambda one: one["event"] == "Evaluated", WITHIN, "debug lines come")
    assert (line["service"], line["pods"], line["outliers"]) == ("shop", 2, 0)
    controller.send_signal(signal.SIGUSR2)
