"""What is done in each phase, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest
from kubervisor.workflow import Json
from kubervisor.workflow.testing import a_resource, given

from autoroute_operator.operator import OPERATOR
from autoroute_operator.phases import InitializingInputs, Phase, ReadyInputs, SyncingInputs
from autoroute_operator.workers import initializing, ready, syncing

SPEC: Json = {"deploymentSelector": {"matchLabels": {"reachable": "true"}}}


def deployment(name: str, *ports: int, reachable: str = "true") -> Json:
    containers = [{"name": "app", "ports": [{"containerPort": port} for port in ports]}]
    return {
        "metadata": {"name": name, "uid": name, "labels": {"reachable": reachable}},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": containers}},
        },
    }


CART, SHOP = deployment("cart", 8080), deployment("shop", 80, 443)


def sync(*deployments: Json) -> Any:
    resource = a_resource(OPERATOR, Phase.SYNCING, spec=SPEC)
    return syncing.sync(resource, given(SyncingInputs, deployments=deployments))


def names(bodies: Any) -> list[str]:
    return [body["metadata"]["name"] for body in bodies]


def test_a_new_one_is_synced() -> None:
    outcome = initializing.sync(a_resource(OPERATOR), given(InitializingInputs))

    assert outcome.next == Phase.SYNCING


def test_each_deployment_gets_a_service_and_a_route() -> None:
    outcome = sync(SHOP, CART)

    outputs = outcome.outputs.said()
    assert outcome.next == Phase.READY
    assert names(outputs["services"]) == names(outputs["virtualservices"]) == ["cart", "shop"]
    assert names(outputs["gateways"]) == ["example"]
    assert [one["spec"]["hosts"] for one in outputs["virtualservices"]] == [
        ["cart.example"],
        ["shop.example"],
    ]
    assert [port["port"] for port in outputs["services"][1]["spec"]["ports"]] == [80, 443]
    assert outcome.status.synced_deployments == ["cart", "shop"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(deployment("other", 80, reachable="false"), id="not selected"),
        pytest.param(deployment("other"), id="does not listen"),
    ],
)
def test_others_get_none(other: Json) -> None:
    assert sync(CART, other).status.synced_deployments == ["cart"]


def test_without_deployments_nothing_is_left_but_the_gateway() -> None:
    outputs = sync().outputs.said()

    assert (outputs["services"], outputs["virtualservices"]) == ([], [])


@pytest.mark.parametrize(
    ("synced", "follows"),
    [
        (["cart", "shop"], Phase.READY),
        (["cart"], Phase.SYNCING),
        (["cart", "gone", "shop"], Phase.SYNCING),
        ([], Phase.SYNCING),
    ],
)
def test_it_is_synced_again_once_the_deployments_are_others(
    synced: list[str], follows: Phase
) -> None:
    resource = a_resource(OPERATOR, Phase.READY, spec=SPEC, status={"syncedDeployments": synced})

    assert ready.sync(resource, given(ReadyInputs, deployments=[CART, SHOP])).next == follows
