from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubervisor.cli.workflow import workflow
from kubervisor.workflow.deploying.building import find_engine
from tests.workflow.deploying.projects import Folder

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "canary-operator"
version = "{version}"
requires-python = ">=3.11"
"""


@pytest.fixture
def packaged(folder: Folder) -> Folder:
    """A project that has a package."""
    package = folder.path / "canary_operator"
    package.mkdir()
    (package / "__init__.py").write_text("")
    write(folder, PYPROJECT.format(version="1"))
    return folder


def write(folder: Folder, pyproject: str) -> None:
    (folder.path / "pyproject.toml").write_text(pyproject)


def build(*programs: Path) -> Result:
    """`kubervisor workflow build` where these folders alone have programs."""
    path = os.pathsep.join(map(str, programs))
    return CliRunner().invoke(workflow, ["build", "reg/canary:1"], env={"PATH": path})


def engine(tmp_path: Path, *, builds: int = 0) -> Path:
    """A folder with a program `docker`, which answers, notes what it is asked and ends so."""
    folder = tmp_path / "engine"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {folder}/asked\n[ "$1" = build ] && exit {builds}\nexit 0\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return folder


def test_without_an_engine_the_wheel_is_built_and_the_missing_image_is_said(
    packaged: Folder, tmp_path: Path
) -> None:
    done = build(tmp_path)
    assert done.exit_code == 1
    assert "built build/canary_operator-1-py3-none-any.whl" in done.output
    assert "reg/canary:1 is not built: neither `docker info` nor `podman info`" in done.output
    wheel = packaged.path / "build" / "canary_operator-1-py3-none-any.whl"
    assert "canary_operator/__init__.py" in zipfile.ZipFile(wheel).namelist()


def test_an_engine_is_one_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "docker"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(silent.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine() is None
    monkeypatch.setenv("PATH", str(engine(tmp_path)))
    assert find_engine() == "docker"


def test_an_engine_is_given_the_wheel_and_the_dockerfile_and_nothing_else(
    packaged: Folder, tmp_path: Path
) -> None:
    programs = engine(tmp_path)
    done = build(programs)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "built reg/canary:1")
    asked = (programs / "asked").read_text().splitlines()[-1]
    assert asked == "build --tag reg/canary:1 --file build/Dockerfile build"
    files = {one.name for one in (packaged.path / "build").iterdir()}
    assert files == {"Dockerfile", "canary_operator-1-py3-none-any.whl"}


def test_an_engine_that_fails_is_said(
    packaged: Folder,  # noqa: ARG001 - the folder that the test is in
    tmp_path: Path,
) -> None:
    done = build(engine(tmp_path, builds=7))
    assert done.exit_code == 1
    assert "ended with 7: reg/canary:1 is not built" in done.output


def test_a_new_wheel_takes_the_place_of_the_projects_older_one_and_of_no_other(
    packaged: Folder, tmp_path: Path
) -> None:
    folder = packaged.path / "build"
    (folder / "other-1-py3-none-any.whl").write_text("")
    build(tmp_path)
    write(packaged, PYPROJECT.format(version="2"))
    build(tmp_path)
    assert {one.name for one in folder.glob("*.whl")} == {
        "canary_operator-2-py3-none-any.whl",
        "other-1-py3-none-any.whl",
    }


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("", "needs [build-system]"),
        ("a b", "is no TOML"),
        ("build-system = 3\n", "needs [build-system]"),
        (PYPROJECT.replace("name =", "nam ="), "no wheel can be built of it"),
    ],
)
def test_a_project_that_cannot_be_built_is_said_to_be_so(
    packaged: Folder, tmp_path: Path, pyproject: str, said: str
) -> None:
    write(packaged, pyproject)
    done = build(tmp_path)
    assert done.exit_code == 1
    assert said in done.output


def test_without_a_dockerfile_the_project_is_not_generated_yet(
    packaged: Folder, tmp_path: Path
) -> None:
    (packaged.path / "build" / "Dockerfile").unlink()
    done = build(tmp_path)
    assert done.exit_code == 1
    assert "run `kubervisor workflow generate`" in done.output
