"""Quarantines on a real cluster: a real Prometheus tells of alerts, a NetworkPolicy cuts the pods
off, and it goes once they have been calm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Json
from tests.workflow.examples.played import Played

DEPLOYMENTS = "/apis/apps/v1/deployments"
POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
NAME, POLICY = "payments", "quarantine-payments"
SELECTOR = {"matchLabels": {"app": "payments"}}
SPEC: dict[str, Any] = {
    "deployment": "payments",
    "threshold": 0.5,
    "measurementInterval": "3s",
    "holdsFor": "2s",
    "calmFor": "2s",
    "admitFrom": {"app": "forensics"},
}
PAYMENTS: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "payments"},
    "spec": {
        "replicas": 1,
        "selector": SELECTOR,
        "template": {
            "metadata": SELECTOR | {"labels": {"app": "payments"}},
            "spec": {"containers": [{"name": "payments", "image": "payments:1"}]},
        },
    },
}


class Alerts:
    """What is told of `payments`: so many alerts between two looks of Prometheus, None says nothing
    of it.
    """

    def __init__(self, namespace: str) -> None:
        self._labels = f'namespace="{namespace}",workload="payments"'
        self._count = 0
        self.each: int | None = 0

    def __call__(self) -> str:
        """The page."""
        if self.each is None:
            return ""
        self._count += self.each
        return f"security_alerts_total{{{self._labels}}} {self._count}\n"


@pytest.fixture
def alerts(namespace: str) -> Alerts:
    return Alerts(namespace)


@pytest.fixture
def played(cluster: LocalCluster, namespace: str, alerts: Alerts) -> Iterator[Played]:
    """The operator, and a Deployment that is calm and is watched."""
    with Played(cluster, namespace, "quarantine", alerts, POLICIES) as played:
        played.api.create(played.path(DEPLOYMENTS), PAYMENTS)
        played.try_example()
        played.create(NAME, SPEC)
        played.wait_phase(NAME, "Watching")
        yield played


def isolate(played: Played, alerts: Alerts) -> None:
    """Return once the pods are cut off."""
    alerts.each = 5
    played.wait_phase(NAME, "Isolated")
    played.wait(lambda: POLICY in played.seen(POLICIES), "the pods are cut off")


def test_pods_are_cut_off_while_alerts_last_and_let_go_once_it_is_calm(
    played: Played, alerts: Alerts
) -> None:
    isolate(played, alerts)
    assert played.seen(POLICIES)[POLICY]["spec"] == {
        "podSelector": SELECTOR,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "forensics"}}}]}],
    }
    assert played.status(NAME)["peak"] > 0.5
    alerts.each = 0
    played.wait_phase(NAME, "Watching")
    played.wait(lambda: not played.seen(POLICIES), "the pods are let go")
    assert played.phases(NAME) == ["Watching", "Suspected", "Isolated", "Watching"]


def test_whoever_takes_the_policy_away_does_not_free_them(played: Played, alerts: Alerts) -> None:
    isolate(played, alerts)
    before = played.seen(POLICIES)[POLICY]["metadata"]["uid"]
    played.api.delete(f"{played.path(POLICIES)}/{POLICY}")
    played.wait(
        lambda: (
            played.seen(POLICIES).get(POLICY, {}).get("metadata", {}).get("uid", before) != before
        ),
        "there is a policy again",
    )


def test_that_nothing_is_said_of_them_is_no_calm(played: Played, alerts: Alerts) -> None:
    isolate(played, alerts)
    alerts.each = None
    nothing = "nothing is said of payments"
    played.wait(lambda: played.status(NAME).get("phaseMessage") == nothing, "nothing is said")
    assert POLICY in played.seen(POLICIES)
    alerts.each = 0
    played.wait_phase(NAME, "Watching")


def test_without_prometheus_they_stay_cut_off(played: Played, alerts: Alerts) -> None:
    isolate(played, alerts)
    before = played.seen(POLICIES)[POLICY]["metadata"]["resourceVersion"]
    played.prometheus.close()
    played.wait(lambda: played.ready(NAME).get("reason") == "MetricsUnavailable", "it is told")
    assert played.status(NAME)["phase"] == "Isolated"
    assert played.seen(POLICIES)[POLICY]["metadata"]["resourceVersion"] == before


def test_whoever_deletes_the_quarantine_frees_them(played: Played, alerts: Alerts) -> None:
    isolate(played, alerts)
    played.delete(NAME)
    played.wait(lambda: not played.seen(POLICIES), "the pods are let go")
