"""Whoever has the token of rules can do what their actions do; not approve, and not more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import await_object
from playground.provisioner import Provisioner
from playground.storage_objects import EXPANDABLE
from tests.integration.guard import until
from tests.security.chart import RULES
from tests.security.thief import (
    JOB,
    NO_RIGHT,
    OWNER,
    PATCH_POD,
    POLICY,
    RIGHTS,
    THEIRS,
    Thief,
    event,
    merged,
)

AUTOPILOT = "/apis/autopilot.libopenstorage.org/v1alpha1"
RULE = {
    "conditions": {"expressions": [{"key": "x", "operator": "Gt", "values": ["1"]}]},
    "actions": [{"name": "openstorage.io.action.volume/resize"}],
}
VERSION = {"apiVersion": "autopilot.libopenstorage.org/v1alpha1"}
BY = {"labels": {"app": "db"}}
WORKLOAD: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "db", **BY},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": BY,
            "spec": {
                "containers": [{"name": "db", "image": "db"}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
            },
        },
    },
}
CLAIM: Json = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "annotations": {"theirs": "x"}},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": EXPANDABLE,
        "resources": {"requests": {"storage": "10Gi"}},
    },
}


def approval(name: str, state: str) -> Json:
    spec = {"approvalState": state, "actions": RULE["actions"]}
    return VERSION | {"kind": "ActionApproval", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def thief(thief: Thief, cluster: LocalCluster) -> Iterator[Thief]:
    """In whose namespace there are a claim with a volume, a workload that has it, and approvals in
    every state.
    """
    core, where = f"/api/v1/namespaces/{thief.guarded}", thief.guarded
    claims, approvals = f"{core}/persistentvolumeclaims", f"{AUTOPILOT}/namespaces/{where}"
    with Provisioner(cluster):
        thief.admin.create(claims, CLAIM)
        await_object(thief.admin, claims, "data", lambda one: one["status"]["phase"] == "Bound", 60)
        thief.admin.create(f"/apis/apps/v1/namespaces/{where}/deployments", WORKLOAD)
        thief.admin.create(
            f"{AUTOPILOT}/autopilotrules",
            VERSION | {"kind": "AutopilotRule", "metadata": {"name": where}, "spec": RULE},
        )
        for state in ("pending", "approved", "declined", "canceled"):
            path = f"{approvals}/actionapprovals"
            thief.admin.create(path, approval(state, state))
            body = {"status": {"actionsDigest": "0" * 64, "expiresAt": "2030-01-01T00:00:00Z"}}
            thief.admin.merge(f"{path}/{state}/status", body)
        until(lambda: not missed(thief), "the policies are enforced")
        yield thief
        thief.admin.delete(f"{AUTOPILOT}/autopilotrules/{where}")


def patched(what: str, spec: Json | None = None, **metadata: object) -> list[str]:
    body = ({"spec": spec} if spec else {}) | ({"metadata": metadata} if metadata else {})
    return ["patch", what, "--type=merge", "-p", json.dumps(body)]


def answered(name: str, state: str) -> list[str]:
    return patched(f"actionapproval/{name}", {"approvalState": state})


def storage(amount: str) -> Json:
    return {"resources": {"requests": {"storage": amount}}}


def pods(**spec: object) -> Json:
    return {"template": {"spec": spec}}


CONTAINER = {"name": "db", "image": "theirs"}
PROGRAM: Json = JOB["spec"]["template"]["spec"]["containers"][0]
HOST = [{"name": "data", "hostPath": {"path": "/"}}]
REFUSED = {
    "approve": answered("pending", "approved"),
    "decline": answered("pending", "declined"),
    "approve what was canceled": answered("canceled", "approved"),
    "ask again for what was declined": answered("declined", "pending"),
    "label a claim": patched("pvc/data", labels={"x": "y"}),
    "take an annotation off a claim": patched("pvc/data", annotations={"theirs": None}),
    "allow a workload to mount a claim": patched(
        "pvc/data", annotations={"kubervisor.k8s.io/allowed-workloads": "Deployment/x"}
    ),
    "hold a claim": patched("pvc/data", finalizers=["x/y"]),
    "own a claim": patched("pvc/data", ownerReferences=[OWNER]),
    "delete a claim and its volume": ["delete", "pvc/data", "--wait=false"],
    "run another image": patched("deployment/db", pods(containers=[CONTAINER])),
    "run under another account": patched("deployment/db", pods(serviceAccountName="x")),
    "share the node's network": patched("deployment/db", pods(hostNetwork=True)),
    "mount the node": patched("deployment/db", pods(volumes=HOST)),
    "label a workload": patched("deployment/db", labels={"x": "y"}),
    "speak for another watchdog": [
        *PATCH_POD,
        merged(annotations={"status.autocrane.io/app": "error//"}),
    ],
    "eject by itself": [*PATCH_POD, merged(labels={"kubervisor/traffic": "no"})],
    **{f"{deed} of a pod": [*PATCH_POD, to] for deed, to in THEIRS.items()},
}
NOT_GRANTED = NO_RIGHT | {
    "write a rule": ["patch", "ar", "--all", "--type=merge", "-p", '{"spec": {"weight": 9}}'],
    "delete what was declined": ["delete", "actionapproval", "declined"],
    "read guards": ["get", "kvs"],
    "delete volumes": ["delete", "pv", "--all"],
    "delete workloads": ["delete", "deployment", "--all"],
}


def missed(thief: Thief) -> list[str]:
    """What no policy holds yet: the API server learns of them in the background."""
    at = f"--namespace={thief.guarded}"
    probes = ("approve", "label a claim", "label a workload")
    return [
        deed
        for deed in probes
        if POLICY not in thief.kubectl(RULES, *REFUSED[deed], "--dry-run=server", at)
    ]


@pytest.mark.parametrize("args", REFUSED.values(), ids=REFUSED)
def test_it_cannot(args: list[str], thief: Thief) -> None:
    assert POLICY in thief.kubectl(RULES, *args, f"--namespace={thief.guarded}")


@pytest.mark.parametrize("args", NOT_GRANTED.values(), ids=NOT_GRANTED)
def test_it_may_not(args: list[str], thief: Thief) -> None:
    if args[:2] == ["patch", "ar"]:
        args = ["patch", f"ar/{thief.guarded}", *args[3:]]
    assert RIGHTS in thief.kubectl(RULES, *args, f"--namespace={thief.guarded}")


def test_it_makes_no_approval_that_is_given(thief: Thief) -> None:
    path = f"{AUTOPILOT}/namespaces/{thief.guarded}/actionapprovals"
    with closing(Api(thief.tokens[RULES])) as api:
        for state in ("approved", "declined"):
            with pytest.raises(ApiRefused, match=POLICY):
                api.create(path, approval("theirs", state))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"actionsDigest": "1" * 64}, id="what"),
        pytest.param({"expiresAt": "2040-01-01T00:00:00Z"}, id="until when"),
        pytest.param(
            {"actionPreviews": [{"expectedResult": {"message": "little"}}]}, id="what was shown"
        ),
    ],
)
def test_what_was_approved_stays_what_it_was(changed: Json, thief: Thief) -> None:
    path = f"{AUTOPILOT}/namespaces/{thief.guarded}/actionapprovals/approved/status"
    with closing(Api(thief.tokens[RULES])) as api, pytest.raises(ApiRefused, match=POLICY):
        api.merge(path, {"status": changed})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"claimRef": {"namespace": "other"}}, "another namespace", id="whose it is"),
        pytest.param({"capacity": {"storage": "1Ti"}}, "PersistentVolume but", id="its size"),
        pytest.param({"mountOptions": ["suid"]}, "PersistentVolume but", id="how it is mounted"),
    ],
)
def test_of_a_volume_it_changes_nothing_else(changed: Json, why: str, thief: Thief) -> None:
    claim = thief.admin.get(f"/api/v1/namespaces/{thief.guarded}/persistentvolumeclaims/data")
    path = f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}"
    with closing(Api(thief.tokens[RULES])) as api, pytest.raises(ApiRefused, match=why):
        api.merge(path, {"spec": changed})


def test_it_writes_no_lease_and_no_events_but_its_own(thief: Thief) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{thief.release.namespace}/leases"
    events = f"/apis/events.k8s.io/v1/namespaces/{thief.guarded}/events"
    with closing(Api(thief.tokens[RULES])) as api:
        api.create(leases, lease | {"metadata": {"name": "kubervisor-rules-guard"}})
        with pytest.raises(ApiRefused, match=POLICY):
            api.create(leases, lease | {"metadata": {"name": "kubervisor-traffic-guard"}})
        api.create(events, event("kubervisor.k8s.io/rules", thief.guarded))
        with pytest.raises(ApiRefused, match=POLICY):
            api.create(events, event("kubervisor.k8s.io/controller", thief.guarded))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({}, "", id="as the template is"),
        pytest.param({"containers": [{**PROGRAM, "image": "theirs"}]}, "template runs", id="image"),
        pytest.param({"containers": [{**PROGRAM, "args": ["x"]}]}, "template runs", id="arguments"),
        pytest.param(
            {"initContainers": [{"name": "i", "image": "theirs"}]}, "template runs", id="another"
        ),
        pytest.param({"serviceAccountName": "guard-rules"}, "account", id="account"),
        pytest.param({"volumes": HOST}, "path of its node", id="the node's files"),
        pytest.param({"hostNetwork": True}, "network of its node", id="the node's network"),
    ],
)
def test_it_runs_no_job_but_those_of_the_templates(changed: Json, why: str, thief: Thief) -> None:
    pod = JOB["spec"]["template"]["spec"]
    told = {"name": "KUBERVISOR_RULE", "value": "x"}
    whole = pod | {"containers": [PROGRAM | {"env": [told]}]} | changed
    job = JOB | {"metadata": {"generateName": "x-"}, "spec": {"template": {"spec": whole}}}
    path = f"/apis/batch/v1/namespaces/{thief.release.namespace}/jobs"
    with closing(Api(thief.tokens[RULES])) as api:
        if why:
            with pytest.raises(ApiRefused, match=why):
                api.create(path, job)
        else:
            api.create(path, job)


def test_in_other_namespaces_it_may_nothing(thief: Thief) -> None:
    for namespace in (thief.other, thief.release.namespace):
        for args in (["get", "pvc"], patched("pvc/data", storage("1Ti")), ["get", "pods"]):
            assert RIGHTS in thief.kubectl(RULES, *args, f"--namespace={namespace}")


ALLOWED = {
    "ask": answered("canceled", "pending"),
    "cancel": answered("pending", "canceled"),
    "grow a claim": patched("pvc/data", storage("20Gi")),
    "note when": patched(
        "pvc/data", annotations={"kubervisor.k8s.io/volume-changed-at": "2026-01-01T00:00:00Z"}
    ),
    "scale": ["scale", "deployment/db", "--replicas=3"],
    "hand over": patched(
        "deployment/db",
        pods(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "copy"}}]),
        annotations={"kubervisor.k8s.io/move": "{}"},
    ),
    "speak as a watchdog of its own": [
        *PATCH_POD,
        merged(annotations={"status.autocrane.io/rule-slow": "error/2026/slow"}),
    ],
}


@pytest.mark.parametrize("args", ALLOWED.values(), ids=ALLOWED)
def test_what_its_actions_do_it_can(args: list[str], thief: Thief) -> None:
    dry = [f"--namespace={thief.guarded}", "--dry-run=server"]
    said = thief.kubectl(RULES, *args, *dry)

    assert said.split()[1] in ("patched", "scaled"), said
