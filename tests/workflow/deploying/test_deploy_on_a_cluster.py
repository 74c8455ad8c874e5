"""`deploy` on the real API server; the operator itself does not run here."""

from __future__ import annotations

import pytest
import yaml

from kubervisor.workflow.deploying.installed import FIELD_MANAGER, Place
from playground.fleet_api import Api, ApiRefused, Json
from tests.workflow.deploying.conftest import Run
from tests.workflow.deploying.projects import Folder
from tests.workflow.deploying.standing import deployed, labelled, told


def test_each_object_is_said_in_a_line_and_a_second_time_nothing_is_written(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    first = run("deploy", "reg/canary:1", "-n", namespace)
    assert first.exit_code == 0, first.output
    places = deployed(folder, namespace)
    assert sorted(first.output.splitlines()) == sorted(told(one, "created") for one in places)
    assert labelled(admin, folder) == places
    second = run("deploy", "reg/canary:1", "-n", namespace)
    assert sorted(second.output.splitlines()) == sorted(told(one, "unchanged") for one in places)
    third = run("deploy", "reg/canary:2", "-n", namespace)
    changed = [line for line in third.output.splitlines() if not line.endswith(": unchanged")]
    assert changed == [told(Place("Deployment", namespace, folder.operator), "changed")]


def test_a_namespace_that_is_not_there_is_made_and_stays(
    run: Run, folder: Folder, admin: Api
) -> None:
    made = Place("Namespace", "", folder.operator)
    assert told(made, "created") in run("deploy").output.splitlines()
    undone = run("undeploy")
    assert undone.exit_code == 0
    assert undone.output.splitlines()[-1].startswith(f"{made}, which was made for it, stays")
    assert labelled(admin, folder) == {made}
    admin.delete(made.path)


def test_the_definition_that_is_deployed_refuses_what_the_model_would(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    run("deploy", "-n", namespace)
    good = folder.resource(namespace)
    admin.apply(folder.resource_path(namespace), good)
    bad = {**good, "spec": {"deployment": "x", "successThreshold": 101}}
    with pytest.raises(ApiRefused, match="successThreshold"):
        admin.apply(folder.resource_path(namespace), bad)
    del bad["spec"]
    with pytest.raises(ApiRefused, match="spec: Required value"):
        admin.create(folder.resource_path(namespace).rpartition("/")[0], bad)


def test_what_is_applied_is_what_a_dry_run_prints_and_a_dry_run_applies_nothing(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    printed = run("deploy", "reg/canary:1", "-n", namespace, "--dry-run")
    documents: list[Json] = list(yaml.safe_load_all(printed.output))
    assert labelled(admin, folder) == set()
    run("deploy", "reg/canary:1", "-n", namespace)
    # The API server says nothing changes where it is given the same again by the same manager.
    for one in documents:
        metadata = one["metadata"]
        place = Place(one["kind"], metadata.get("namespace", ""), metadata["name"])
        stored = admin.get(place.path)["metadata"]
        assert FIELD_MANAGER in {entry["manager"] for entry in stored["managedFields"]}
        assert metadata["labels"].items() <= stored["labels"].items()
    assert len(documents) == len(labelled(admin, folder))


def test_an_object_of_somebody_else_is_not_taken_over_and_nothing_is_applied(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    foreign = Place("ServiceAccount", namespace, folder.operator)
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": folder.operator}}
    admin.apply(foreign.path, body)
    refused = run("deploy", "-n", namespace)
    assert refused.exit_code == 1
    assert f"{foreign} (not labelled)" in refused.output
    assert labelled(admin, folder) == set()


def test_rights_that_are_not_needed_any_more_are_taken_back(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    run("deploy", "-n", namespace)
    narrowed = run("deploy", "-n", namespace, "--namespaced")
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        assert told(Place(kind, "", folder.operator), "removed") in narrowed.output.splitlines()
    assert labelled(admin, folder) == deployed(folder, namespace, is_wide=False)
    folder.write("enableLeaderElection: false\n")
    alone = run("deploy", "-n", namespace, "--namespaced")
    assert alone.exit_code == 0, alone.output
    lease = {Place(kind, namespace, f"{folder.operator}-lease") for kind in ("Role", "RoleBinding")}
    assert labelled(admin, folder) == deployed(folder, namespace, is_wide=False) - lease
    folder.write()
    assert run("deploy", "-n", namespace, "--namespaced").exit_code == 0
    assert labelled(admin, folder) == deployed(folder, namespace, is_wide=False)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("--cluster-scoped", "--cluster-scoped"),
        ("--cluster-scoped", "--namespaced"),
        ("--namespaced", "--cluster-scoped"),
    ],
)
def test_resources_have_no_two_masters(
    run: Run, folder: Folder, namespace: str, other: str, admin: Api, first: str, second: str
) -> None:
    run("deploy", "-n", namespace, first)
    before = labelled(admin, folder)
    refused = run("deploy", "-n", other, second)
    assert refused.exit_code == 1
    assert f"{folder.operator} is deployed in namespace {namespace}" in refused.output
    assert labelled(admin, folder) == before


def test_nor_where_both_are_configured_for_one_namespace(
    run: Run, folder: Folder, namespace: str, other: str, admin: Api
) -> None:
    folder.write(f"watchNamespace: {namespace}\n")
    assert run("deploy", "-n", namespace).exit_code == 0
    before = labelled(admin, folder)
    refused = run("deploy", "-n", other)
    assert refused.exit_code == 1
    assert f"role/{folder.operator} in namespace {namespace} (of namespace" in refused.output
    assert labelled(admin, folder) == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["deploy", "-n", "No"], "cannot be the name of a namespace"),
        (["deploy", "a b"], "cannot be the name of an image"),
        (["undeploy", "-n", "a/b"], "cannot be the name of a namespace"),
    ],
)
def test_what_cannot_be_is_bad_usage(run: Run, args: list[str], said: str) -> None:
    refused = run(*args)
    assert (refused.exit_code, said in refused.output) == (2, True)


def test_a_definition_that_is_not_generated_or_not_anew_is_not_deployed(
    run: Run, folder: Folder, namespace: str, admin: Api
) -> None:
    project = folder.path / "autopilot.yaml"
    project.write_text(project.read_text().replace("Evaluating", "Judging"))
    older = run("deploy", "-n", namespace)
    (folder.path / "deploy" / "crd.yaml").unlink()
    missing = run("deploy", "-n", namespace)
    for refused in (older, missing):
        assert refused.exit_code == 1
        assert "run `kubervisor workflow generate`" in refused.output
    assert labelled(admin, folder) == set()
