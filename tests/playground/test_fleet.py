"""What the fleet of the end-to-end tests promises, on a real cluster."""

from __future__ import annotations

import time

import pytest

from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.fleet_manifests import Kind
from playground.fleet_watch import await_object
from playground.local import LocalCluster

WITHIN = 30.0


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_workload_is_ready_and_in_the_slices(
    api: Api, namespace: str, kind: Kind
) -> None:
    # The cluster of the tests has one node, so a DaemonSet has one pod.
    size = 1 if kind is Kind.DAEMON_SET else 3
    with Fleet(api, "shop", size=size, namespace=namespace, kind=kind) as fleet:
        assert fleet.in_slices() == {pod.name for pod in fleet.pods()}
        assert len(fleet.pods()) == size


def test_a_readiness_probe_that_fails_takes_the_pod_out_of_the_slices(
    api: Api, namespace: str
) -> None:
    with Fleet(api, "shop", size=2, namespace=namespace, selects_traffic=True) as fleet:
        pod, other = fleet.pods()
        fleet.set_ready(pod, False)
        fleet.wait(
            lambda f: f.in_slices() == {other.name} and f.serving() == (other,),
            WITHIN,
            "one pod serves",
        )
        fleet.set_ready(pod, True)
        fleet.wait_ready(2, WITHIN)


def test_selecting_on_traffic_later_leaves_nobody_until_the_pods_are_labelled(
    api: Api, namespace: str
) -> None:
    with Fleet(api, "shop", size=2, namespace=namespace) as fleet:
        fleet.select_traffic(True)
        fleet.wait(lambda f: not f.in_slices(), WITHIN, "nobody gets traffic")
        fleet.label(fleet.pods()[0], "kubervisor/traffic", "yes")
        fleet.wait(lambda f: len(f.in_slices()) == 1, WITHIN, "one pod gets traffic")
        fleet.select_traffic(False)
        fleet.wait_ready(2, WITHIN)


def test_an_eviction_obeys_the_disruption_budget(api: Api, namespace: str) -> None:
    with Fleet(api, "shop", size=2, namespace=namespace) as fleet:
        budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
        spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": "shop"}}}
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
        api.create(budgets, budget | {"metadata": {"name": "shop"}, "spec": spec})
        pod = fleet.pods()[0]
        assert not fleet.evict(pod)

        api.delete(f"{budgets}/shop")
        assert fleet.evict(pod)
        fleet.wait(lambda f: f.pod(pod.name) is None, WITHIN, "the evicted pod is gone")
        fleet.wait_ready(2, WITHIN)


def test_a_rollout_replaces_every_pod(api: Api, namespace: str) -> None:
    with Fleet(api, "shop", size=2, namespace=namespace) as fleet:
        old = {pod.name for pod in fleet.pods()}
        fleet.roll_out("2")
        fleet.wait(lambda f: old.isdisjoint(p.name for p in f.pods()), WITHIN, "all are new")
        fleet.wait_ready(2, WITHIN)


def test_a_wait_that_fails_says_what_was_awaited_and_how_the_pods_are(
    api: Api, namespace: str
) -> None:
    with Fleet(api, "shop", size=1, namespace=namespace) as fleet:
        (pod,) = fleet.pods()
        with pytest.raises(TimeoutError) as failure:
            fleet.wait(lambda _: False, 0.01, "pigs fly")

    said = str(failure.value)
    assert "not so that pigs fly" in said
    assert f"{pod.name} Running, Ready, traffic=-" in said


def test_an_awaited_object_is_given_as_soon_as_it_is_as_wanted(api: Api, namespace: str) -> None:
    with Fleet(api, "shop", size=1, namespace=namespace) as fleet:
        services = f"/api/v1/namespaces/{namespace}/services"
        fleet.select_traffic(True)
        service = await_object(
            api, services, "shop", lambda body: len(body["spec"]["selector"]) == 2, WITHIN
        )
        assert service["spec"]["selector"]["kubervisor/traffic"] == "yes"
        with pytest.raises(TimeoutError, match="it does not exist"):
            await_object(api, services, "none", lambda _: True, 0.01)


def test_the_watches_go_on_after_a_restart_of_the_api_server(
    cluster: LocalCluster, api: Api, namespace: str
) -> None:
    with Fleet(api, "shop", size=2, namespace=namespace, selects_traffic=True) as fleet:
        cluster.restart("kube-apiserver")
        since = time.monotonic()
        pod = fleet.pods()[0]
        fleet.label(pod, "kubervisor/traffic", "no")
        fleet.members.wait(pod.id, entered=False, since=since, timeout=WITHIN)
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "the label is seen")
