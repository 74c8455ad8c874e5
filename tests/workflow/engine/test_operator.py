"""An operator on a real API server: phases follow one another, and outputs are what workers say."""

from __future__ import annotations

from tests.workflow.engine.operator_process import OperatorProcess
from tests.workflow.engine.scene import OWNER, Scene

SYNCS = 5
NEVER = "1h"


def syncs(operator: OperatorProcess, phase: str, outcome: str = "Synced") -> float:
    return operator.metric(
        f'kubervisor_workflow_syncs_total{{outcome="{outcome}",phase="{phase}"}}'
    )


def writes(operator: OperatorProcess) -> float:
    """Requests that change something, but for Events."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in operator.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total{")
        and any(f'verb="{verb}"' in line for verb in ("create", "patch", "update", "delete"))
        and 'resource="events"' not in line
    )


def test_a_resource_goes_through_its_phases_and_has_what_each_says(scene: Scene) -> None:
    scene.errand(
        First={"configMaps": {"a": "1"}, "next": "Second", "message": "begun"},
        Second={"configMaps": {"a": "2", "b": "2"}, "next": "Done", "message": "both"},
    )
    scene.operator()
    scene.wait_phase("Done")
    assert scene.phases() == ["First", "Second", "Done"]
    status = scene.status()
    assert status["phaseHistory"][1]["message"] == "begun"
    assert (status["phaseMessage"], status["observedGeneration"]) == ("both", 1)
    assert (scene.reason(), scene.condition("Complete")["status"]) == ("Resting", "True")
    scene.wait(lambda: scene.outputs() == {"a": "2", "b": "2"}, "both are there")
    expected = {"First → Second: begun", "Second → Done: both"}
    scene.wait(lambda: set(scene.told("PhaseChanged")) == expected, "Events tell of it")


def test_outputs_are_owned_and_labelled(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}})
    scene.operator()
    scene.wait(lambda: scene.outputs() == {"a": "1"}, "it is there")
    meta = scene.api.get(f"{scene.maps_path}/a")["metadata"]
    uid = scene.stored()["metadata"]["uid"]
    assert meta["labels"] == {
        OWNER: uid,
        "workflow.kubervisor.k8s.io/operator": "errand-operator",
    }
    (owner,) = meta["ownerReferences"]
    assert (owner["uid"], owner["kind"], owner["controller"]) == (uid, "Errand", True)
    assert {one["manager"] for one in meta["managedFields"]} == {"errand-operator"}


def test_what_is_not_said_any_more_is_deleted_and_what_nobody_speaks_of_stays(
    scene: Scene,
) -> None:
    scene.config_map("theirs", "1")
    scene.errand(
        First={"configMaps": {"a": "1", "b": "1"}, "next": "Second"},
        Second={"awaits": "go", "next": "Third"},
        Third={"configMaps": {"b": "3", "c": "3"}},
    )
    scene.operator()
    scene.wait_phase("Second")
    assert scene.outputs() == {"a": "1", "b": "1"}
    scene.config_map("go")
    scene.wait(lambda: scene.outputs() == {"b": "3", "c": "3"}, "a is pruned")
    assert scene.api.exists(f"{scene.maps_path}/theirs")
    note = f"Deleted configmaps/a in namespace {scene.namespace}"
    scene.wait(lambda: scene.told("Pruned") == [note], "an Event tells of it")


def test_nothing_is_written_while_nothing_changes(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}, "message": "at rest"})
    operator = scene.operator(workInterval="200ms")
    scene.wait(lambda: scene.status().get("phaseMessage") == "at rest", "it was synced")
    scene.wait(lambda: syncs(operator, "First") >= 2, "it was synced twice")
    begun, written = syncs(operator, "First"), writes(operator)
    version = scene.version(scene.path())
    scene.wait(lambda: syncs(operator, "First") >= begun + SYNCS, "it was synced again")
    assert scene.version(scene.path()) == version
    assert writes(operator) == written


def test_an_output_is_set_right_and_fields_of_others_stay(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}})
    scene.operator(workInterval=NEVER)
    scene.wait(lambda: scene.outputs() == {"a": "1"}, "it is there")
    patch = {"data": {"value": "spoilt", "theirs": "kept"}}
    scene.api.merge(f"{scene.maps_path}/a", patch)
    right = {"value": "1", "theirs": "kept"}
    scene.wait(lambda: scene.api.get(f"{scene.maps_path}/a")["data"] == right, "it is set right")
    before = scene.api.get(f"{scene.maps_path}/a")["metadata"]["uid"]
    scene.api.delete(f"{scene.maps_path}/a")
    scene.wait(
        lambda: any(
            body["metadata"]["name"] == "a" and body["metadata"]["uid"] != before
            for body in scene.maps.objects.values()
        ),
        "it is made anew",
    )


def test_an_object_of_another_is_never_taken_over(scene: Scene) -> None:
    scene.config_map("a", "theirs")
    scene.errand(First={"configMaps": {"a": "1"}, "next": "Done"})
    scene.operator()
    scene.wait_reason("OutputRefused")
    assert "configmaps" in scene.condition()["message"]
    assert "is not ours" in scene.condition()["message"]
    assert scene.api.get(f"{scene.maps_path}/a")["data"] == {"value": "theirs"}
    assert scene.phase() == "First"
    scene.api.delete(f"{scene.maps_path}/a")
    scene.wait_phase("Done")
    assert scene.outputs() == {"a": "1"}


def test_two_resources_do_not_take_from_one_another(scene: Scene) -> None:
    scene.errand("one", First={"configMaps": {"a": "1"}})
    scene.operator()
    scene.wait(lambda: scene.outputs() == {"a": "1"}, "it is there")
    scene.errand("two", First={"configMaps": {"a": "2"}})
    scene.wait_reason("OutputRefused", "two")
    assert scene.stored("one")["metadata"]["uid"] in scene.condition(name="two")["message"]
    assert scene.outputs("one") == {"a": "1"}


def test_a_change_of_an_input_wakes_who_has_read_it(scene: Scene) -> None:
    scene.errand(First={"awaits": "word", "next": "Done"})
    scene.operator(workInterval=NEVER)
    scene.wait(lambda: scene.status().get("phaseMessage") == "awaiting word", "it waits")
    scene.config_map("word", "go")
    scene.wait_phase("Done")
    assert scene.status()["found"] == {"word": "go"}


def test_only_fields_are_said_of_what_is_somebody_elses(scene: Scene) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop", "labels": {"app": "shop"}},
        "spec": {"ports": [{"port": 80}]},
    }
    scene.api.create(scene.services_path, service)
    scene.errand(
        First={"marks": {"shop": "red"}, "next": "Second"},
        Second={"marks": {"shop": "blue"}, "next": "Done"},
    )
    scene.operator()
    scene.wait_phase("Done")
    meta = scene.api.get(f"{scene.services_path}/shop")["metadata"]
    assert meta["labels"] == {"app": "shop", "mark": "blue"}
    assert "ownerReferences" not in meta
    scene.api.delete(scene.path())
    scene.wait_gone()
    assert scene.api.exists(f"{scene.services_path}/shop")


def test_only_fields_of_what_is_not_there_create_nothing(scene: Scene) -> None:
    scene.errand(First={"marks": {"shop": "red"}})
    scene.operator()
    scene.wait_reason("OutputFailed")
    assert "there is no services" in scene.condition()["message"]
    assert not scene.api.exists(f"{scene.services_path}/shop")


def test_a_kind_that_the_cluster_does_not_know_keeps_nobody_waiting(scene: Scene) -> None:
    scene.errand("one", First={"configMaps": {"a": "1"}, "next": "Done"})
    scene.errand("two", First={"unicorn": "u"})
    scene.operator()
    scene.wait_phase("Done")
    scene.wait_reason("OutputFailed", "two")
    assert "unicorns" in scene.condition(name="two")["message"]


def test_a_final_phase_is_left_alone(scene: Scene) -> None:
    scene.errand(First={"configMaps": {"a": "1"}, "next": "Done"})
    scene.operator(workInterval="200ms")
    scene.wait_phase("Done")
    scene.errand(First={"configMaps": {"a": "2"}, "next": "Second"})
    scene.errand("later", First={"next": "Done"})
    scene.wait_phase("Done", "later")
    assert scene.phases() == ["First", "Done"]
    assert scene.outputs() == {"a": "1"}
    scene.api.merge(f"{scene.path()}/status", {"status": {"phase": "First"}})
    scene.wait_phase("Second")


def test_a_phase_that_takes_too_long_is_left(scene: Scene) -> None:
    scene.errand(First={"next": "Hasty"})
    scene.operator(workInterval=NEVER)
    scene.wait_phase("Failed")
    assert scene.phases() == ["First", "Hasty", "Failed"]
    scene.wait(lambda: scene.told("PhaseTimedOut"), "an Event tells of it")


def test_a_phase_that_fails_too_often_is_left(scene: Scene) -> None:
    scene.errand(First={"next": "Stubborn"}, Stubborn={"fault": "raise"})
    scene.operator()
    scene.wait_phase("Failed")
    assert scene.phases() == ["First", "Stubborn", "Failed"]
    assert "RuntimeError: the worker was told to" in scene.status()["phaseMessage"]
    scene.wait(lambda: scene.told("PhaseGivenUp"), "an Event tells of it")


def test_a_way_that_the_project_does_not_know_is_refused_and_nothing_is_written(
    scene: Scene,
) -> None:
    scene.errand(First={"next": "Strict"}, Strict={"next": "First", "configMaps": {"a": "1"}})
    scene.operator()
    scene.wait_reason("TransitionRefused")
    assert scene.phase() == "Strict"
    assert scene.outputs() == {}


def test_it_ends_when_told_to(scene: Scene) -> None:
    operator = scene.operator()
    assert operator.stop() == 0
