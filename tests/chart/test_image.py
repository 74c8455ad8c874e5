"""The image that the chart runs, as far as it can be known without an engine: its recipe, and the
wheel that it installs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.parser import Parser
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import pytest

from kubervisor import __version__

ROOT = Path(__file__).parents[2]
Instruction = tuple[str, str]


def instructions() -> Iterator[Instruction]:
    """Each instruction of the Dockerfile and its arguments, on one line."""
    text = (ROOT / "Dockerfile").read_text()
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text))
    for line in filter(None, joined.splitlines()):
        name, _, rest = line.partition(" ")
        yield name, rest


def given(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def copied() -> list[str]:
    """What is copied from the project."""
    return [
        source
        for rest in given("COPY")
        if not rest.startswith("--from=")
        for source in rest.split()[:-1]
    ]


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return set(re.findall(r"(?m)^([a-z0-9-]+)==", text))


def wanted(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


# The recipe.


def test_every_stage_starts_from_one_base_by_its_digest() -> None:
    (base,) = given("ARG")
    assert re.fullmatch(r"BASE=[\w./:-]+@sha256:[0-9a-f]{64}", base)
    assert {stage.split()[0] for stage in given("FROM")} == {"${BASE}"}


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert given("USER") == ["65532:65532"]
    after = [name for name, _ in instructions()]
    assert set(after[after.index("USER") :]) <= {"USER", "WORKDIR", "EXPOSE", "ENTRYPOINT"}


def test_it_starts_the_command_without_a_shell() -> None:
    assert given("ENTRYPOINT") == ['["/opt/kubervisor/bin/kubervisor"]']
    assert given("CMD") == []


def test_nothing_is_installed_unseen() -> None:
    steps = [step.strip() for run in given("RUN") for step in run.split("&&")]
    debian, *python = sorted(
        (step for step in steps if " install " in step), key=lambda step: "apt-get" not in step
    )
    # Debian's packages are signed, and these are all: what the data repository fetches with.
    assert debian == (
        "apt-get install --yes --no-install-recommends ca-certificates git openssh-client"
    )
    assert len(python) == 3
    for step in python:
        assert "--require-hashes" in step or {"--no-deps", "--no-index"} <= set(step.split())
    assert given("ADD") == []
    assert not re.search(r"curl|wget|https?://", " ".join(given("RUN")))


@pytest.mark.parametrize("lock", ["run", "build", "node"])
def test_every_locked_package_has_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9-]+==)", text)[1:]

    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_what_it_copies_is_there_and_nothing_else_is_sent() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = [line[1:] for line in lines if line.startswith("!")]

    assert lines[1] == "*"
    assert sorted(copied()) == sorted(admitted)
    assert all((ROOT / source).exists() for source in copied())


# The wheel.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as the Dockerfile does, from no more than it copies; the pages were built by make."""
    source, target = tmp_path_factory.mktemp("src"), tmp_path_factory.mktemp("wheels")
    for name in copied():
        here = ROOT / name
        if here.is_dir():
            without = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(here, source / name, ignore=without)
        else:
            (source / name).parent.mkdir(exist_ok=True)
            shutil.copy(here, source / name)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={target}"]
    assert any(" ".join(build[:4]) in run for run in given("RUN"))
    subprocess.run(
        [sys.executable, "-m", "pip", *build, "."], cwd=source, check=True, capture_output=True
    )
    (made,) = target.glob("*.whl")
    return made


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel: Path) -> None:
    here = {str(path.relative_to(ROOT)) for path in ROOT.glob("kubervisor/**/*.py")}
    with ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if not fnmatch(name, "*.dist-info/*")}

    assert names >= here
    assert all(name.startswith("kubervisor/") for name in names)
    assert not [name for name in names if name.endswith(".map") or "node_modules" in name]
    assert not [name for name in names if fnmatch(name, "*/.*")]


def test_packages_of_the_pages_come_with_hashes_and_from_no_named_place() -> None:
    locked = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    packages = {name: entry for name, entry in locked.items() if name}

    assert packages
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_what_the_wheel_needs_is_locked(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith("/METADATA"))
        metadata = Parser().parsestr(opened.read(name).decode())
    needed = {wanted(line) for line in metadata.get_all("Requires-Dist", [])}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert needed <= locked("run")
    assert needed.isdisjoint(locked("node"))
    assert {wanted(one) for one in project["build-system"]["requires"]} <= locked("build")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's package; `python` there runs it, for it looks there first."""
    folder = tmp_path_factory.mktemp("installed")
    install = ["install", "--no-deps", "--no-index", f"--target={folder}", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    return folder


def said(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_wheel_runs(installed: Path) -> None:
    assert said(installed, "-m", "kubervisor", "--version").endswith(f"{__version__}\n")


def test_the_wheel_serves_the_pages_and_all_that_they_load(installed: Path) -> None:
    script = "from kubervisor.ui import files; print(files.__file__, *files.read_files())"
    where, *served = said(installed, "-c", script).split()
    index = (installed / "kubervisor" / "ui" / "static" / "index.html").read_text()
    loaded = re.findall(r"""(?:src|href)=["'](/[^"']+)""", index)

    assert Path(where).is_relative_to(installed)
    assert any(path.endswith(".js") for path in loaded)
    assert [path for path in loaded if path not in served] == []
