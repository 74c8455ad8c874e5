"""An operator whose API server is silent, forgetful or away loses nothing and does no harm."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from playground.fault_answers import answers, commits_and_cuts
from playground.faultproxy import FaultProxy, asks
from playground.fleet_api import Json
from tests.workflow.engine.scene import Scene

PATIENCE = 60.0
COURSE: dict[str, Json] = {
    "First": {"configMaps": {"a": "1", "b": "1"}, "next": "Second"},
    "Second": {"configMaps": {"b": "2"}, "awaits": "b", "next": "Third"},
    "Third": {"next": "Done"},
}
"""The second phase reads what the first one wrote, and prunes it."""


@pytest.fixture
def proxy(scene: Scene) -> Iterator[FaultProxy]:
    with FaultProxy(scene.cluster) as proxy:
        yield proxy


def begin(scene: Scene, name: str = "one", kind: str = "Errand") -> None:
    scene.errand(
        name, kind=kind, First=COURSE["First"], Second=COURSE["Second"], Third=COURSE["Third"]
    )


def test_answers_that_get_lost_are_no_second_writes(scene: Scene, proxy: FaultProxy) -> None:
    with proxy.rule(asks("patch"), commits_and_cuts, times=4) as lost:
        scene.operator("Chore", kubeconfig=proxy.kubeconfig)
        begin(scene, kind="Chore")
        lost.wait(4, PATIENCE)
        scene.wait_phase("Done", kind="Chore")
    assert scene.phases(kind="Chore") == ["First", "Second", "Third", "Done"]
    scene.wait(lambda: scene.outputs(kind="Chore") == {"b": "2"}, "a is pruned")


def test_conflicts_are_resolved_by_reading_anew(scene: Scene, proxy: FaultProxy) -> None:
    with proxy.rule(asks("patch"), answers(409), times=3) as conflicts:
        scene.operator(kubeconfig=proxy.kubeconfig)
        begin(scene)
        conflicts.wait(3, PATIENCE)
        scene.wait_phase("Done")
    assert scene.phases() == ["First", "Second", "Third", "Done"]


def test_silent_watches_do_not_hide_what_was_written(scene: Scene, proxy: FaultProxy) -> None:
    scene.operator(kubeconfig=proxy.kubeconfig)
    scene.errand("first", First={"configMaps": {"first": "1"}, "next": "Done"})
    scene.wait_phase("Done", "first")
    with proxy.silence("configmaps"):
        begin(scene)
        scene.wait_phase("Done")
        assert scene.status()["found"] == {"b": "1"}
        scene.wait(lambda: scene.outputs() == {"b": "2"}, "a is pruned")


def test_an_api_server_that_is_away_for_a_while_is_awaited(scene: Scene, proxy: FaultProxy) -> None:
    scene.errand(First={"awaits": "word", "next": "Done"})
    operator = scene.operator(kubeconfig=proxy.kubeconfig)
    scene.wait(lambda: scene.status().get("phaseMessage") == "awaiting word", "it waits")
    with proxy.refusing():
        scene.config_map("word", "go")
        scene.errand("two", First={"next": "Done"})
    scene.wait_phase("Done")
    scene.wait_phase("Done", "two")
    assert operator.stop() == 0


def test_one_that_froze_while_it_led_writes_nothing_when_it_wakes(scene: Scene) -> None:
    frozen = scene.operator(enableLeaderElection=True)
    scene.errand("before", First={"next": "Done"})
    scene.wait_phase("Done", "before")
    scene.operator(enableLeaderElection=True)
    frozen.send_signal(signal.SIGSTOP)
    begin(scene)
    scene.wait_phase("Done")
    version = scene.version(scene.path())
    frozen.send_signal(signal.SIGCONT)
    frozen.wait_line(lambda line: line["event"] == "Stopped", PATIENCE, "it ends")
    assert scene.version(scene.path()) == version
    assert scene.outputs() == {"b": "2"}
