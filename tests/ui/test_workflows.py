"""Phase workflows as the dashboard tells them: read off a real API server, when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from kubernetes.client.configuration import Configuration

from kubervisor.kube.client import Api, connect
from kubervisor.ui import workflows
from kubervisor.ui.documents import LONGEST_LINE
from kubervisor.ui.shown import LONGEST_MESSAGE
from kubervisor.ui.workflows import FORBIDDEN, MAY_NOT, PhaseWorkflows
from playground.cluster import LocalCluster
from playground.fleet_api import Api as AsAdministrator
from playground.fleet_api import Json
from playground.fleet_manifests import namespace_path
from tests import workflow_bodies as bodies
from tests.ui.conftest import Serve
from tests.ui.stage import Stage

EXPERIMENT = "Experiment"
DEPLOYED = Path(__file__).parents[2] / "examples" / "workflows" / "chaos" / "deploy" / "crd.yaml"
LOOKS = {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]}


@pytest.fixture
def admin(cluster: LocalCluster) -> Iterator[AsAdministrator]:
    with closing(AsAdministrator(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture
def asked() -> list[tuple[str, str, int]]:
    """Verb, resource and answer of each request of `api`."""
    return []


@pytest.fixture(autouse=True)
def _alone(admin: AsAdministrator) -> None:
    """The cluster has the kinds of the test only."""
    bodies.undefine_all(admin)


@pytest.fixture
def api(cluster: LocalCluster, asked: list[tuple[str, str, int]]) -> Iterator[Api]:
    api = connect(str(cluster.kubeconfig), user_agent="test", count=lambda *one: asked.append(one))
    yield api
    api.close()


@pytest.fixture
def four(admin: AsAdministrator, namespace: str) -> Iterator[float]:
    """Two kinds: of the first one waits, one fails, of one nothing was said; of the second one is
    at its end; and the instant of it all.
    """
    now = time.time()
    second = bodies.a_definition(EXPERIMENT, operator="experiment-operator", phases="none")
    with bodies.defined(admin, bodies.a_definition(), second):
        bodies.put(admin, bodies.an_object("shop", bodies.waiting(now)), namespace)
        bodies.put(admin, bodies.an_object("cart", bodies.failing(now)), namespace)
        bodies.put(admin, bodies.an_object("young", {}), namespace)
        ended = bodies.an_object("shop", bodies.rolled_back(now), kind=EXPERIMENT)
        bodies.put(admin, ended, namespace)
        yield now


def told_by(found: Json, kind: str, name: str) -> Json:
    (one,) = (one for one in found["workflows"] if (one["kind"], one["name"]) == (kind, name))
    told: Json = one
    return told


def test_every_workflow_is_told_with_its_way_through_the_phases(
    four: float, api: Api, namespace: str, stage: Stage, serve: Serve
) -> None:
    stage.workflows = PhaseWorkflows(api, (namespace,))
    answer = serve(stage.view()).ask("/api/workflows")
    assert answer.status == 200
    found = answer.json
    assert (found["access"], found["problem"], found["more"]) == ("open", "", False)
    assert [(one["name"], one["level"]) for one in found["workflows"]] == [
        ("cart", "alarm"),
        ("young", "unknown"),
        ("shop", "ok"),
        ("shop", "ok"),
    ]
    canaries, experiments = found["kinds"]
    assert (canaries["kind"], canaries["group"]) == ("CanaryDeployment", bodies.GROUP)
    assert (canaries["operator"], canaries["objects"], canaries["problem"]) == (
        bodies.OPERATOR,
        3,
        "",
    )
    assert canaries["phases"][1] == {
        "name": "Waiting",
        "final": False,
        "next": ["Evaluating", "RollBack"],
        "timeout": 600.0,
        "onTimeout": "RollBack",
    }
    assert experiments["phases"] == []
    shop = told_by(found, "CanaryDeployment", "shop")
    assert (shop["phase"], shop["message"]) == ("Waiting", "10 % of the requests go to the canary")
    assert shop["since"] == pytest.approx(four - 300, abs=0.001)
    assert [one["phase"] for one in shop["passed"]] == ["Initializing", "Waiting"]
    assert shop["says"] == [
        {"name": "primary", "value": "shop-primary"},
        {"name": "weight", "value": "10"},
    ]
    cart = told_by(found, "CanaryDeployment", "cart")
    assert (cart["reason"], cart["failures"]) == ("WorkerFailed", 3)
    assert bodies.HOSTILE in cart["wrong"][0]["message"]
    assert told_by(found, EXPERIMENT, "shop")["complete"] is True


def test_a_kind_is_read_as_it_is_deployed(admin: AsAdministrator, api: Api) -> None:
    with bodies.defined(admin, yaml.safe_load(DEPLOYED.read_text())):
        (kind,) = PhaseWorkflows(api, ()).read().kinds
    assert (kind.operator, kind.objects, kind.problem) == ("chaos-operator", 0, "")
    observing, held = (next(p for p in kind.phases if p.name == n) for n in ("Observing", "Held"))
    assert (observing.next, observing.timeout, observing.on_timeout) == (
        ["Stopping"],
        7200,
        "Stopping",
    )
    assert held.final


@pytest.mark.usefixtures("four")
def test_the_api_server_is_asked_only_when_somebody_looks_and_once_for_all(
    api: Api, asked: list[tuple[str, str, int]], namespace: str, stage: Stage, serve: Serve
) -> None:
    stage.workflows = PhaseWorkflows(api, (namespace,), monotonic=lambda: 0.0)
    served = serve(stage.view())
    assert served.ask("/api/fleet").status == 200
    assert asked == []
    for _ in range(3):
        assert len(served.ask("/api/workflows").json["workflows"]) == 4
    assert len(asked) == 3
    assert {(verb, status) for verb, _, status in asked} == {("list", 200)}


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize("limit", ["MOST_WORKFLOWS", "MOST_READ"])
def test_a_list_has_an_end_and_says_so(
    api: Api, namespace: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, limit, 2)
    found = PhaseWorkflows(api, (namespace,)).read()
    assert ([one.name for one in found.workflows][:1], found.more) == (["cart"], True)


@pytest.mark.usefixtures("four")
def test_texts_are_cut_and_what_cannot_be_read_is_there(
    admin: AsAdministrator, api: Api, namespace: str
) -> None:
    now = time.time()
    long = bodies.waiting(now, phaseMessage="long " * 500, weight="w" * 2000)
    bodies.put(admin, bodies.an_object("long", long), namespace)
    bodies.put(admin, bodies.an_object("odd", {"phase": 7}), namespace)
    found = {one.name: one for one in PhaseWorkflows(api, (namespace,)).read().workflows}
    assert len(found["long"].message) == LONGEST_MESSAGE
    assert len(found["long"].says[1].value) == LONGEST_LINE
    assert (found["odd"].level, found["odd"].phase) == ("alarm", "")
    assert "cannot be read" in found["odd"].message


@pytest.mark.usefixtures("four")
def test_who_may_not_list_them_is_told_so(
    admin: AsAdministrator, cluster: LocalCluster, namespace: str
) -> None:
    name = f"looks-{namespace}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    admin.create(f"{namespace_path(namespace)}/serviceaccounts", account)
    looks: Api = connect(str(cluster.kubeconfig_for(namespace, name)), user_agent="test")
    found = PhaseWorkflows(looks, (namespace,)).read()
    assert (found.access, found.problem, found.workflows) == ("forbidden", FORBIDDEN, ())

    rbac = "/apis/rbac.authorization.k8s.io/v1"
    of_canaries = {"apiGroups": [bodies.GROUP], "resources": ["canarydeployments"]}
    rules = [{**one, "verbs": ["list"]} for one in (LOOKS, of_canaries)]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    try:
        admin.create(f"{rbac}/clusterroles", {"metadata": {"name": name}, "rules": rules})
        bound = {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
        admin.create(f"{rbac}/clusterrolebindings", bound)
        found = _once_open(looks, namespace)
        assert {one.kind: one.problem for one in found.kinds} == {
            "CanaryDeployment": "",
            EXPERIMENT: MAY_NOT,
        }
        assert len(found.workflows) == 3
    finally:
        admin.delete(f"{rbac}/clusterrolebindings/{name}")
        admin.delete(f"{rbac}/clusterroles/{name}")


def _once_open(api: Api, namespace: str) -> workflows.Found:
    """What is found as soon as the API server's authorizer has seen the binding."""
    deadline, pause = time.monotonic() + bodies.WITHIN, threading.Event()
    while True:
        found = PhaseWorkflows(api, (namespace,)).read()
        if found.access == "open" and not found.kinds[0].problem:
            return found
        assert time.monotonic() < deadline, found
        pause.wait(0.05)


def test_where_no_operator_is_deployed_the_page_says_so(api: Api) -> None:
    found = PhaseWorkflows(api, ()).read()
    assert (found.access, found.kinds) == ("absent", ())


def test_where_nothing_answers_the_page_says_why(stage: Stage, serve: Serve) -> None:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:9"
    nobody = Api(configuration, namespace="default", user_agent="test")
    stage.workflows = PhaseWorkflows(nobody, ())
    answer = serve(stage.view()).ask("/api/workflows").json
    assert answer["access"] == "failed"
    assert "list customresourcedefinitions" in answer["problem"]


def test_the_page_is_there_by_its_address(stage: Stage, serve: Serve) -> None:
    served = serve(stage.view())
    assert served.ask("/workflows").body == served.ask("/").body
    assert served.ask("/workflows/x").status == 404
