"""`kubectl kubervisor workflows` on a real API server, of objects as operators write them."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from kubervisor import instants
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from tests import workflow_bodies as bodies
from tests.plugin.conftest import Plugin

EXPERIMENT = "Experiment"


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture(autouse=True)
def _alone(api: Api) -> None:
    """The cluster has the kinds of the test only."""
    bodies.undefine_all(api)


@pytest.fixture
def three(api: Api, namespace: str) -> Iterator[None]:
    """Two kinds: of the first one waits and one fails, of the second one has come to its end."""
    now = time.time()
    second = bodies.a_definition(EXPERIMENT, operator="experiment-operator")
    with bodies.defined(api, bodies.a_definition(), second):
        bodies.put(api, bodies.an_object("cart", bodies.failing(now)), namespace)
        bodies.put(api, bodies.an_object("shop", bodies.waiting(now)), namespace)
        ended = bodies.an_object("shop", bodies.rolled_back(now), kind=EXPERIMENT)
        bodies.put(api, ended, namespace)
        yield


@pytest.mark.usefixtures("three")
def test_the_table_tells_of_every_workflow(namespace: str, plugin: Plugin) -> None:
    headers, *rows = plugin("workflows").rows
    assert headers == ["KIND", "NAME", "PHASE", "SINCE", "READY", "REASON", "NEXT"]
    assert [[*row[:3], *row[4:]] for row in rows] == [
        ["CanaryDeployment", "cart", "Evaluating", "False", "WorkerFailed", "-"],
        ["CanaryDeployment", "shop", "Waiting", "True", "Synced", "Evaluating,RollBack"],
        ["Experiment", "shop", "RollBack", "True", "Resting", "-"],
    ]
    everywhere = plugin.anywhere("workflows", "-A", "--no-headers").rows
    assert [namespace, "CanaryDeployment", "cart"] in [row[:3] for row in everywhere]
    assert plugin("workflows", "-o", "name").lines == [
        f"canarydeployment.{bodies.GROUP}/cart",
        f"canarydeployment.{bodies.GROUP}/shop",
        f"experiment.{bodies.GROUP}/shop",
    ]


@pytest.mark.usefixtures("three")
def test_one_is_told_with_the_phases_that_it_went_through(plugin: Plugin) -> None:
    told = plugin("workflows", "canarydeployment/shop").out
    assert re.search(r"Phase: +Waiting for 5m", told)
    assert re.search(r"Next: +Evaluating or RollBack", told)
    assert re.search(r"weight: +10\n", told)
    assert re.search(r"\n5m\d*s? +5m\d*s? +Waiting +the canary is there\n6m\d*s? +60s +Init", told)
    wrong = plugin("workflows", "cart", code=1).out
    assert f"WorkerFailed: ValueError: {bodies.HOSTILE[:-1]}" in wrong
    assert "\u202e" not in wrong
    by_type = plugin("workflows", f"experiments.{bodies.GROUP}/shop", "-o", "json").out
    assert json.loads(by_type)["kind"] == EXPERIMENT


@pytest.mark.usefixtures("three")
def test_a_name_that_is_none_or_that_of_several_is_refused(plugin: Plugin) -> None:
    several = plugin("workflows", "shop", code=1).err
    assert several.startswith('error: "shop" is the name of several: canarydeployments.')
    nobody = plugin("workflows", "none", code=1).err
    assert nobody.startswith('error: no workflow "none" here; `kubectl kubervisor workflows -A`')
    no_kind = plugin("workflows", "dance/shop", code=1).err
    assert no_kind.startswith('error: no kind of workflow "dance": canarydeployment, experiment')


def test_where_no_operator_is_deployed_it_says_so(plugin: Plugin) -> None:
    assert "no workflow's operator is deployed" in plugin("workflows", code=1).err


@pytest.mark.usefixtures("three")
def test_who_may_not_list_definitions_names_the_type(
    api: Api, namespace: str, plugin: Plugin
) -> None:
    where = f"/apis/rbac.authorization.k8s.io/v1{namespace_path(namespace).removeprefix('/api/v1')}"
    rules = [{"apiGroups": [bodies.GROUP], "resources": ["experiments"], "verbs": ["get", "list"]}]
    api.create(f"{where}/roles", {"metadata": {"name": "looks"}, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "looks"}
    subjects = [{"kind": "User", "name": "ann", "apiGroup": "rbac.authorization.k8s.io"}]
    bound = {"metadata": {"name": "looks"}, "roleRef": reference, "subjects": subjects}
    api.create(f"{where}/rolebindings", bound)
    refused = plugin("workflows", "--as=ann", code=1).err
    assert refused.startswith("error: you may not list CustomResourceDefinitions")
    told = plugin("workflows", f"experiments.{bodies.GROUP}/shop", "--as=ann").out
    assert re.search(rf"Workflow: +Experiment {namespace}/shop", told)


@pytest.mark.usefixtures("three")
def test_an_operator_whose_lease_nobody_holds_is_told_of(
    api: Api, namespace: str, plugin: Plugin
) -> None:
    of_namespace = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    long_ago = instants.render(time.time() - 3600, "microseconds")
    spec = {"holderIdentity": "canary-operator-1", "renewTime": long_ago}
    api.create(of_namespace, {"metadata": {"name": bodies.OPERATOR}, "spec": spec})
    told = plugin("workflows").err
    assert f"Warning: {bodies.OPERATOR} does not run: lease {namespace}/{bodies.OPERATOR}" in told
    assert "experiment-operator" not in told


@pytest.mark.usefixtures("three")
def test_watch_prints_a_line_for_each_change_of_any_kind(
    api: Api, namespace: str, plugin: Plugin
) -> None:
    with plugin.running("workflows", "--watch") as process:
        assert process.stdout is not None
        first = [process.stdout.readline().split()[:3] for _ in range(4)]
        assert ["Experiment", "shop", "RollBack"] in first
        assert ["CanaryDeployment", "cart", "Evaluating"] in first
        now = time.time()
        again = bodies.an_object("shop", bodies.waiting(now), kind=EXPERIMENT)
        bodies.put(api, again, namespace)
        assert process.stdout.readline().split()[:3] == ["Experiment", "shop", "Waiting"]
        bodies.put(api, bodies.an_object("cart", bodies.rolled_back(now)), namespace)
        assert process.stdout.readline().split()[:3] == ["CanaryDeployment", "cart", "RollBack"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.usefixtures("three")
def test_the_shell_offers_their_names(namespace: str, plugin: Plugin) -> None:
    def offered(*typed: str) -> list[str]:
        program = ["kubectl_complete-kubervisor", f"--namespace={namespace}", *typed]
        return plugin.run(program).lines[:-1]

    assert offered("workflows", "") == ["cart", "shop"]
    assert offered("workflows", "experiment/") == ["experiment/shop"]
