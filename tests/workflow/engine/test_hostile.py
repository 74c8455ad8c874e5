"""Resources and workers that do harm do it to themselves."""

from __future__ import annotations

import pytest

from tests.workflow.engine.scene import Scene

FAULTS = {
    "raise": ("WorkerFailed", "RuntimeError: the worker was told to"),
    "exit": ("WorkerFailed", "SystemExit: 3"),
    "nonsense": ("OutputRefused", "name"),
    "undeclared": ("OutputRefused", "deployments"),
    "overlong": ("WorkerFailed", "at most 524288 are stored"),
}


def test_each_fault_is_told_of_its_resource_and_neighbours_go_on(scene: Scene) -> None:
    for fault in (*FAULTS, "hang"):
        scene.errand(fault, First={"fault": fault})
    scene.operator()
    for fault, (reason, said) in FAULTS.items():
        scene.wait_reason(reason, fault)
        assert said in scene.condition(name=fault)["message"]
        assert "\n" not in scene.condition(name=fault)["message"]
    scene.errand("good", First={"configMaps": {"a": "1"}, "next": "Done"})
    scene.wait_phase("Done", "good")


def test_what_the_models_do_not_accept_is_told_and_harms_no_other(scene: Scene) -> None:
    # The definition of the kind lets pass what the model does not.
    scene.errand("bad", word="forbidden", First={"next": "Done"})
    scene.errand("good", First={"next": "Done"})
    scene.operator()
    scene.wait_phase("Done", "good")
    scene.wait_reason("InvalidSpec", "bad")
    assert scene.condition(name="bad")["message"].startswith("spec.word: ")
    scene.errand("bad", word="allowed", First={"next": "Done"})
    scene.wait_phase("Done", "bad")


@pytest.mark.parametrize("phase", ["Nowhere", "first", "../Done"])
def test_an_unknown_phase_is_a_condition_until_it_is_set_right(scene: Scene, phase: str) -> None:
    scene.errand(First={"next": "Second"}, Second={"awaits": "never"})
    scene.operator()
    scene.wait_phase("Second")
    scene.api.merge(f"{scene.path()}/status", {"status": {"phase": phase}})
    scene.wait_reason("UnknownPhase")
    scene.api.merge(f"{scene.path()}/status", {"status": {"phase": "First"}})
    scene.wait_phase("Second")
    scene.wait_reason("Synced")
