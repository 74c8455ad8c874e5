from __future__ import annotations

from collections.abc import Sequence

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.errors import SpecError
from kubervisor.workflow import Json
from kubervisor.workflow.deploying.installed import Place, place_of
from kubervisor.workflow.deploying.manifests import MARK, files, manifests
from kubervisor.workflow.deploying.parts import NAMESPACE_LABEL, VIEWER_LABEL
from kubervisor.workflow.deploying.render import as_yaml
from kubervisor.workflow.project.reading import read_project
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL
from tests.workflow.deploying.projects import CONFIG, crd, project

OPERATOR = "canary-operator"
BEYOND = f"""\
kind: X
apiVersion: a.example.io/v1
operatorName: {OPERATOR}
phases: [{{name: A, initial: true, inputs: [nodes]}}]
customParameters: [{{lowerName: nodes, singleName: Node, package: x/v1, namespaced: false}}]
"""


def made(config: str = CONFIG, *, cluster_scoped: bool = True, more: str = "") -> Sequence[Json]:
    of = project(more=more)
    return manifests(
        of, crd(of), config, image="reg/x:1", namespace="ops", cluster_scoped=cluster_scoped
    )


def of_kind(kind: str, those: Sequence[Json]) -> list[Json]:
    return [one for one in those if one["kind"] == kind]


def test_one_that_looks_after_all_namespaces_has_its_rights_in_the_cluster() -> None:
    assert [place_of(one) for one in made()] == [
        Place("CustomResourceDefinition", "", "canarydeployments.tests.example.io"),
        Place("ClusterRole", "", "canary-operator-viewer"),
        Place("ConfigMap", "ops", "canary-operator-config"),
        Place("ServiceAccount", "ops", OPERATOR),
        Place("Role", "ops", "canary-operator-lease"),
        Place("RoleBinding", "ops", "canary-operator-lease"),
        Place("ClusterRole", "", OPERATOR),
        Place("ClusterRoleBinding", "", OPERATOR),
        Place("Deployment", "ops", OPERATOR),
    ]


def test_one_that_looks_after_its_namespace_has_no_right_outside_of_it() -> None:
    those = made(cluster_scoped=False)
    assert not of_kind("ClusterRoleBinding", those)
    assert {place_of(one) for one in of_kind("Role", those)} == {
        Place("Role", "ops", OPERATOR),
        Place("Role", "ops", "canary-operator-lease"),
    }


def test_one_that_is_configured_for_a_namespace_has_its_rights_there_alone() -> None:
    those = made("watchNamespace: shop\n")
    assert not of_kind("ClusterRoleBinding", those)
    assert place_of(of_kind("RoleBinding", those)[1]) == Place("RoleBinding", "shop", OPERATOR)


def test_bindings_bind_the_account_wherever_they_are() -> None:
    those = made("watchNamespace: shop\nleaderElectionNamespace: leases\n")
    subject = {"kind": "ServiceAccount", "name": OPERATOR, "namespace": "ops"}
    bindings = of_kind("RoleBinding", those)
    assert [one["metadata"]["namespace"] for one in bindings] == ["leases", "shop"]
    assert [one["subjects"] for one in bindings] == [[subject], [subject]]


def test_who_elects_no_leader_has_no_lease_and_is_never_there_twice() -> None:
    those = made("enableLeaderElection: false\n")
    assert not of_kind("Role", those)
    (deployment,) = of_kind("Deployment", those)
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("cluster_scoped", "watched"), [(True, False), (False, True)], ids=["all", "own"]
)
def test_only_one_that_looks_after_its_own_namespace_is_told_so(
    cluster_scoped: bool, watched: bool
) -> None:
    (deployment,) = of_kind("Deployment", made(cluster_scoped=cluster_scoped))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert ("WATCH_NAMESPACE" in {one["name"] for one in container["env"]}) is watched


@pytest.mark.parametrize(
    ("config", "port"),
    [
        ("", 9091),
        ("metricsAddr: ':8080'\n", 8080),
        ("metricsAddr: ''\n", None),
        ("metricsAddr: 127.0.0.1:9091\n", None),
    ],
)
def test_a_pod_is_probed_where_something_answers(config: str, port: int | None) -> None:
    (deployment,) = of_kind("Deployment", made(config))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    ports = [one["containerPort"] for one in container.get("ports", [])]
    assert ports == ([] if port is None else [port])
    assert ("livenessProbe" in container) is (port is not None)


def test_another_configuration_is_another_pod() -> None:
    both = [of_kind("Deployment", made(config))[0] for config in (CONFIG, "workInterval: 6s\n")]
    first, second = (one["spec"]["template"]["metadata"]["annotations"] for one in both)
    assert first != second


def test_a_pod_is_nobody_and_writes_nothing() -> None:
    (deployment,) = of_kind("Deployment", made())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_everything_is_labelled_and_what_operators_share_is_of_no_namespace() -> None:
    for one in made():
        labels = one["metadata"]["labels"]
        assert labels[OPERATOR_LABEL] == labels["app.kubernetes.io/name"] == OPERATOR
        assert labels["app"] == OPERATOR
        is_shared = one["kind"] == "CustomResourceDefinition" or VIEWER_LABEL in labels
        assert labels.get(NAMESPACE_LABEL) == (None if is_shared else "ops")


def test_the_definition_that_is_given_is_not_changed() -> None:
    of = project()
    given_, before = crd(of), crd(of)
    manifests(of, given_, CONFIG, image="x", namespace="ops", cluster_scoped=True)
    assert given_ == before


@pytest.mark.parametrize(
    ("config", "cluster_scoped"), [(CONFIG, False), ("watchNamespace: shop\n", True)]
)
def test_kinds_without_a_namespace_need_an_operator_of_all_namespaces(
    config: str, cluster_scoped: bool
) -> None:
    of = read_project(BEYOND)
    with pytest.raises(SpecError, match="nodes are in no namespace"):
        manifests(of, crd(of), config, image="x", namespace="ops", cluster_scoped=cluster_scoped)
    assert manifests(of, crd(of), CONFIG, image="x", namespace="ops", cluster_scoped=True)
    assert (
        files(of, crd(of), CONFIG)
        .keys()
        .isdisjoint(
            f"deploy/{name}.yaml" for name in ("role", "rolebinding", "deployment-single-namespace")
        )
    )


def test_the_generated_files_say_what_is_deployed_by_default() -> None:
    of = project()
    texts = files(of, crd(of), CONFIG)
    parsed = {
        path: list(yaml.safe_load_all(text)) for path, text in texts.items() if "deploy" in path
    }
    for cluster_scoped in (True, False):
        wanted = manifests(
            of,
            crd(of),
            CONFIG,
            image="canary-operator:latest",
            namespace=OPERATOR,
            cluster_scoped=cluster_scoped,
        )
        for one in wanted:
            assert any(one in documents for documents in parsed.values())


def test_every_generated_file_is_marked_in_its_first_line() -> None:
    of = project()
    texts = files(of, crd(of), CONFIG)
    assert all(text.startswith(MARK) for text in texts.values())
    assert texts["build/Dockerfile"].endswith('"-m", "canary_operator"]\n')


@given(st.text(max_size=60))
def test_a_configuration_with_any_comment_stays_text(comment: str) -> None:
    config = "".join(f"# {line}\n" for line in comment.splitlines())
    try:
        those = made(config)
    except SpecError:
        return
    (parsed,) = of_kind("ConfigMap", list(yaml.safe_load_all(as_yaml(those))))
    assert parsed["data"] == {"autopilot-operator.yaml": config}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), min_size=1, max_size=3))
def test_what_is_written_as_yaml_is_read_back_as_it_was(objects: list[Json]) -> None:
    assert list(yaml.safe_load_all(as_yaml(objects))) == objects
