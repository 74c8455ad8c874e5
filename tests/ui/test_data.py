"""The rollouts of data as the dashboard tells them: read off a real API server, when asked."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kubernetes.client.configuration import Configuration

from kubervisor.kube.client import Api, connect
from kubervisor.ui import rollouts
from kubervisor.ui.documents import LONGEST_LINE
from kubervisor.ui.remembered import FRESH
from kubervisor.ui.rollouts import Rollouts
from kubervisor.ui.shown import LONGEST_MESSAGE
from playground.cluster import LocalCluster
from playground.fleet_api import Api as AsAdministrator
from playground.fleet_manifests import namespace_path
from tests import rollout_bodies as bodies
from tests.conftest import GROUP, teach
from tests.rollout_bodies import HOSTILE, put
from tests.ui.conftest import Serve
from tests.ui.stage import Stage

DEFINITION = (
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/datarollouts.kubervisor.k8s.io"
)


class Counting:
    """Counts the requests of a client."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.api = connect(str(cluster.kubeconfig), user_agent="test", count=self._count)

    def _count(self, verb: str, resource: str, status: int) -> None:
        self.asked.append((verb, resource, status))


@pytest.fixture
def admin(taught: LocalCluster) -> Iterator[AsAdministrator]:
    with closing(AsAdministrator(taught.kubeconfig)) as api:
        yield api


@pytest.fixture
def counting(taught: LocalCluster) -> Iterator[Counting]:
    counting = Counting(taught)
    yield counting
    counting.api.close()


def test_every_source_is_told_with_its_stage_and_its_gates(
    admin: AsAdministrator, counting: Counting, namespace: str, stage: Stage, serve: Serve
) -> None:
    now = time.time()
    put(admin, namespace, "prices", bodies.settled(now))
    put(admin, namespace, "routes", bodies.rolling_out(now), {"paused": True})
    put(admin, namespace, "rules", bodies.rolled_back(now), {"source": "Rules"})
    put(admin, namespace, "slow", bodies.rolling_back(now))
    put(admin, namespace, "young", None)
    stage.rollouts = Rollouts(counting.api, (namespace,))
    answer = serve(stage.view()).ask("/api/data")
    assert answer.status == 200
    data = answer.json
    assert (data["access"], data["problem"], data["more"]) == ("open", "", False)
    assert data["controller"]["identity"] == "here"
    told = {one["source"]: one for one in data["rollouts"]}
    assert {name: one["level"] for name, one in told.items()} == {
        "prices": "ok",
        "routes": "notice",
        "Rules": "notice",
        "slow": "alarm",
        "young": "unknown",
    }
    routes = told["routes"]
    assert (routes["stage"]["percent"], routes["stage"]["needed"], routes["proven"]) == (50, 10, 5)
    assert routes["rules"] == {
        "stages": [25, 50, 100],
        "probation": "10m",
        "failurePercent": 25,
        "progressDeadline": "30m",
    }
    assert (routes["users"], routes["onCandidate"], routes["paused"]) == (20, 10, True)
    assert [one["pods"] for one in routes["versions"]] == [12, 7]
    rules = told["Rules"]
    assert (rules["name"], rules["failures"], rules["quarantined"]) == ("rules", 1, 1)
    assert rules["quarantine"][0]["reason"] == "CandidateFailing"
    assert HOSTILE in rules["history"][2]["message"]


def test_the_api_server_is_asked_only_when_somebody_looks_and_once_for_all(
    counting: Counting, namespace: str, stage: Stage, serve: Serve
) -> None:
    stage.rollouts = Rollouts(counting.api, (namespace,), monotonic=lambda: 0.0)
    served = serve(stage.view())
    assert served.ask("/api/fleet").status == 200
    assert counting.asked == []
    for _ in range(3):
        assert served.ask("/api/data").json["rollouts"] == []
    assert counting.asked == [("list", "datarollouts", 200)]


def test_what_is_old_is_asked_anew(counting: Counting, namespace: str) -> None:
    now = 0.0
    found = Rollouts(counting.api, (namespace,), monotonic=lambda: now)
    found.read()
    now = FRESH
    found.read()
    assert len(counting.asked) == 2


def test_a_list_has_an_end_and_says_so(
    admin: AsAdministrator, counting: Counting, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        put(admin, namespace, name, None)
    monkeypatch.setattr(rollouts, "MOST_ROLLOUTS", 2)
    found = Rollouts(counting.api, (namespace,)).read()
    assert ([one.source for one in found.rollouts], found.more) == (["a", "b"], True)


def test_texts_are_cut_to_a_length(
    admin: AsAdministrator, counting: Counting, namespace: str
) -> None:
    long = {**bodies.settled(time.time()), "message": "long " * 200, "reason": "R" * 2000}
    put(admin, namespace, "prices", long)
    (one,) = Rollouts(counting.api, (namespace,)).read().rollouts
    assert len(one.message) <= LONGEST_MESSAGE
    assert len(one.reason) == LONGEST_LINE


def test_without_the_right_the_page_says_which_is_missing(
    admin: AsAdministrator, taught: LocalCluster, namespace: str
) -> None:
    name = f"nobody-{secrets.token_hex(2)}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    admin.create(f"{namespace_path(namespace)}/serviceaccounts", account)
    api: Api = connect(str(taught.kubeconfig_for(namespace, name)), user_agent="test")
    found = Rollouts(api, ()).read()
    assert (found.access, found.rollouts) == ("forbidden", ())
    assert "grant it the verb list on datarollouts.kubervisor.k8s.io" in found.problem


def test_without_the_kind_the_page_says_that_it_is_not_installed(
    admin: AsAdministrator, counting: Counting, taught: LocalCluster
) -> None:
    admin.delete(DEFINITION)
    try:
        patience = time.monotonic() + 60
        while Rollouts(counting.api, ()).read().access != "absent":
            assert time.monotonic() < patience, f"{GROUP}/datarollouts is still served"
        assert "not installed" in Rollouts(counting.api, ()).read().problem
    finally:
        teach(taught)


def test_where_nothing_answers_the_page_says_why(stage: Stage, serve: Serve) -> None:
    gone = connect_to_nobody()
    stage.rollouts = Rollouts(gone, ())
    answer = serve(stage.view()).ask("/api/data").json
    assert answer["access"] == "failed"
    assert "list datarollouts" in answer["problem"]


def test_the_page_is_there_by_its_address(stage: Stage, serve: Serve) -> None:
    served = serve(stage.view())
    assert served.ask("/data").body == served.ask("/").body
    assert served.ask("/data/x").status == 404


def connect_to_nobody() -> Api:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:9"
    return Api(configuration, namespace="default", user_agent="test")
