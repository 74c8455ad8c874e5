"""An operator that is killed at any point goes on from there, as if nothing had been."""

from __future__ import annotations

from playground.fleet_api import Json
from tests.workflow.engine.scene import Scene

COURSE: dict[str, Json] = {
    "First": {"configMaps": {"a": "1", "b": "1"}, "next": "Second", "message": "one"},
    "Second": {"configMaps": {"b": "2", "c": "2"}, "next": "Third", "message": "two"},
    "Third": {"configMaps": {"c": "3"}, "next": "Done", "message": "three"},
}
WRITES = 9
"""Two outputs and a status; two, one that is pruned, a status; one, one pruned, a status."""


def test_one_that_is_killed_after_each_write_ends_where_one_ends_that_is_not(
    scene: Scene,
) -> None:
    scene.errand(First=COURSE["First"], Second=COURSE["Second"], Third=COURSE["Third"])
    operator = scene.operator(module="crashing")
    scene.wait_phase("Done")
    assert scene.phases() == ["First", "Second", "Third", "Done"]
    assert [entry.get("message", "") for entry in scene.status()["phaseHistory"]] == [
        "",
        "one",
        "two",
        "three",
    ]
    scene.wait(lambda: scene.outputs() == {"c": "3"}, "nothing is left behind")
    lives = [line["event"] for line in operator.lines() if line["event"] == "started"]
    assert len(lives) >= WRITES


def test_one_that_is_killed_while_finalizing_ends_too(scene: Scene) -> None:
    ends = {"configMaps": {"z": "9"}}
    scene.errand(kind="Chore", First={"configMaps": {"a": "1"}, "next": "Done"}, ends=ends)
    operator = scene.operator("Chore", module="crashing")
    scene.wait_phase("Done", kind="Chore")
    scene.api.delete(scene.path(kind="Chore"))
    scene.wait_gone(kind="Chore")
    written = [line["event"] for line in operator.lines()]
    assert any("configmaps/z" in line for line in written)


def test_one_that_is_killed_in_each_phase_goes_on_from_it(scene: Scene) -> None:
    acts = {phase: {**act, "awaits": f"leave-{phase.lower()}"} for phase, act in COURSE.items()}
    scene.errand(First=acts["First"], Second=acts["Second"], Third=acts["Third"])
    operator = scene.operator(workInterval="1h")
    for awaited in ("leave-first", "leave-second", "leave-third"):
        _await_message(scene, f"awaiting {awaited}")
        operator.kill()
        scene.config_map(awaited)
        operator.restart()
    scene.wait_phase("Done")
    assert scene.phases() == ["First", "Second", "Third", "Done"]
    scene.wait(lambda: scene.outputs() == {"c": "3"}, "nothing is left behind")


def _await_message(scene: Scene, message: str) -> None:
    scene.wait(lambda: scene.status().get("phaseMessage") == message, f"it says {message}")


def test_another_leads_when_the_leader_is_killed(scene: Scene) -> None:
    scene.errand(First={"awaits": "word", "next": "Done", "configMaps": {"a": "1"}})
    first = scene.operator(enableLeaderElection=True, workInterval="1h")
    _await_message(scene, "awaiting word")
    second = scene.operator(enableLeaderElection=True, workInterval="1h")
    assert second.metric("kubervisor_workflow_leader") == 0
    assert first.metric("kubervisor_workflow_leader") == 1
    first.kill()
    scene.config_map("word")
    scene.wait_phase("Done")
    assert second.metric("kubervisor_workflow_leader") == 1
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{scene.namespace}/leases/errand-operator"
    assert scene.api.get(lease)["spec"]["leaseTransitions"] >= 1


def test_another_leads_at_once_when_the_leader_ends(scene: Scene) -> None:
    first = scene.operator(enableLeaderElection=True)
    second = scene.operator(enableLeaderElection=True)
    assert first.stop() == 0
    scene.errand(First={"next": "Done"})
    scene.wait_phase("Done")
    assert second.metric("kubervisor_workflow_leader") == 1
