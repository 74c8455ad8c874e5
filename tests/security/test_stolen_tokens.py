"""Whoever has a token of ours can take pods out of traffic or end those that are out; nothing else.

The thief is plain kubectl with the account's kubeconfig. The administrator's own requests show that
each deed is possible as such.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from playground.fleet_api import Api, ApiRefused
from tests.integration.guard import until
from tests.security.chart import TERMINATION, TRAFFIC
from tests.security.thief import POLICY, RIGHTS, Thief, event


def merged(**metadata: object) -> str:
    return json.dumps({"metadata": metadata})


OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}
IMAGE = json.dumps({"spec": {"containers": [{"name": "app", "image": "theirs"}]}})
PATCH_POD = ("patch", "pod", "serving", "--type=strategic", "-p")
PATCH_GUARD = ("patch", "kvs", "shop", "--type=merge", "-p")


@pytest.mark.parametrize(
    ("args", "by"),
    [
        pytest.param([*PATCH_POD, IMAGE], POLICY, id="change an image"),
        pytest.param([*PATCH_POD, merged(labels={"app": "x"})], POLICY, id="change a label"),
        pytest.param([*PATCH_POD, merged(labels={"app": None})], POLICY, id="remove a label"),
        pytest.param([*PATCH_POD, merged(labels={"new": "x"})], POLICY, id="add a label"),
        pytest.param(
            [*PATCH_POD, merged(labels={"kubervisor.io/x": "x"})], POLICY, id="a similar prefix"
        ),
        pytest.param(
            [*PATCH_POD, merged(labels={"kubervisor/traffic": "maybe"})], POLICY, id="no such value"
        ),
        pytest.param(
            [*PATCH_POD, merged(labels={"kubervisor/traffic": None})], POLICY, id="no value"
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"theirs": "y"})], POLICY, id="change an annotation"
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"breaker/breakAt": "now"})], POLICY, id="a legacy one"
        ),
        pytest.param([*PATCH_POD, merged(finalizers=["x/y"])], POLICY, id="add a finalizer"),
        pytest.param([*PATCH_POD, merged(ownerReferences=[OWNER])], POLICY, id="add an owner"),
        pytest.param(["delete", "pod", "serving"], RIGHTS, id="delete a pod"),
        pytest.param(["delete", "pod", "--all"], RIGHTS, id="delete all pods"),
        pytest.param(["run", "x", "--image=x"], RIGHTS, id="create a pod"),
        pytest.param(["exec", "serving", "--", "sh"], RIGHTS, id="enter a pod"),
        pytest.param(["logs", "serving"], RIGHTS, id="read logs"),
        pytest.param(["get", "secrets"], RIGHTS, id="read secrets"),
        pytest.param(["get", "configmaps"], RIGHTS, id="read configuration"),
        pytest.param(["label", "service", "shop", "a=b"], RIGHTS, id="change a Service"),
        pytest.param(["scale", "deployment", "x", "--replicas=0"], RIGHTS, id="scale a workload"),
        pytest.param(["create", "token", "default"], RIGHTS, id="take another identity"),
        pytest.param([*PATCH_GUARD, '{"spec":{"dryRun":true}}'], POLICY, id="change a spec"),
        pytest.param([*PATCH_GUARD, merged(labels={"a": "b"})], POLICY, id="label a guard"),
        pytest.param(
            [*PATCH_GUARD, merged(annotations={"kubervisor/pause": "true"})],
            POLICY,
            id="pause a guard",
        ),
        pytest.param(
            [*PATCH_GUARD, merged(finalizers=["theirs/x"])], POLICY, id="another's finalizer"
        ),
        pytest.param(["delete", "kvs", "shop"], RIGHTS, id="delete a guard"),
    ],
)
def test_the_traffic_token_cannot(args: list[str], by: str, thief: Thief) -> None:
    said = thief.kubectl(TRAFFIC, *args, f"--namespace={thief.guarded}")

    assert "orbidden" in said
    assert by in said


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["get", "pods"], id="read pods"),
        pytest.param([*PATCH_POD, merged(labels={"kubervisor/traffic": "no"})], id="eject"),
        pytest.param(["get", "services"], id="read Services"),
        pytest.param([*PATCH_GUARD, merged(finalizers=None)], id="remove a finalizer"),
        pytest.param(["delete", "pod", "out"], id="delete a pod that is out"),
    ],
)
@pytest.mark.parametrize("account", [TRAFFIC, TERMINATION])
def test_in_other_namespaces_no_token_can(account: str, args: list[str], thief: Thief) -> None:
    for namespace in (thief.other, "kube-system", thief.release.namespace):
        said = thief.kubectl(account, *args, f"--namespace={namespace}")
        assert RIGHTS in said


def test_it_can_take_pods_out_and_give_them_back(thief: Thief) -> None:
    path = thief.pod("victim", "yes")
    for value in ("no", "pause", "yes"):
        patch = merged(
            labels={"kubervisor/traffic": value, "kubervisor/name": "x"},
            annotations={"kubervisor/reason": "x", "breaker/breakAt": None},
        )
        scoped = f"--namespace={thief.guarded}"
        assert "patched" in thief.kubectl(TRAFFIC, "patch", "pod", "victim", "-p", patch, scoped)
        labels = thief.admin.get(path)["metadata"]["labels"]
        assert labels["kubervisor/traffic"] == value


def test_it_writes_no_lease_and_no_events_but_its_own(thief: Thief) -> None:
    own = thief.release.namespace
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{own}/leases"
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    thief.admin.create(leases, lease | {"metadata": {"name": "theirs"}})
    events = f"/apis/events.k8s.io/v1/namespaces/{thief.guarded}/events"
    with closing(Api(thief.tokens[TRAFFIC])) as api:
        with pytest.raises(ApiRefused, match=POLICY):
            api.create(leases, lease | {"metadata": {"name": "new"}})
        with pytest.raises(ApiRefused, match=POLICY):
            api.merge(f"{leases}/theirs", {"spec": {"holderIdentity": "x"}})
        with pytest.raises(ApiRefused, match=POLICY):
            api.create(events, event("kubelet", thief.guarded))
        api.create(leases, lease | {"metadata": {"name": "kubervisor-traffic-1234"}})
        api.create(events, event("kubervisor.k8s.io/controller", thief.guarded))


def test_the_termination_token_ends_no_pod_in_traffic(thief: Thief) -> None:
    scoped = f"--namespace={thief.guarded}"
    thief.pod("unlabelled", None)
    for pod in ("serving", "unlabelled"):
        assert POLICY in thief.kubectl(TERMINATION, "delete", "pod", pod, scoped)
        assert POLICY in thief.evict(TERMINATION, pod)
        assert POLICY in thief.evict(TERMINATION, pod, labelled=False)
    assert thief.admin.exists(f"/api/v1/namespaces/{thief.guarded}/pods/serving")


@pytest.mark.parametrize("traffic", ["no", "pause"])
def test_it_ends_pods_that_are_out(traffic: str, thief: Thief) -> None:
    deleted = thief.pod(f"deleted-{traffic}", traffic)
    evicted = thief.pod(f"evicted-{traffic}", traffic)
    with closing(Api(thief.tokens[TERMINATION])) as api:
        api.delete(deleted)
    until(lambda: not thief.evict(TERMINATION, f"evicted-{traffic}"), "its eviction is accepted")
    for path in (deleted, evicted):
        until(lambda path=path: not thief.admin.exists(path), "it is gone")  # type: ignore[misc]


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["get", "pods"], id="read pods"),
        pytest.param([*PATCH_POD, merged(labels={"kubervisor/traffic": "no"})], id="eject"),
        pytest.param(["delete", "pods", "--all"], id="delete all pods"),
        pytest.param(["get", "kvs"], id="read guards"),
        pytest.param(["get", "secrets"], id="read secrets"),
    ],
)
def test_the_termination_token_cannot(args: list[str], thief: Thief) -> None:
    said = thief.kubectl(TERMINATION, *args, f"--namespace={thief.guarded}")

    assert RIGHTS in said


def test_nobody_else_is_held_to_it(thief: Thief) -> None:
    path = thief.pod("free", "yes")
    thief.admin.merge(path, {"metadata": {"labels": {"theirs": "x"}}})
    thief.admin.create(
        f"{path}/eviction",
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "free"}},
    )


def test_no_token_is_readable_by_others(thief: Thief) -> None:
    modes = {Path(path).stat().st_mode & 0o077 for path in thief.tokens.values()}

    assert modes == {0}
