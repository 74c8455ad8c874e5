"""Resources that go: with a finalizer, and without."""

from __future__ import annotations

from contextlib import closing

from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from tests.namespaces import passing_namespace
from tests.workflow.engine.scene import OWNER, Scene

FINALIZER = "workflow.kubervisor.k8s.io/chore"


def test_a_finalizer_is_there_before_anything_is_written(scene: Scene) -> None:
    scene.errand(kind="Chore", First={"configMaps": {"a": "1"}})
    scene.operator("Chore")
    scene.wait(lambda: scene.outputs(kind="Chore") == {"a": "1"}, "it was synced")
    assert scene.stored(kind="Chore")["metadata"]["finalizers"] == [FINALIZER]


def test_a_resource_goes_once_its_finalizer_is_done_and_takes_what_it_said_back(
    scene: Scene,
) -> None:
    scene.errand(
        kind="Chore",
        First={"configMaps": {"a": "1"}},
        ends={"awaits": "word", "configMaps": {"b": "2"}, "message": "awaiting word"},
    )
    scene.operator("Chore")
    scene.wait(lambda: scene.outputs(kind="Chore") == {"a": "1"}, "it was synced")
    scene.api.delete(scene.path(kind="Chore"))
    scene.wait_reason("Finalizing", kind="Chore")
    assert scene.condition(kind="Chore")["message"] == "awaiting word"
    scene.wait(lambda: scene.outputs(kind="Chore") == {"b": "2"}, "its outputs are written")
    scene.config_map("word")
    scene.wait_gone(kind="Chore")


def test_outputs_in_other_namespaces_go_with_it(scene: Scene) -> None:
    with passing_namespace(scene.cluster) as other, closing(Api(scene.cluster.kubeconfig)) as api:
        scene.errand(kind="Chore", First={"configMaps": {"a": "1"}, "namespace": other})
        scene.operator("Chore", watchNamespace="")
        path = f"{namespace_path(other)}/configmaps/a"
        scene.wait(lambda: api.exists(path), "it is there")
        meta = api.get(path)["metadata"]
        assert "ownerReferences" not in meta
        assert meta["labels"][OWNER] == scene.stored(kind="Chore")["metadata"]["uid"]
        scene.api.delete(scene.path(kind="Chore"))
        scene.wait_gone(kind="Chore")
        assert not api.exists(path)


def test_without_a_finalizer_other_namespaces_are_refused(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}, "namespace": "default"})
    scene.operator(watchNamespace="")
    scene.wait_reason("OutputRefused")
    assert "enableFinalizer" in scene.condition()["message"]


def test_a_finalizer_that_fails_keeps_its_resource_and_says_why(scene: Scene) -> None:
    scene.errand(kind="Chore", ends={"fault": "raise"})
    scene.operator("Chore")
    scene.wait_reason("Synced", kind="Chore")
    scene.api.delete(scene.path(kind="Chore"))
    scene.wait_reason("WorkerFailed", kind="Chore")
    scene.api.merge(scene.path(kind="Chore"), {"spec": {"ends": {"fault": ""}}})
    scene.wait_gone(kind="Chore")


def test_one_of_the_same_name_begins_anew(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}, "next": "Done"})
    scene.operator()
    scene.wait_phase("Done")
    scene.api.delete(scene.path())
    scene.wait_gone()
    scene.api.delete(f"{scene.maps_path}/a")
    scene.errand(First={"configMaps": {"b": "2"}, "next": "Done"})
    scene.wait(lambda: scene.outputs() == {"b": "2"}, "it was synced")
    scene.wait_phase("Done")
    assert scene.phases() == ["First", "Done"]
