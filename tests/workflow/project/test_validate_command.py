"""`kubervisor workflow validate` as people and CI run it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubervisor import __version__
from kubervisor.cli import main
from tests.workflow.project.files import CANARY


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["workflow", *arguments])


def test_the_files_of_this_folder_are_valid(folder: Path) -> None:
    (folder / "autopilot.yaml").write_text(CANARY)
    (folder / "autopilot-operator.yaml").write_text("workInterval: 10s\nwatchNamespace: shop\n")
    done = run("validate")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "autopilot.yaml: valid, CanaryDeployment of autopilot.examples.io/v1 with the phases "
        "Initializing, Waiting, Evaluating, Done\n"
        "autopilot-operator.yaml: valid, works in shop at least every 10s\n"
    )


def test_every_problem_of_every_file_is_told(folder: Path) -> None:
    (folder / "autopilot.yaml").write_text(CANARY.replace("- deployments", "- deployment", 1))
    (folder / "autopilot-operator.yaml").write_text("workInterval: often\n")
    done = run("validate", str(folder))

    assert (done.exit_code, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(
        f"{folder}/autopilot.yaml:10: phase `Initializing`: inputs: `deployment` is no kind"
    )
    assert second.startswith(f"{folder}/autopilot-operator.yaml:1: workInterval must be a duration")


def test_names_that_would_be_one_in_the_code_are_told_before_any_is_written(folder: Path) -> None:
    (folder / "autopilot.yaml").write_text(CANARY.replace("CanaryDeployment", "Phase"))
    done = run("validate")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "autopilot.yaml: classes: the library's and the kind's would both be Phase; rename one\n"
    )


def test_a_file_may_have_another_name(folder: Path) -> None:
    (folder / "canary.yaml").write_text(CANARY)
    assert run("validate", "canary.yaml").exit_code == 0


def test_where_there_is_no_project_one_can_be_begun() -> None:
    done = run("validate")

    assert done.exit_code == 1
    assert "begin one with `kubervisor workflow init DIR`" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"\xff\xfe", "is no text in UTF-8", id="no text"),
        pytest.param(b"a: 1\n" * 10, "line", id="no project"),
        pytest.param(b"- x\n" * 1_000_000, "256 KiB", id="too long"),
    ],
)
def test_whatever_a_file_holds_it_is_refused_in_words(
    folder: Path, content: bytes, said: str
) -> None:
    (folder / "autopilot.yaml").write_bytes(content)
    done = run("validate")

    assert done.exit_code == 1
    assert done.stderr.startswith("autopilot.yaml")
    assert said in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_a_configuration_that_is_not_there_is_told() -> None:
    done = run("validate", "autopilot-operator.yaml")

    assert (done.exit_code, done.stderr) == (1, "autopilot-operator.yaml does not exist\n")


def test_the_version_is_that_of_the_program() -> None:
    assert run("version").stdout == f"{__version__}\n"
