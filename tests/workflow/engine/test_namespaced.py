"""An operator of one namespace has rights in one namespace, and works there."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from kubervisor.workflow.deploying.crd import definition
from kubervisor.workflow.deploying.manifests import manifests
from playground.fleet_api import Api, ApiRefused
from playground.fleet_manifests import namespace_path
from tests.namespaces import passing_namespace
from tests.workflow.engine.errands import operator
from tests.workflow.engine.scene import Scene


def account(scene: Scene, kind: str) -> Path:
    """A kubeconfig of the account with which an operator of the scene's namespace is deployed."""
    made = operator(kind)
    rendered = manifests(
        made.project,
        definition(made.project, made.spec, made.status),
        "",
        image="none",
        namespace=scene.namespace,
        cluster_scoped=False,
    )
    for body in rendered:
        if body["kind"] not in ("Deployment", "CustomResourceDefinition"):
            scene.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(body))
    return scene.cluster.kubeconfig_for(scene.namespace, made.project.operator_name)


@pytest.mark.parametrize("kind", ["Errand", "Chore"])
def test_it_works_with_rights_in_its_namespace_only(scene: Scene, kind: str) -> None:
    kubeconfig = account(scene, kind)
    with closing(Api(kubeconfig)) as theirs:
        theirs.get(scene.maps_path)
        for beyond in ("/api/v1/configmaps", f"{namespace_path('default')}/configmaps"):
            with pytest.raises(ApiRefused) as refused:
                theirs.get(beyond)
            assert refused.value.status == 403
    scene.config_map("word")
    scene.errand(
        kind=kind,
        First={"configMaps": {"a": "1", "b": "1"}, "next": "Second"},
        Second={"configMaps": {"b": "2"}, "awaits": "word", "next": "Done"},
    )
    process = scene.operator(kind, kubeconfig=kubeconfig, enableLeaderElection=True)
    scene.wait_phase("Done", kind=kind)
    scene.wait(lambda: scene.outputs(kind=kind) == {"b": "2"}, "a is pruned")
    scene.wait(lambda: len(scene.told("PhaseChanged")) == 2, "Events tell of it")
    scene.api.delete(scene.path(kind=kind))
    scene.wait_gone(kind=kind)
    refusals = [
        line
        for line in process.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total") and 'status="403"' in line
    ]
    assert refusals == []


def test_resources_of_other_namespaces_are_none_of_its_business(scene: Scene) -> None:
    with passing_namespace(scene.cluster) as other, Scene(scene.cluster, other) as elsewhere:
        elsewhere.errand(First={"configMaps": {"a": "1"}, "next": "Done"})
        scene.operator(kubeconfig=account(scene, "Errand"))
        scene.errand(First={"next": "Done"})
        scene.wait_phase("Done")
        assert elsewhere.status() == {}
        assert elsewhere.outputs() == {}


def test_outputs_beyond_the_namespace_are_refused(scene: Scene) -> None:
    scene.errand(kind="Chore", First={"configMaps": {"a": "1"}, "namespace": "default"})
    scene.operator("Chore", kubeconfig=account(scene, "Chore"))
    scene.wait_reason("OutputRefused", kind="Chore")
    assert scene.namespace in scene.condition(kind="Chore")["message"]
