"""`kubervisor workflow init`, `generate` and `run`, as a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubervisor.cli import main
from kubervisor.workflow.project.operator_config import read_config
from tests.workflow.scaffold.projects import contents, first, made


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["workflow", *arguments])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new project, in which commands are called."""
    root = made(tmp_path / "project", first())
    monkeypatch.chdir(root)
    return root


def test_a_project_begins_with_two_files_that_are_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = call("init", "canary", "--kind=CanaryDeployment", "--group=a.example.io")
    assert told.exit_code == 0
    assert "cd canary && kubervisor workflow generate" in told.output
    assert "cd 'my canary' && " in call("init", "my canary").output
    folder = contents(tmp_path / "canary")
    assert sorted(folder) == ["autopilot-operator.yaml", "autopilot.yaml"]
    monkeypatch.chdir(tmp_path / "canary")
    valid = call("validate")
    assert valid.exit_code == 0, valid.output
    assert "CanaryDeployment of a.example.io/v1" in valid.output
    assert call("generate").exit_code == 0
    assert (tmp_path / "canary/canarydeployment_operator/spec.py").exists()


def test_the_settings_of_a_new_project_are_the_defaults(tmp_path: Path) -> None:
    assert call("init", str(tmp_path / "x")).exit_code == 0
    said = (tmp_path / "x/autopilot-operator.yaml").read_text()
    assert read_config(said, {}) == read_config("", {})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--kind", "canary"], "kind"),
        (["--kind", "None"], "kind"),
        (["--kind", "Phase"], "would both be Phase"),
        (["--group", "no group"], "apiVersion"),
        (["--version", "first/second"], "apiVersion"),
        (["--kind", "X\nphases: []"], "kind"),
    ],
)
def test_names_that_cannot_be_those_of_a_resource_are_refused(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    told = call("init", str(tmp_path / "x"), *arguments)
    assert told.exit_code == 1
    assert sentence in told.output
    assert not (tmp_path / "x").exists()


def test_kinds_that_yaml_takes_for_something_else_stay_kinds(tmp_path: Path) -> None:
    assert call("init", str(tmp_path / "x"), "--kind", "Yes").exit_code == 0
    assert "kind: 'Yes'" in (tmp_path / "x/autopilot.yaml").read_text()


def test_a_project_that_is_there_is_left_as_it_is(project: Path) -> None:
    before = contents(project)
    told = call("init", ".")
    assert told.exit_code == 1
    assert "autopilot.yaml: there already" in told.output
    assert contents(project) == before


def test_generate_says_what_it_does_and_that_there_is_nothing_to_do(project: Path) -> None:
    assert call("generate").output == "everything is up to date\n"
    (project / "example.yaml").unlink()
    (project / "deploy/crd.yaml").write_text((project / "deploy/role.yaml").read_text())
    assert call("generate").output.split() == [
        "rewrite",
        "deploy/crd.yaml",
        "create",
        "example.yaml",
    ]


def test_a_dry_run_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "autopilot.yaml").write_text(first())
    told = call("generate", "--dry-run")
    assert told.exit_code == 0
    assert "create    example_operator/spec.py\n" in told.output
    assert list(contents(tmp_path)) == ["autopilot.yaml"]


def test_force_says_whose_files_it_overwrites(project: Path) -> None:
    (project / "README.md").write_text("mine")
    assert call("generate").output == "everything is up to date\n"
    assert call("generate", "-f").output == "overwrite README.md  (was yours)\n"


def test_generate_without_a_project_exits_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = call("generate")
    assert (told.exit_code, told.exception.__class__) == (1, SystemExit)
    assert told.output.startswith("Error: autopilot.yaml: is not there")


def test_a_project_that_changed_since_is_not_run(project: Path) -> None:
    file = project / "autopilot.yaml"
    file.write_text(file.read_text().replace("Example has begun processing", "Otherwise"))
    kubeconfig = project / "kubeconfig"
    kubeconfig.write_text("{}")
    told = call("run", f"--kubeconfig={kubeconfig}")
    assert told.exit_code == 1
    assert "example_operator/operator.py" in told.output
    assert "run `kubervisor workflow generate` first" in told.output
