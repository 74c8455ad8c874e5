"""Remediation rules as the dashboard tells them: read off a real API server, when asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kubernetes.client.configuration import Configuration

from kubervisor.kube.client import Api, connect
from kubervisor.ui import rules
from kubervisor.ui.documents import LONGEST_LINE
from kubervisor.ui.rules import Remediation
from kubervisor.ui.shown import LONGEST_MESSAGE
from playground.cluster import LocalCluster
from playground.fleet_api import Api as AsAdministrator
from playground.fleet_manifests import namespace_path
from tests import rule_bodies as bodies
from tests.ui.client import Answer
from tests.ui.conftest import Serve
from tests.ui.stage import Stage

GROUP = bodies.GROUP


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


@pytest.fixture
def three(admin: AsAdministrator, namespace: str) -> Iterator[float]:
    """Three rules: one is not valid, and of one nothing was said; and the instant of it all."""
    now = time.time()
    bodies.put(admin, bodies.a_rule("resize", now, enforcement="approvalRequired", weight=3))
    bodies.put(admin, bodies.a_rule("wrong", now, ready="False"))
    young = bodies.a_rule("young", now)
    bodies.put(admin, {**young, "status": {}})
    bodies.put(admin, bodies.an_object("resize", "data-0", bodies.normal(now)), namespace)
    waiting = bodies.awaiting(now, "resize-data-1")
    bodies.put(admin, bodies.an_object("resize", "data-1", waiting), namespace)
    bodies.put(admin, bodies.an_object("resize", "data-2", bodies.declined(now)), namespace)
    bodies.put(admin, bodies.an_approval("resize-data-1", "resize", now), namespace)
    yield now
    for name in ("resize", "wrong", "young"):
        admin.delete(f"{GROUP}/autopilotrules/{name}")


def served_of(counting: Counting, namespace: str, stage: Stage, serve: Serve) -> Answer:
    stage.remediation = Remediation(counting.api, (namespace,))
    return serve(stage.view()).ask("/api/rules")


@pytest.mark.usefixtures("three")
def test_every_rule_is_told_with_its_objects_and_what_it_asks(
    counting: Counting, namespace: str, stage: Stage, serve: Serve
) -> None:
    answer = served_of(counting, namespace, stage, serve)
    assert answer.status == 200
    found = answer.json
    assert (found["access"], found["problem"], found["more"]) == ("open", "", False)
    told = {one["name"]: one for one in found["rules"]}
    assert {name: one["level"] for name, one in told.items()} == {
        "resize": "alarm",
        "wrong": "alarm",
        "young": "unknown",
    }
    resize = told["resize"]
    assert resize["states"] == {"Normal": 1, "ActionAwaitingApproval": 1, "ActionsDeclined": 1}
    assert (resize["objects"], resize["triggered"], resize["acting"]) == (2, 1, 0)
    assert (resize["needsApproval"], resize["weight"], resize["ready"]) == (True, 3, True)
    assert resize["conditions"] == [f"{bodies.USAGE} Gt 50"]
    assert resize["actions"] == [
        {"name": bodies.RESIZE, "params": "maxsize: 40Gi, scalepercentage: 100"}
    ]
    assert bodies.HOSTILE in told["wrong"]["wrong"][0]["message"]
    assert [one["name"] for one in found["objects"]] == ["data-2", "data-1", "data-0"]
    waiting = found["objects"][1]
    assert (waiting["namespace"], waiting["kind"]) == (namespace, "PersistentVolumeClaim")
    assert (waiting["state"], waiting["values"]) == ("ActionAwaitingApproval", ["57.2"])
    assert waiting["intended"] == ["resize from 10Gi to 20Gi"]
    assert waiting["passed"][0]["state"] == "ActionAwaitingApproval"
    (approval,) = found["approvals"]
    assert (approval["rule"], approval["state"]) == ("resize", "pending")
    assert approval["previews"][0]["involved"] == ["PersistentVolumeClaim shop/data-0"]


def test_the_api_server_is_asked_only_when_somebody_looks_and_once_for_all(
    counting: Counting, namespace: str, stage: Stage, serve: Serve
) -> None:
    stage.remediation = Remediation(counting.api, (namespace,), monotonic=lambda: 0.0)
    served = serve(stage.view())
    assert served.ask("/api/fleet").status == 200
    assert counting.asked == []
    for _ in range(3):
        assert served.ask("/api/rules").json["objects"] == []
    kinds = ("autopilotrules", "autopilotruleobjects", "actionapprovals")
    assert counting.asked == [("list", kind, 200) for kind in kinds]


@pytest.mark.usefixtures("three")
def test_a_list_has_an_end_and_says_so(
    counting: Counting, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OBJECTS", 2)
    found = Remediation(counting.api, (namespace,)).read()
    assert ([one.name for one in found.objects], found.more) == (["data-2", "data-1"], True)


def test_texts_are_cut_and_answers_that_came_too_late_are_over(
    admin: AsAdministrator, counting: Counting, namespace: str
) -> None:
    now = time.time()
    long = {**bodies.normal(now), "message": "long " * 200, "reason": "R" * 2000}
    bodies.put(admin, bodies.an_object("resize", "data-0", long), namespace)
    late = bodies.an_approval("late", "resize", now)
    late["status"] |= bodies.asked("resize", now, expires=-60)
    bodies.put(admin, late, namespace)
    found = Remediation(counting.api, (namespace,)).read()
    assert len(found.objects[0].message) <= LONGEST_MESSAGE
    assert len(found.objects[0].reason) == LONGEST_LINE
    assert found.approvals[0].state == "expired"


def test_who_may_not_list_them_is_told_what_to_grant(
    admin: AsAdministrator, taught: LocalCluster, namespace: str
) -> None:
    name = "looks"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    admin.create(f"{namespace_path(namespace)}/serviceaccounts", account)
    api: Api = connect(str(taught.kubeconfig_for(namespace, name)), user_agent="test")
    found = Remediation(api, ()).read()
    assert (found.access, found.rules) == ("forbidden", ())
    assert "grant it the verb list on autopilotrules" in found.problem


def test_where_nothing_answers_the_page_says_why(stage: Stage, serve: Serve) -> None:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:9"
    nobody = Api(configuration, namespace="default", user_agent="test")
    stage.remediation = Remediation(nobody, ())
    answer = serve(stage.view()).ask("/api/rules").json
    assert answer["access"] == "failed"
    assert "list autopilotrules" in answer["problem"]


def test_the_page_is_there_by_its_address(stage: Stage, serve: Serve) -> None:
    served = serve(stage.view())
    assert served.ask("/rules").body == served.ask("/").body
    assert served.ask("/rules/x").status == 404
