"""`undeploy` on the real API server; the operator itself does not run here."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from kubervisor.errors import Conflict
from kubervisor.kube.client import connect
from kubervisor.workflow.deploying import removing, resources
from kubervisor.workflow.deploying.installed import Place
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL, OWNER_LABEL
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.workflow.deploying.conftest import Run
from tests.workflow.deploying.projects import Folder
from tests.workflow.deploying.standing import deployed, labelled, shared, told


def test_undeploy_removes_what_deploy_made_and_nothing_else(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    run("deploy", "-n", namespace)
    ours = {"metadata": {"labels": {OPERATOR_LABEL: folder.operator}}}
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    labels = {OPERATOR_LABEL: folder.operator, OWNER_LABEL: "x"}
    for name, metadata in (
        ("by-hand", ours["metadata"]),
        ("an-output", {"labels": labels}),
        ("of-nobody", {}),
    ):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
        admin.apply(f"{maps}/{name}", body)
    lease = Place("Lease", namespace, folder.operator)
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    admin.apply(lease.path, body | {"metadata": {"name": folder.operator}})
    dry = run("undeploy", "-n", namespace, "--dry-run")
    assert sorted(dry.output.splitlines()) == sorted(
        told(one, "would be removed") for one in deployed(folder, namespace)
    )
    undone = run("undeploy", "-n", namespace)
    assert sorted(undone.output.splitlines()) == sorted(
        told(one, "removed") for one in {*deployed(folder, namespace), lease}
    )
    left = {Place("ConfigMap", namespace, name) for name in ("by-hand", "an-output")}
    assert labelled(admin, folder) == left
    assert admin.exists(f"{maps}/of-nobody")
    again = run("undeploy", "-n", namespace)
    assert again.exit_code == 1
    assert f"{folder.operator} is not deployed in namespace {namespace}" in again.output


def test_the_definition_stays_with_its_resources_until_they_are_deleted_too(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    run("deploy", "-n", namespace)
    admin.apply(folder.resource_path(namespace), folder.resource(namespace))
    undone = run("undeploy", "-n", namespace)
    assert undone.exit_code == 0
    assert f"there still are canarydeployments: {namespace}/shop." in undone.output
    assert labelled(admin, folder) == shared(folder)
    assert admin.exists(folder.resource_path(namespace))
    run("deploy", "-n", namespace)
    dry = run("undeploy", "-n", namespace, "--delete-objects", "--dry-run")
    gone = f"canarydeployment {namespace}/shop: "
    assert dry.output.splitlines()[0] == f"{gone}would be removed"
    done = run("undeploy", "-n", namespace, "--delete-objects")
    assert done.output.splitlines()[0] == f"{gone}removed"
    assert labelled(admin, folder) == set()


def test_what_is_removed_can_be_deployed_again_at_once(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    run("deploy", "-n", namespace)
    admin.apply(folder.resource_path(namespace), folder.resource(namespace))
    run("undeploy", "-n", namespace, "--delete-objects")
    again = run("deploy", "-n", namespace)
    assert sorted(again.output.splitlines()) == sorted(
        told(one, "created") for one in deployed(folder, namespace)
    )
    assert admin.get(folder.resources)["items"] == []


def test_outputs_go_with_the_definition_for_nobody_would_know_their_owner(
    run: Run, folder: Folder, namespace: str, admin: Api, cluster: LocalCluster
) -> None:
    run("deploy", "-n", namespace)
    labels = {OPERATOR_LABEL: folder.operator, OWNER_LABEL: "of-one-that-is-gone"}
    metadata = {"name": "left", "namespace": namespace, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
    as_operator = ("--server-side", f"--field-manager={folder.operator}", "--filename=-")
    spec = {"spec": {"ports": [{"port": 80}]}}
    cluster.kubectl("apply", *as_operator, stdin=json.dumps(body | spec))
    run("undeploy", "-n", namespace)
    assert not admin.exists(f"/api/v1/namespaces/{namespace}/services/left")


def test_an_operator_stays_that_has_not_finished_its_resources(
    run: Run, folder: Folder, namespace: str, admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "GONE_SECONDS", 0.0)
    run("deploy", "-n", namespace)
    path, resource = folder.resource_path(namespace), folder.resource(namespace)
    held = {**resource["metadata"], "finalizers": [f"{folder.project.group}/held"]}
    admin.apply(path, {**resource, "metadata": held})
    stuck = run("undeploy", "-n", namespace, "--delete-objects")
    assert stuck.exit_code == 1
    assert f"{namespace}/shop. Nothing else is removed" in stuck.output
    assert labelled(admin, folder) == deployed(folder, namespace)
    admin.merge(path, {"metadata": {"finalizers": None}})


def test_a_definition_stays_where_a_resource_came_after_nobody_was_seen(
    run: Run, folder: Folder, namespace: str, admin: Api, cluster: LocalCluster
) -> None:
    run("deploy", "-n", namespace)
    with closing(connect(str(cluster.kubeconfig), user_agent="tests")) as door:
        found, nobody = removing.gather(door, folder.project)
        assert nobody == ()
        removal = removing.plan(
            folder.project, found, nobody, namespace=namespace, delete_objects=False
        )
        admin.apply(folder.resource_path(namespace), folder.resource(namespace))
        with pytest.raises(Conflict, match=f"{namespace}/shop came meanwhile"):
            removing.remove(door, folder.project, removal, lambda _: None)
    assert admin.exists(folder.resource_path(namespace))


def test_each_of_two_namespaces_can_have_its_operator_and_lose_it(
    run: Run, folder: Folder, namespace: str, other: str, admin: Api
) -> None:
    for where in (namespace, other):
        assert run("deploy", "-n", where, "--namespaced").exit_code == 0
    first = run("undeploy", "-n", namespace)
    assert first.exit_code == 0
    assert f"stays: {folder.operator} is in {other}" in first.output
    assert labelled(admin, folder) == deployed(folder, other, is_wide=False)
    elsewhere = run("undeploy", "-n", namespace)
    assert elsewhere.exit_code == 1
    assert f"it is in {other}" in elsewhere.output
    assert run("undeploy", "-n", other).exit_code == 0
    assert labelled(admin, folder) == set()
