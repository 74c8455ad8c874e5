"""Whoever has the watchdogs' token can say that a pod is in error and evict it; nothing else."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.security.chart import TRAFFIC, WATCHDOG
from tests.security.thief import POLICY, RIGHTS, Thief, event


def merged(**metadata: object) -> str:
    return json.dumps({"metadata": metadata})


STATUS, EXPIRY = "status.autocrane.io/", "expiry.autocrane.io/"
HEALTH = f"{STATUS}health"
IMAGE = json.dumps({"spec": {"containers": [{"name": "app", "image": "theirs"}]}})
PATCH_POD = ("patch", "pod", "serving", "--type=strategic", "-p")


@pytest.mark.parametrize(
    ("args", "by"),
    [
        pytest.param([*PATCH_POD, IMAGE], POLICY, id="change an image"),
        pytest.param([*PATCH_POD, merged(labels={"app": "x"})], POLICY, id="change a label"),
        pytest.param([*PATCH_POD, merged(labels={"app": None})], POLICY, id="remove a label"),
        pytest.param(
            [*PATCH_POD, merged(labels={f"{STATUS}other": "x"})], POLICY, id="a similar label"
        ),
        pytest.param([*PATCH_POD, merged(labels={"kubervisor/traffic": "no"})], POLICY, id="eject"),
        pytest.param(
            [*PATCH_POD, merged(annotations={"theirs": "y"})], POLICY, id="change an annotation"
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"theirs": None})], POLICY, id="remove an annotation"
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"probe.autocrane.io/x": "POD_IP:1/x"})],
            POLICY,
            id="have a pod probed",
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"status.autocrane.io.x/y": "x"})],
            POLICY,
            id="a similar prefix",
        ),
        pytest.param([*PATCH_POD, merged(finalizers=["x/y"])], POLICY, id="add a finalizer"),
        pytest.param(["delete", "pod", "serving"], RIGHTS, id="delete a pod"),
        pytest.param(["delete", "pod", "--all"], RIGHTS, id="delete all pods"),
        pytest.param(["run", "x", "--image=x"], RIGHTS, id="create a pod"),
        pytest.param(["exec", "serving", "--", "sh"], RIGHTS, id="enter a pod"),
        pytest.param(["logs", "serving"], RIGHTS, id="read logs"),
        pytest.param(["get", "secrets"], RIGHTS, id="read secrets"),
        pytest.param(["get", "configmaps"], RIGHTS, id="read configuration"),
        pytest.param(["get", "services"], RIGHTS, id="read Services"),
        pytest.param(["get", "kvs"], RIGHTS, id="read guards"),
        pytest.param(["create", "token", "default"], RIGHTS, id="take another identity"),
    ],
)
def test_it_cannot(args: list[str], by: str, thief: Thief) -> None:
    said = thief.kubectl(WATCHDOG, *args, f"--namespace={thief.guarded}")

    assert "orbidden" in said
    assert by in said


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["get", "pods"], id="read pods"),
        pytest.param([*PATCH_POD, merged(labels={HEALTH: "error"})], id="mark one"),
    ],
)
def test_in_other_namespaces_it_cannot(args: list[str], thief: Thief) -> None:
    for namespace in (thief.other, "kube-system", thief.release.namespace):
        assert RIGHTS in thief.kubectl(WATCHDOG, *args, f"--namespace={namespace}")
    assert RIGHTS in thief.evict(WATCHDOG, "serving", thief.other)


def test_it_says_what_watchdogs_say_and_takes_it_back(thief: Thief) -> None:
    path = thief.pod("probed", "yes")
    said = {
        f"{STATUS}disk": "error/2026-01-01T00:00:00Z/full",
        f"{EXPIRY}disk": "2026-01-02T00:00:00Z",
    }
    with closing(Api(thief.tokens[WATCHDOG])) as api:
        api.merge(path, {"metadata": {"annotations": said, "labels": {HEALTH: "error"}}})
        metadata = thief.admin.get(path)["metadata"]
        assert said.items() <= metadata["annotations"].items()
        assert metadata["labels"][HEALTH] == "error"

        none: Json = dict.fromkeys(said)
        api.merge(path, {"metadata": {"annotations": none, "labels": {HEALTH: None}}})
    metadata = thief.admin.get(path)["metadata"]
    assert not {*said, HEALTH} & {*metadata["annotations"], *metadata["labels"]}


@pytest.mark.parametrize("health", ["info", "warning", "Unknown", None])
def test_it_evicts_no_pod_that_is_not_marked_in_error(health: str | None, thief: Thief) -> None:
    name = f"spared-{str(health).lower()}"
    path = thief.pod(name, "yes")
    thief.admin.merge(path, {"metadata": {"labels": {HEALTH: health}}})

    assert POLICY in thief.evict(WATCHDOG, name)
    assert POLICY in thief.evict(WATCHDOG, name, labelled=False)
    assert thief.admin.exists(path)


@pytest.mark.parametrize("health", ["error", "Error"])
def test_it_evicts_a_pod_that_is(health: str, thief: Thief) -> None:
    name = f"failing-{'as-posted' if health == 'Error' else 'as-probed'}"
    path = thief.pod(name, "yes")
    thief.admin.merge(path, {"metadata": {"labels": {HEALTH: health}}})

    assert POLICY in thief.evict(WATCHDOG, name, labelled=False)
    until(lambda: not thief.evict(WATCHDOG, name), "its eviction is accepted")
    until(lambda: not thief.admin.exists(path), "it is gone")


def test_it_writes_no_lease_and_no_events_but_its_own(thief: Thief) -> None:
    own = thief.release.namespace
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{own}/leases"
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    events = f"/apis/events.k8s.io/v1/namespaces/{thief.guarded}/events"
    with closing(Api(thief.tokens[WATCHDOG])) as api:
        for name in ("new", "kubervisor-traffic"):
            with pytest.raises(ApiRefused, match=POLICY):
                api.create(leases, lease | {"metadata": {"name": name}})
        with pytest.raises(ApiRefused, match=POLICY):
            api.create(events, event("kubervisor.k8s.io/controller", thief.guarded))
        api.create(leases, lease | {"metadata": {"name": "kubervisor-watchdog-1234"}})
        api.create(events, event("kubervisor.k8s.io/watchdog", thief.guarded))


def test_the_lease_of_watchdogs_is_not_for_those_who_move_traffic(thief: Thief) -> None:
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{thief.release.namespace}/leases"
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    with closing(Api(thief.tokens[TRAFFIC])) as api, pytest.raises(ApiRefused, match=POLICY):
        api.create(leases, lease | {"metadata": {"name": "kubervisor-watchdog"}})
