"""When a Service may select on our label, and the PodDisruptionBudget that goes with it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubectl_kubervisor import words
from kubectl_kubervisor.activation import budget_manifest, labels_new_pods, obstacles, templates
from kubectl_kubervisor.objects import Json, Pod
from tests.plugin.bodies import a_pod, a_workload, an_ejected_pod

MEMBERS = {"app": "shop"}


def found(
    workloads: list[Json], pods: list[Pod] | None = None, *, policy: bool = False
) -> list[str]:
    return obstacles(MEMBERS, templates(workloads), pods or [a_pod()], labelled_by_policy=policy)


FREE = [
    pytest.param(
        [a_workload()], [a_pod(), an_ejected_pod("shop-2")], id="template and pods carry it"
    ),
    pytest.param([a_workload(labels={"app": "web"})], [a_pod()], id="another's template lacks it"),
    pytest.param(
        [a_workload(), a_workload("ReplicaSet", labels=MEMBERS, owner=("Deployment", "shop"))],
        [a_pod()],
        id="an old ReplicaSet of the Deployment lacks it",
    ),
    pytest.param(
        [a_workload()], [a_pod(), a_pod("x", None, phase="Succeeded")], id="a pod is done"
    ),
    pytest.param([a_workload()], [a_pod(), a_pod("x", None, deleting=True)], id="a pod is going"),
]


@pytest.mark.parametrize(("workloads", "pods"), FREE)
def test_nothing_is_in_the_way_where(workloads: list[Json], pods: list[Pod]) -> None:
    assert found(workloads, pods) == []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_a_template_without_the_label_is_in_the_way(kind: str) -> None:
    (said,) = found([a_workload(kind, labels=MEMBERS)])
    assert said.startswith(f"{kind.lower()}/shop: its pod template lacks kubervisor/traffic")
    assert found([a_workload(kind, labels=MEMBERS)], policy=True) == []


@pytest.mark.parametrize("value", ["no", "pause", "true"])
def test_so_is_one_whose_pods_would_start_out_of_traffic(value: str) -> None:
    (said,) = found([a_workload(labels={**MEMBERS, words.TRAFFIC: value})])
    assert "template lacks" in said


SELECTORS: list[Any] = [
    pytest.param({"matchLabels": {"app": "shop", words.TRAFFIC: "yes"}}, id="by a label"),
    pytest.param(
        {"matchExpressions": [{"key": words.TRAFFIC, "operator": "Exists"}]}, id="by an expression"
    ),
]


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_workload_that_selects_on_the_label_is_in_the_way_whatever_policies_do(
    selector: dict[str, Any],
) -> None:
    (said,) = found([a_workload(match=selector)], policy=True)
    assert "would lose ejected pods" in said


def test_pods_without_the_label_are_in_the_way_and_counted() -> None:
    pods = [a_pod(f"shop-{i}", None) for i in range(7)] + [a_pod("fine")]
    (said,) = found([a_workload()], pods, policy=True)
    assert said.startswith("7 of 8 pods carry no kubervisor/traffic label")
    assert "shop-4 and 2 more" in said


def test_owners_whose_template_nobody_can_read_need_the_policy() -> None:
    pods = [a_pod(owner=("CloneSet", "shop"))]
    (said,) = found([], pods)
    assert said.startswith("cloneset/shop owns pods")
    assert found([], pods, policy=True) == []


def policies(*, bound: bool = True, expressions: list[Json] | None = None) -> list[Json]:
    name = "kubervisor-release-label-new-pods"
    policy = {
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"namespaceSelector": {"matchExpressions": expressions or []}}
        },
    }
    binding = {"kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": name}}
    return [policy, binding] if bound else [policy]


KEY = "kubernetes.io/metadata.name"
POLICIES = [
    pytest.param(policies(), True, id="bound for all namespaces"),
    pytest.param(policies(bound=False), False, id="not bound"),
    pytest.param([], False, id="none"),
    pytest.param(
        policies(expressions=[{"key": KEY, "operator": "In", "values": ["web"]}]),
        True,
        id="bound for this namespace",
    ),
    pytest.param(
        policies(expressions=[{"key": KEY, "operator": "In", "values": ["cart"]}]),
        False,
        id="bound for others",
    ),
    pytest.param(
        policies(expressions=[{"key": KEY, "operator": "NotIn", "values": ["web"]}]),
        False,
        id="bound for all but this",
    ),
]


@pytest.mark.parametrize(("listed", "does"), POLICIES)
def test_a_policy_labels_new_pods_where_it_is_bound(listed: list[Json], does: bool) -> None:
    assert labels_new_pods(listed, "web") is does


def a_budget(**match: str) -> Json:
    return {
        "metadata": {"name": "shop-pdb"},
        "spec": {"maxUnavailable": "25%", "selector": {"matchLabels": match}},
    }


def test_the_budget_that_is_printed_counts_serving_pods_only() -> None:
    made = yaml.safe_load(budget_manifest("web", "shop", MEMBERS, [], 3))
    assert made["kind"] == "PodDisruptionBudget"
    assert made["metadata"] == {"name": "shop", "namespace": "web"}
    assert made["spec"] == {
        "minAvailable": 3,
        "selector": {"matchLabels": {"app": "shop", "kubervisor/traffic": "yes"}},
    }


def test_one_that_is_there_is_kept_but_for_its_selector() -> None:
    made = yaml.safe_load(budget_manifest("web", "shop", MEMBERS, [a_budget(app="shop")], 3))
    assert made["metadata"] == {"name": "shop-pdb", "namespace": "web"}
    assert made["spec"]["maxUnavailable"] == "25%"
    assert "minAvailable" not in made["spec"]


def test_nothing_is_printed_where_one_counts_serving_pods_already() -> None:
    there = a_budget(app="shop", **{words.TRAFFIC: "yes"})
    assert budget_manifest("web", "shop", MEMBERS, [there], 3) == ""


def test_budgets_of_others_do_not_matter() -> None:
    made = yaml.safe_load(budget_manifest("web", "shop", MEMBERS, [a_budget(app="web")], 0))
    assert (made["metadata"]["name"], made["spec"]["minAvailable"]) == ("shop", 1)
