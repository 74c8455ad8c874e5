"""The router of the original's tutorial on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from tests.integration.guard import until
from tests.workflow.examples.scenes import operating

LABEL = {"reachable": "yes"}
ISTIO = "/apis/networking.istio.io/v1alpha3/namespaces/{}"


class Routed:
    """Deployments of a namespace, and what the operator made for them."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def deploy(self, name: str) -> None:
        """A Deployment that listens, without pods."""
        container = {"name": "app", "image": "app:1", "ports": [{"containerPort": 8080}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": LABEL},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": name}},
                "template": template,
            },
        }
        self._api.apply(self._path(name), body)

    def remove(self, name: str) -> None:
        """The Deployment goes."""
        self._api.delete(self._path(name))

    def route(self) -> None:
        """Select all of them."""
        group = f"/apis/examples.io/v1/namespaces/{self._namespace}/autoroutes"
        body = {
            "apiVersion": "examples.io/v1",
            "kind": "AutoRoute",
            "metadata": {"name": "shops"},
            "spec": {"deploymentSelector": {"matchLabels": LABEL}},
        }
        self._api.apply(f"{group}/shops", body)

    def wait(self, *names: str) -> None:
        """Return once exactly these have a Service and a route."""
        wanted = (set(names), set(names), {"shops"})
        until(lambda: self._found() == wanted, f"{names} have routes")

    def _found(self) -> tuple[set[str], set[str], set[str]]:
        istio = ISTIO.format(self._namespace)
        return (
            self._names(f"/api/v1/namespaces/{self._namespace}/services"),
            self._names(f"{istio}/virtualservices"),
            self._names(f"{istio}/gateways"),
        )

    def _names(self, path: str) -> set[str]:
        items: list[Json] = self._api.get(path)["items"]
        return {one["metadata"]["name"] for one in items}

    def _path(self, name: str) -> str:
        return f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{name}"


@pytest.fixture
def routed(meshed: LocalCluster, namespace: str) -> Iterator[Routed]:
    with closing(Api(meshed.kubeconfig)) as api, operating(meshed, "autorouter", namespace):
        yield Routed(api, namespace)


def test_deployments_that_come_get_routes_and_those_that_go_leave_none(routed: Routed) -> None:
    routed.deploy("cart")
    routed.route()
    routed.wait("cart")

    routed.deploy("mail")
    routed.wait("cart", "mail")

    routed.remove("cart")
    routed.wait("mail")
