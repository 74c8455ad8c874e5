"""Whoever has a token of ours can take pods out of traffic or end those that are out; nothing else.

The thief is plain kubectl with the account's kubeconfig. The administrator's own requests show that
each deed is possible as such.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.security.chart import DATAROLLOUT, NAME, TERMINATION, TRAFFIC, WATCHDOG
from tests.security.thief import NO_RIGHT, PATCH_POD, POLICY, RIGHTS, THEIRS, Thief, event, merged

LEASE = {of: of.replace(NAME, "kubervisor") for of in (TRAFFIC, WATCHDOG, DATAROLLOUT)}
REPORTER = {
    TRAFFIC: "kubervisor.k8s.io/controller",
    WATCHDOG: "kubervisor.k8s.io/watchdog",
    DATAROLLOUT: "kubervisor.k8s.io/datarollout",
}
PATCH_GUARD = ("patch", "kvs", "shop", "--type=merge", "-p")


@pytest.mark.parametrize(
    ("args", "by"),
    [
        *(pytest.param([*PATCH_POD, to], POLICY, id=deed) for deed, to in THEIRS.items()),
        *(pytest.param(args, RIGHTS, id=deed) for deed, args in NO_RIGHT.items()),
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
            [*PATCH_POD, merged(annotations={"breaker/breakAt": "now"})], POLICY, id="a legacy one"
        ),
        pytest.param(["label", "service", "shop", "a=b"], RIGHTS, id="change a Service"),
        pytest.param(["scale", "deployment", "x", "--replicas=0"], RIGHTS, id="scale a workload"),
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


@pytest.mark.parametrize("account", REPORTER)
def test_it_writes_no_lease_and_no_events_but_its_own(account: str, thief: Thief) -> None:
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{thief.release.namespace}/leases"
    events = f"/apis/events.k8s.io/v1/namespaces/{thief.guarded}/events"
    own = LEASE[account]
    theirs = f"theirs-{own}"
    thief.admin.create(leases, lease(theirs))
    with closing(Api(thief.tokens[account])) as api:
        for name in {"new", *LEASE.values()} - {own}:
            with pytest.raises(ApiRefused, match=POLICY):
                api.create(leases, lease(name))
        with pytest.raises(ApiRefused, match=POLICY):
            api.merge(f"{leases}/{theirs}", {"spec": {"holderIdentity": "x"}})
        for by in {"kubelet", *REPORTER.values()} - {REPORTER[account]}:
            with pytest.raises(ApiRefused, match=POLICY):
                api.create(events, event(by, thief.guarded))
        api.create(leases, lease(f"{own}-1234"))
        api.create(events, event(REPORTER[account], thief.guarded))


def lease(name: str) -> Json:
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}


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
