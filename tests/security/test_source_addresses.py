"""A spec cannot make a running controller connect to where it should not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from playground.cluster import LocalCluster
from playground.components import KUBERNETES_SERVICE
from playground.controller import Controller
from playground.detector_http import Exchange, ScriptedServer
from playground.fleet import Fleet
from playground.fleet_api import Api
from tests.e2e.scene import Scene
from tests.integration.guard import until
from tests.namespaces import fresh_namespace
from tests.security.names import Names

NODE = "10.1.2.3"


class Stage:
    """A controller whose names the test answers for, and a fleet that it guards."""

    def __init__(self, cluster: LocalCluster, admin: Api, folder: Path, stack: ExitStack) -> None:
        self.names = Names(folder)
        self.scene = stack.enter_context(Scene(cluster, fresh_namespace(admin)))
        flags = (
            f"--namespace={self.scene.namespace}",
            f"--lease-namespace={self.scene.namespace}",
            "--no-register-crds",
            "--min-evaluation-period=0.1",
        )
        self.fleet: Fleet = self.scene.fleet(3)
        # As every pod is told.
        env = {**self.names.env, "KUBERNETES_SERVICE_HOST": KUBERNETES_SERVICE}
        self.controller = Controller(cluster.kubeconfig, *flags, env=env)
        stack.enter_context(self.controller)

    def refusal(self, address: str, reason: str = "SourceNotAllowed") -> str:
        """The message of SourcesAvailable=False for a breaker that asks `address`."""
        breaker = {"name": "oracle", "evaluationPeriod": 0.2, "customService": address}
        self.scene.guard(breaker)
        found: dict[str, Any] = {}

        def refused(status: dict[str, Any]) -> bool:
            for one in status.get("conditions", ()):
                if one["type"] == "SourcesAvailable" and one["reason"] == reason:
                    found.update(one)
            return bool(found) and address.partition(":")[0] in found["message"]

        self.scene.wait_status(refused, f"{address} is refused")
        return str(found["message"])


@pytest.fixture(scope="module")
def stage(
    cluster: LocalCluster, admin: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(cluster, admin, tmp_path_factory.mktemp("names"), stack)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        pytest.param("127.0.0.2", "loopback", id="the controller itself"),
        pytest.param("::1", "loopback", id="itself in IPv6"),
        pytest.param("::ffff:127.0.0.2", "loopback", id="itself in disguise"),
        pytest.param("0.0.0.0", "loopback", id="any address"),
        pytest.param("169.254.169.254", "link-local", id="a metadata service"),
        pytest.param("fd00:ec2::254", "metadata", id="a metadata service in IPv6"),
        pytest.param("169.254.1.1", "link-local", id="link-local"),
        pytest.param(KUBERNETES_SERVICE, "API server", id="the API server's Service"),
        pytest.param("192.0.2.7", "not a private address", id="outside"),
    ],
)
def test_what_a_name_resolves_to_is_refused(address: str, says: str, stage: Stage) -> None:
    name = f"x{address.replace('.', '-').replace(':', '-')}x"
    stage.names.answer({f"{name}.shop.svc": [address]})

    said = stage.refusal(f"{name}.shop:8080")
    assert says in said
    assert address not in said, "a tenant learns nothing of what stands there"


def test_a_node_is_refused(stage: Stage) -> None:
    pod = stage.fleet.pods()[0]
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/status"
    stage.scene.api.merge(path, {"status": {"hostIP": NODE, "hostIPs": [{"ip": NODE}]}})
    stage.names.answer({"node.shop.svc": [NODE]})

    assert "a node's or the API server's" in stage.refusal("node.shop:10250")


def test_a_name_that_changes_its_address_is_refused_when_it_does(stage: Stage) -> None:
    with closing(ScriptedServer(lambda exchange: exchange.head(500))) as server:
        port = server.address.rpartition(":")[2]
        # The controller of the tests is allowed 127.0.0.1, and nothing else on loopback.
        stage.names.answer({"rebinds.shop.svc": ["127.0.0.1", "127.0.0.1", "169.254.169.254"]})
        said = stage.refusal(f"rebinds.shop:{port}")

        assert "link-local" in said
        assert len(server.requests) >= 1


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    reached = threading.Event()

    def secret(exchange: Exchange) -> None:
        reached.set()
        exchange.head(200)

    with closing(ScriptedServer(secret)) as inner:

        def redirect(exchange: Exchange) -> None:
            exchange.head(302, Location=f"{inner.url}/latest/meta-data/")

        with closing(ScriptedServer(redirect)) as outer:
            said = stage.refusal(outer.address, reason="SourceAnswerUnusable")
            asked = len(outer.requests)
            outer.wait_requests(asked + 3, 20)

    assert "redirect" in said
    assert not reached.is_set()


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "10.96.0.1:443",
        "localhost:8086",
        "www.example.com",
        "[::1]:80",
        "2130706433",
    ],
)
def test_what_a_spec_may_not_even_name(address: str, stage: Stage) -> None:
    assert "administrator" in stage.refusal(address)


def test_nothing_was_ejected_on_any_of_it(stage: Stage) -> None:
    assert stage.scene.ejections() == ()
    errors = [line for line in stage.controller.lines() if line["level"] in ("error", "raw")]
    until(lambda: stage.controller.page("/livez").startswith("ok"), "it lives")
    assert errors == []
