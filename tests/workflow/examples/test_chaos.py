"""Chaos experiments on a real cluster: requests fail where the VirtualService says so, a real
Prometheus counts how those do that need them, and the experiment ends by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from kubectl_kubervisor.workflows_objects import kind_of, workflow
from kubectl_kubervisor.workflows_standing import details, timeline
from kubervisor.kube.client import connect
from kubervisor.ui.workflows import PhaseWorkflows
from playground.cluster import LocalCluster
from playground.fleet_api import Json
from tests.workflow.examples.played import Played

ROUTES = "/apis/networking.istio.io/v1alpha3/virtualservices"
EXPERIMENTS = "/apis/chaos.examples.io/v1/chaosexperiments"
DEFINITION = (
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/chaosexperiments.chaos.examples.io"
)
NAME, ROUTE = "cart-fails", "chaos-cart-fails"
SPEC: dict[str, Any] = {
    "host": "cart",
    "fault": {"abort": {"percent": 40}},
    "workload": "frontend",
    "measurementInterval": "4s",
    "duration": "8s",
}


class Frontend:
    """Requests to `frontend`, each of which needs `cart`: a hundred between two looks of
    Prometheus, counted as Istio counts them. One that `copes` asks again.
    """

    def __init__(self, namespace: str, *, copes: bool) -> None:
        self._namespace, self._copes = namespace, copes
        self._answers = {"200": 0.0, "503": 0.0}
        self.played: Played | None = None

    def __call__(self) -> str:
        """The page."""
        share = 0.0 if self._copes else self._failing() / 100
        self._answers["200"] += 100 * (1 - share)
        self._answers["503"] += 100 * share
        labels = (
            f'destination_workload_namespace="{self._namespace}",destination_workload="frontend"'
        )
        return "".join(
            f'istio_requests_total{{{labels},response_code="{code}"}} {count}\n'
            for code, count in self._answers.items()
        )

    def _failing(self) -> int:
        """Percentage of the requests to `cart` that fail by the routes that there are."""
        if self.played is None:
            return 0
        rules = [one["spec"]["http"][0] for one in self.played.seen(ROUTES).values()]
        faults = [rule["fault"] for rule in rules if "fault" in rule]
        return max((fault["abort"]["percentage"]["value"] for fault in faults), default=0)


@pytest.fixture
def played(
    meshed: LocalCluster, namespace: str, request: pytest.FixtureRequest
) -> Iterator[Played]:
    """The operator, and a frontend that copes or does not."""
    frontend = Frontend(namespace, copes=request.param)
    with Played(meshed, namespace, "chaos", frontend, ROUTES) as played:
        frontend.played = played
        yield played


copes = pytest.mark.parametrize("played", [True], indirect=True, ids=["copes"])
breaks = pytest.mark.parametrize("played", [False], indirect=True, ids=["breaks"])


@copes
def test_a_workload_that_copes_has_held_also_where_the_operator_is_killed(played: Played) -> None:
    played.create(NAME, SPEC)
    played.wait_phase(NAME, "Observing")
    (rule,) = played.seen(ROUTES)[ROUTE]["spec"]["http"]
    assert rule["fault"] == {"abort": {"percentage": {"value": 40}, "httpStatus": 503}}
    played.kill()
    played.wait_phase(NAME, "Held")
    played.wait(lambda: not played.seen(ROUTES), "the fault is gone")
    assert played.phases(NAME) == [
        *("Checking", "Injecting", "Observing", "Stopping", "Recovering", "Held")
    ]
    status = played.status(NAME)
    assert (status["verdict"], status["before"], status["lowest"]) == ("Held", 100, 100)
    assert played.ready(NAME)["reason"] == "Resting"
    assert_told(played)


def assert_told(played: Played) -> None:
    """The dashboard and the plugin tell what the operator has written."""
    with closing(connect(str(played.kubeconfig), user_agent="test")) as api:
        found = PhaseWorkflows(api, (played.namespace,)).read()
    (one,) = found.workflows
    assert (one.phase, one.complete, one.level) == ("Held", True, "ok")
    assert [passed.phase for passed in one.passed] == played.phases(NAME)
    assert {said.name: said.value for said in one.says} == {
        "before": "100",
        "lowest": "100",
        "verdict": "Held",
    }
    kind = kind_of(played.api.get(DEFINITION))
    told = workflow(kind, played.seen(EXPERIMENTS)[NAME])
    assert told.ready
    assert dict(details(told, time.time()))["Phase"].endswith(", which is final")
    lines = timeline(told, time.time())
    assert [line[2] for line in reversed(lines)] == played.phases(NAME)


@breaks
def test_a_workload_that_breaks_is_not_disturbed_any_longer(played: Played) -> None:
    played.create(NAME, SPEC | {"duration": "1h"})
    played.wait_phase(NAME, "Broken")
    played.wait(lambda: not played.seen(ROUTES), "the fault is gone")
    assert played.phases(NAME) == ["Checking", "Injecting", "Observing", "Stopping", "Broken"]
    status = played.status(NAME)
    assert (status["verdict"], status["before"]) == ("Broken", 100)
    assert status["lowest"] < 99


@copes
def test_whoever_cannot_see_any_more_does_not_go_on(played: Played) -> None:
    played.create(NAME, SPEC | {"duration": "1h"})
    played.wait_phase(NAME, "Observing")
    played.prometheus.close()
    played.wait_phase(NAME, "Unproven")
    played.wait(lambda: not played.seen(ROUTES), "the fault is gone")
    assert played.phases(NAME)[-3:] == ["Observing", "Stopping", "Unproven"]


@copes
def test_the_fault_goes_with_the_experiment(played: Played) -> None:
    played.create(NAME, SPEC | {"duration": "1h"})
    played.wait_phase(NAME, "Observing")
    played.delete(NAME)
    played.wait(lambda: not played.seen(ROUTES), "the fault is gone")


@copes
def test_a_route_of_somebody_else_stays_as_it_is(played: Played) -> None:
    rule = {"route": [{"destination": {"host": "cart"}}]}
    route: Json = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": "cart"},
        "spec": {"hosts": ["cart"], "http": [rule]},
    }
    played.try_example()
    before = played.api.create(played.path(ROUTES), route)
    # One that starts now knows of the route, whichever of its watches is ahead.
    played.kill()
    played.create(NAME, SPEC)
    played.wait_phase(NAME, "Unproven")
    assert played.status(NAME)["phaseMessage"] == "VirtualService cart is about cart already"
    assert played.api.get(f"{played.path(ROUTES)}/cart") == before


@copes
def test_an_experiment_without_a_fault_is_told_so_and_harms_no_other(played: Played) -> None:
    played.create("empty", SPEC | {"fault": {}})
    played.create(NAME, SPEC)
    played.wait(lambda: played.ready("empty").get("reason") == "InvalidSpec", "it is refused")
    assert "a fault has an abort, a delay, or both" in played.ready("empty")["message"]
    played.wait_phase(NAME, "Observing")
