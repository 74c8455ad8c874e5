"""A Job of the administrator's runs once per intent, and is told what it is about."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.rules.actions.action import Done, Failed, Refusal, Step, Target, Wait
from kubervisor.rules.actions.job import RunJob
from kubervisor.rules.actions.registry import ACTIONS
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent
from kubervisor.rules.job_templates import read_templates
from tests.rules.dict_world import DictWorld, Json, go_on, previewed, refusal

CLAIM = ObjectRef("PersistentVolumeClaim", "shop", "data", "uid-data")
TARGET = Target(CLAIM, "full", ("93", "$(HOME)"))
TEMPLATE: Json = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "anything", "namespace": "elsewhere", "labels": {"team": "ops"}},
    "spec": {
        "template": {
            "spec": {
                "initContainers": [{"name": "first", "image": "i"}],
                "containers": [
                    {"name": "main", "image": "i", "env": [{"name": "A", "value": "1"}]}
                ],
            }
        }
    },
}
NOW = 1_000_000.0


def action() -> RunJob:
    return RunJob({"vacuum": TEMPLATE}, "ops")


def preview(now: float = NOW) -> Intent:
    return previewed(action(), DictWorld(), TARGET, {"template": "vacuum"}, now)


def running() -> tuple[DictWorld, Intent]:
    world = DictWorld()
    step, intent = go_on(action(), world, CLAIM, preview(), NOW)
    assert isinstance(step, Wait)
    return world, intent


def the_job(world: DictWorld) -> Json:
    (job,) = world.list("Job", "ops")
    return world.there("Job", "ops", job["metadata"]["name"])


def ended(kind: str, **more: str) -> tuple[DictWorld, Step]:
    world, intent = running()
    the_job(world)["status"] = {"conditions": [{"type": kind, "status": "True", **more}]}
    return world, go_on(action(), world, CLAIM, intent, NOW)[0]


def test_it_runs_in_the_administrators_namespace_whatever_the_template_says() -> None:
    world, _ = running()
    job = the_job(world)
    assert job["metadata"]["namespace"] == "ops"
    assert job["metadata"]["labels"] == {"team": "ops"}
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert job["spec"]["ttlSecondsAfterFinished"] == 86_400


def test_every_container_is_told_what_it_is_about() -> None:
    world, _ = running()
    pod = the_job(world)["spec"]["template"]["spec"]
    told = {
        "KUBERVISOR_RULE": "full",
        "KUBERVISOR_OBJECT_KIND": "PersistentVolumeClaim",
        "KUBERVISOR_OBJECT_NAMESPACE": "shop",
        "KUBERVISOR_OBJECT_NAME": "data",
        "KUBERVISOR_VALUES": '["93", "$$(HOME)"]',  # read back as $(HOME), never replaced
    }
    first, main = pod["initContainers"][0], pod["containers"][0]
    assert {one["name"]: one["value"] for one in first["env"]} == told
    assert {one["name"]: one["value"] for one in main["env"]} == told | {"A": "1"}


def test_the_template_stays_as_it_is() -> None:
    before = copy.deepcopy(TEMPLATE)
    running()
    assert before == TEMPLATE


def test_killed_at_any_moment_it_is_one_job() -> None:
    world, intent = running()
    go_on(action(), world, CLAIM, preview(), NOW)  # what was noted is lost
    go_on(action(), world, CLAIM, intent, NOW)
    assert len(world.list("Job", "ops")) == 1


def test_a_later_action_is_another_job() -> None:
    world, _ = running()
    go_on(action(), world, CLAIM, preview(NOW + 300), NOW)
    assert len(world.list("Job", "ops")) == 2


def test_its_end_is_that_of_the_action() -> None:
    world, step = ended("Complete")
    assert step == Done(f"Job ops/{the_job(world)['metadata']['name']} has ended well")
    _, step = ended("Failed", message="it reached its backoff limit")
    assert isinstance(step, Failed)
    assert "it reached its backoff limit" in step.message


def test_one_that_was_deleted_is_not_run_again_by_itself() -> None:
    world, intent = running()
    world.remove("Job", "ops", the_job(world)["metadata"]["name"])
    step, _ = go_on(action(), world, CLAIM, intent, NOW)
    assert isinstance(step, Failed)
    assert "was deleted" in step.message


def test_a_job_of_that_name_that_is_anothers_is_left_alone() -> None:
    world, intent = running()
    the_job(world)["metadata"]["annotations"] = {}
    step, _ = go_on(action(), world, CLAIM, intent, NOW)
    assert isinstance(step, Failed)
    assert "another's" in step.message


def test_a_template_that_is_not_there_is_a_problem_that_names_those_that_are() -> None:
    params = {"template": "clean"}
    (problem,) = action().problems(params)
    assert problem == "template 'clean' does not exist; the administrator gave vacuum"
    assert refusal(action(), DictWorld(), TARGET, params, NOW).is_final
    step = RunJob({}, "ops").step(CLAIM, preview(), DictWorld(), NOW)
    assert isinstance(step, Refusal)


@pytest.mark.parametrize(
    ("params", "says"), [({}, "template is missing"), ({"template": "a", "image": "x"}, "image")]
)
def test_parameters_that_cannot_be_used_are_named(params: dict[str, str], says: str) -> None:
    (problem,) = ACTIONS[RunJob.name].problems(params)
    assert says in problem


class TestTemplates:
    """What an administrator's folder may hold."""

    def test_each_file_is_a_template(self, tmp_path: Path) -> None:
        (tmp_path / "vacuum.yaml").write_text(yaml.safe_dump(TEMPLATE))
        (tmp_path / "..data").mkdir()  # a mounted ConfigMap has such
        (tmp_path / "README.md").write_text("no template")
        assert read_templates(tmp_path) == {"vacuum": TEMPLATE}

    @pytest.mark.parametrize(
        ("name", "change", "says"),
        [
            ("a.yaml", "[]", "write one Job"),
            ("a.yaml", "{kind: Pod, apiVersion: v1}", "kind Job"),
            ("a.yaml", "{kind: Job, apiVersion: batch/v1}", "write spec.template.spec"),
            ("a.yaml", "a: [", "no YAML"),
            ("a.yaml", "a: " + "x" * 300_000, "256 KiB"),
            ("A_b.yaml", "{}", "name the file"),
        ],
    )
    def test_one_that_is_none_is_named(
        self, tmp_path: Path, name: str, change: str, says: str
    ) -> None:
        (tmp_path / name).write_text(change)
        with pytest.raises(ValueError, match=says) as failed:
            read_templates(tmp_path)
        assert name in str(failed.value)

    @pytest.mark.parametrize(
        "containers",
        [None, [], "x", [1], [{"env": "x"}], [{"env": [1]}]],
    )
    def test_containers_that_could_not_be_told_anything_are_refused(
        self, tmp_path: Path, containers: Any
    ) -> None:
        job = copy.deepcopy(TEMPLATE)
        job["spec"]["template"]["spec"]["containers"] = containers
        (tmp_path / "a.yaml").write_text(yaml.safe_dump(job))
        with pytest.raises(ValueError, match=r"a\.yaml"):
            read_templates(tmp_path)
