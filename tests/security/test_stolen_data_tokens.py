"""Whoever has a token of data deployments can ask pods for versions, or say what one pod has;
nothing else.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.security.chart import DATAROLLOUT, TRAFFIC, kubeconfig_of
from tests.security.thief import (
    DEPLOYER,
    NO_RIGHT,
    PATCH,
    POLICY,
    RIGHTS,
    THEIRS,
    Thief,
    merged,
)

REQUEST, STATUS = "request.data.autocrane.io/", "status.data.autocrane.io/"
ROLLOUTS = "/apis/kubervisor.k8s.io/v1alpha1/namespaces/{}/datarollouts"


def noted(key: str, value: str = "x") -> str:
    return merged(annotations={key: value})


NO_CHANGE_OF_A_POD = [
    *(pytest.param(change, id=deed) for deed, change in THEIRS.items()),
    pytest.param(merged(labels={"kubervisor/traffic": "no"}), id="eject"),
    pytest.param(merged(labels={"status.autocrane.io/health": "error"}), id="mark it in error"),
    pytest.param(noted("data.autocrane.io/x", "git:https://x"), id="name a source"),
    pytest.param(noted("store.autocrane.io/url", "http://x"), id="name a repository"),
    pytest.param(noted("status.autocrane.io/x", "info//"), id="speak for a watchdog"),
    pytest.param(noted("request.data.autocrane.io.x/y"), id="a similar prefix"),
]
NOT_GRANTED = [
    *(pytest.param(args, id=deed) for deed, args in NO_RIGHT.items()),
    pytest.param(["get", "kvs"], id="read guards"),
    pytest.param(["delete", "datarollouts", "whichever"], id="delete rollouts"),
]


@pytest.fixture(scope="module")
def thief(thief: Thief, cluster: LocalCluster) -> Thief:
    """Who also has the token of the pod `own`, against which the policies are held."""
    core = f"/api/v1/namespaces/{thief.guarded}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": DEPLOYER}}
    thief.admin.create(f"{core}/serviceaccounts", account)
    thief.pod("own", "yes", account=DEPLOYER)
    pod = thief.admin.get(f"{core}/pods/own")
    thief.tokens[DEPLOYER] = kubeconfig_of(thief.admin, cluster, thief.guarded, DEPLOYER, pod)
    thief.tokens["unbound"] = kubeconfig_of(thief.admin, cluster, thief.guarded, DEPLOYER)
    probe = (*PATCH, merged(labels={"x": "y"}), "pod", "own", "--dry-run=server")
    at = f"--namespace={thief.guarded}"
    until(lambda: POLICY in thief.kubectl(DEPLOYER, *probe, at), "the policy is enforced")
    return thief


@pytest.mark.parametrize("change", [*NO_CHANGE_OF_A_POD, pytest.param(noted(f"{STATUS}x"))])
def test_what_rolls_out_data_changes_nothing_else_of_a_pod(change: str, thief: Thief) -> None:
    said = thief.kubectl(DATAROLLOUT, *PATCH, change, "pod/serving", f"--namespace={thief.guarded}")

    assert POLICY in said


@pytest.mark.parametrize("change", [*NO_CHANGE_OF_A_POD, pytest.param(noted(f"{REQUEST}x"))])
def test_a_deployer_changes_nothing_else_of_its_own_pod(change: str, thief: Thief) -> None:
    said = thief.kubectl(DEPLOYER, *PATCH, change, "pod/own", f"--namespace={thief.guarded}")

    assert POLICY in said


@pytest.mark.parametrize("args", NOT_GRANTED)
@pytest.mark.parametrize("account", [DATAROLLOUT, DEPLOYER])
def test_neither_may(account: str, args: list[str], thief: Thief) -> None:
    said = thief.kubectl(account, *args, f"--namespace={thief.guarded}")

    assert "orbidden" in said
    assert RIGHTS in said


@pytest.mark.parametrize("account", [DATAROLLOUT, DEPLOYER])
def test_neither_ends_pods_nor_acts_elsewhere(account: str, thief: Thief) -> None:
    assert RIGHTS in thief.evict(account, "serving")
    for namespace in (thief.other, "kube-system", thief.release.namespace):
        for args in (["get", "pods"], [*PATCH, noted(f"{REQUEST}x"), "pod/serving"]):
            assert RIGHTS in thief.kubectl(account, *args, f"--namespace={namespace}")


def test_a_request_is_written_and_taken_back(thief: Thief) -> None:
    path = thief.pod("asked", "yes")
    assert_writes_and_takes_back(thief, DATAROLLOUT, path, f"{REQUEST}prices")


def assert_writes_and_takes_back(thief: Thief, account: str, path: str, key: str) -> None:
    with closing(Api(thief.tokens[account])) as api:
        for value in ("x", None):
            api.merge(path, {"metadata": {"annotations": {key: value}}})
            assert thief.admin.get(path)["metadata"]["annotations"].get(key) == value


def test_a_deployer_says_what_its_own_pod_has(thief: Thief) -> None:
    path = f"/api/v1/namespaces/{thief.guarded}/pods/own"
    assert_writes_and_takes_back(thief, DEPLOYER, path, f"{STATUS}prices")


def test_it_says_nothing_of_another_pod_whatever_that_runs_under(thief: Thief) -> None:
    others = [thief.pod("sibling", "yes", account=DEPLOYER), thief.pod("stranger", "yes")]
    with closing(Api(thief.tokens[DEPLOYER])) as api:
        for path in others:
            with pytest.raises(ApiRefused, match="no pod but its own"):
                api.merge(path, {"metadata": {"annotations": {f"{STATUS}prices": "x"}}})


def test_a_token_of_its_account_that_is_no_pods_says_nothing(thief: Thief) -> None:
    """Whoever may ask for tokens of the account has gained no pod by it."""
    path = f"/api/v1/namespaces/{thief.guarded}/pods/own"
    body = {"metadata": {"annotations": {f"{STATUS}prices": "x"}}}
    with (
        closing(Api(thief.tokens["unbound"])) as api,
        pytest.raises(ApiRefused, match="no pod but its own"),
    ):
        api.merge(path, body)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"pin": "0123456789"}, id="a version of its choice"),
        pytest.param({"stages": [100]}, id="all at once"),
        pytest.param({"failurePercent": 100}, id="whatever fails"),
        pytest.param({"probation": "0s"}, id="without waiting"),
        pytest.param({"progressDeadline": "1s"}, id="in a hurry"),
        pytest.param({"paused": True}, id="never"),
    ],
)
def test_it_makes_no_rollout_with_rules_of_its_own(spec: Json, thief: Thief) -> None:
    with closing(Api(thief.tokens[DATAROLLOUT])) as api, pytest.raises(ApiRefused, match=POLICY):
        api.create(ROLLOUTS.format(thief.guarded), rollout("theirs", {"source": "x"} | spec))


def test_it_makes_a_rollout_and_says_how_far_it_is_and_changes_no_rule(thief: Thief) -> None:
    own = ROLLOUTS.format(thief.guarded)
    with closing(Api(thief.tokens[DATAROLLOUT])) as api:
        api.create(own, rollout("prices", {"source": "prices"}))
        api.create(own, rollout("flags", {}))
        api.merge(
            f"{own}/prices/status", {"status": {"message": "so far"}, "spec": {"pin": "0" * 9}}
        )
        with pytest.raises(ApiRefused, match=RIGHTS):
            api.merge(f"{own}/prices", {"spec": {"pin": "0123456789"}})
        with pytest.raises(ApiRefused, match=RIGHTS):
            api.create(ROLLOUTS.format(thief.other), rollout("prices", {}))
    stored = thief.admin.get(f"{own}/prices")
    assert stored["status"]["message"] == "so far"
    assert stored["spec"].get("pin", "") == ""


def rollout(name: str, spec: Json) -> Json:
    version = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "DataRollout"}
    return version | {"metadata": {"name": name}, "spec": spec}


def test_the_dashboard_reads_rollouts_and_writes_none(thief: Thief) -> None:
    own = ROLLOUTS.format(thief.guarded)
    with closing(Api(thief.tokens[TRAFFIC])) as api:
        api.get(own)
        with pytest.raises(ApiRefused, match=RIGHTS):
            api.create(own, rollout("theirs", {}))
        body = {"metadata": {"annotations": {f"{REQUEST}prices": "x"}}}
        with pytest.raises(ApiRefused, match=POLICY):
            api.merge(f"/api/v1/namespaces/{thief.guarded}/pods/serving", body)
