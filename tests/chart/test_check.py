"""`kubervisor check` finds each thing that can be missing, and says which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubervisor.cli.check import check
from kubervisor.kube import access
from kubervisor.kube.client import Api as Door
from kubervisor.kube.client import connect
from kubervisor.runtime.checking import find_definition, find_leader, find_rights, find_sources
from kubervisor.source_settings import NamedSource
from playground.cluster import LocalCluster
from playground.detector_http import as_json, fails
from playground.detector_prometheus import PrometheusStandIn, empty
from playground.fleet_api import Api, Json
from tests.namespaces import fresh_namespace
from tests.security.chart import kubeconfig_of

LEASE = "kubervisor-traffic"


@pytest.fixture
def namespace(admin: Api) -> str:
    return fresh_namespace(admin)


@pytest.fixture
def door(cluster: LocalCluster) -> Iterator[Door]:
    """The administrator's."""
    with closing(connect(str(cluster.kubeconfig), user_agent="kubervisor-tests")) as api:
        yield api


@pytest.fixture
def powerless(cluster: LocalCluster, admin: Api, namespace: str) -> Path:
    """A kubeconfig of an account without any right."""
    return kubeconfig_of(admin, cluster, namespace, "default")


@pytest.mark.usefixtures("undefined")
def test_no_definition(door: Door) -> None:
    (found,) = find_definition(door, ())

    assert not found.well
    assert "serves no KubervisorServices: apply crds/" in found.text


@pytest.mark.usefixtures("defined")
def test_a_definition(door: Door) -> None:
    assert [found.well for found in find_definition(door, ("shop",))] == [True]


def test_every_right_that_is_missing_is_named(powerless: Path, namespace: str) -> None:
    with closing(connect(str(powerless), user_agent="kubervisor-tests")) as api:
        (found,) = find_rights(api, access.TERMINATION, (namespace,), "the account")

    assert not found.well
    assert found.text == f"the account may not, in {namespace}: create pods/eviction, delete pods"


def test_rights_are_looked_for_in_each_namespace(door: Door) -> None:
    found = list(find_rights(door, access.TRAFFIC, ("shop", "cart"), "it"))

    assert [one.well for one in found] == [True, True]
    assert [one.text.rpartition(" ")[2] for one in found] == ["shop", "cart"]


class Holder:
    """Does one thing to the Lease at each look at it: create, renew, or nothing."""

    def __init__(self, admin: Api, namespace: str, *, renews: bool, **annotations: str) -> None:
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._admin, self._renews, self._looks = admin, renews, 0
        self._metadata = {"name": LEASE, "annotations": annotations}

    def __call__(self, _: float) -> None:
        self._looks += 1
        if self._looks == 1:
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
            self._admin.create(self._path, body | {"metadata": self._metadata, **self._spec()})
        elif self._renews:
            self._admin.merge(f"{self._path}/{LEASE}", self._spec())

    def _spec(self) -> Json:
        time = f"2026-01-01T00:00:{self._looks:02}.000000Z"
        return {"spec": {"holderIdentity": "pod_1", "renewTime": time}}


def test_nobody_holds_the_lease(door: Door, namespace: str) -> None:
    (found,) = find_leader(door, namespace, LEASE, 15, lambda _: None)

    assert not found.well
    assert f"no controller renewed the Lease {namespace}/{LEASE} within 20 s" in found.text


def test_its_holder_is_dead(door: Door, admin: Api, namespace: str) -> None:
    (found,) = find_leader(door, namespace, LEASE, 15, Holder(admin, namespace, renews=False))

    assert not found.well


def test_its_holder_renews_it(door: Door, admin: Api, namespace: str) -> None:
    (found,) = find_leader(door, namespace, LEASE, 15, Holder(admin, namespace, renews=True))

    assert found.well
    assert found.text == f"pod_1 holds the Lease {namespace}/{LEASE}"


@pytest.mark.parametrize(
    ("stopped", "where"), [('["*"]', "all namespaces"), ('["shop"]', "shop"), ("?", "all")]
)
def test_controllers_were_told_to_stop(
    stopped: str, where: str, door: Door, admin: Api, namespace: str
) -> None:
    announced = {"kubervisor.k8s.io/stopped": stopped}
    holder = Holder(admin, namespace, renews=True, **announced)
    _, found = find_leader(door, namespace, LEASE, 15, holder)

    assert not found.well
    assert f"told to write nothing in {where}" in found.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(empty(), "source main answers", id="it answers"),
        pytest.param(fails(401), "401", id="the token is wrong"),
        pytest.param(fails(503), "503", id="it is down"),
        pytest.param(as_json({}), "main", id="it is no Prometheus"),
    ],
)
def test_a_source(answer: Callable[..., None], said: str) -> None:
    with PrometheusStandIn() as prometheus:
        prometheus.answer = answer
        source = NamedSource(name="main", url=f"http://{prometheus.address}", namespaces=("shop",))
        (found,) = find_sources([source])

    assert found.well is (said == "source main answers")
    assert said in found.text


@pytest.mark.usefixtures("defined")
def test_the_command_tells_all_and_fails(powerless: Path, namespace: str) -> None:
    flags = [
        f"--kubeconfig={powerless}",
        f"--namespace={namespace}",
        "--source=main=http://[::1]:1",
    ]
    done = CliRunner(env={"KUBERVISOR_LEADER_ELECT": "false"}).invoke(check, flags)

    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("not ok  ") for line in lines), done.output
    assert "system:serviceaccount" in lines[0]


def test_what_watchdogs_lack_is_told_by_the_same_command(powerless: Path, namespace: str) -> None:
    flags = [f"--kubeconfig={powerless}", f"--namespace={namespace}", "--capability=watchdog"]
    environment = {"KUBERVISOR_WATCHDOG_LEADER_ELECT": "false"}

    (line,) = CliRunner(env=environment).invoke(check, flags).output.splitlines()
    assert line.startswith(f"not ok  the account of watchdogs may not, in {namespace}: list pods")
    assert "create pods/eviction" in line

    marking = environment | {"KUBERVISOR_WATCHDOG_EVICT": "false"}
    (line,) = CliRunner(env=marking).invoke(check, flags).output.splitlines()
    assert "create pods/eviction" not in line


def test_bad_usage_is_told_as_such() -> None:
    done = CliRunner().invoke(check, ["--config=/nowhere"])

    assert done.exit_code == 2
    assert "/nowhere: cannot be read" in done.output
