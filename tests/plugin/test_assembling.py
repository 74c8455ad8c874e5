"""`make plugin`: one file that starts anywhere, and what krew needs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import yaml

from kubectl_kubervisor import __version__
from tests.plugin.conftest import ROOT

PLUGIN = ROOT / "build" / "plugin"


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it with hostile surroundings: none of them may be imported."""
    env = {"PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))}
    env |= {
        "PYTHONPATH": str(program.parent),
        "PYTHONSTARTUP": "/nowhere",
        "PYTHONWARNINGS": "error",
    }
    return subprocess.run(
        [program, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=program.parent,
        env=env,
    )


def test_it_imports_nothing_from_where_it_is_run(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    (tmp_path / "kubectl-kubervisor").write_bytes((programs / "kubectl-kubervisor").read_bytes())
    (tmp_path / "kubectl-kubervisor").chmod(0o755)
    done = run(tmp_path / "kubectl-kubervisor", "version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kubectl-kubervisor 0.1.0\n", "")


def test_the_same_sources_make_the_same_bytes(programs: Path, tmp_path: Path) -> None:
    again = [sys.executable, str(ROOT / "kubectl-plugin" / "assemble.py"), str(tmp_path)]
    subprocess.run(again, check=True, capture_output=True)
    for name in ("kubectl-kubervisor", "kubectl_complete-kubervisor"):
        assert (tmp_path / name).read_bytes() == (programs / name).read_bytes()


def test_bytecode_of_another_python_does_no_harm(programs: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "kubectl-kubervisor"
    with (
        zipfile.ZipFile(programs / "kubectl-kubervisor") as whole,
        zipfile.ZipFile(foreign, "w") as other,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            other.writestr(name, b"\0\0\r\n" + content[4:] if name.endswith(".pyc") else content)
    done = subprocess.run(
        [sys.executable, "-IS", foreign, "version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "kubectl-kubervisor 0.1.0\n"), done.stderr


def test_krew_finds_everything_in_the_archive(programs: Path) -> None:
    assert programs.is_dir()
    manifest = yaml.safe_load((PLUGIN / "kubervisor.krew.yaml").read_text())
    assert manifest["spec"]["version"] == f"v{__version__}"
    (platform,) = manifest["spec"]["platforms"]
    packed = PLUGIN / "kubectl-kubervisor.tar.gz"
    assert platform["sha256"] == hashlib.sha256(packed.read_bytes()).hexdigest()
    with tarfile.open(packed) as tar:
        members = {member.name: member.mode for member in tar.getmembers()}
    assert {one["from"] for one in platform["files"]} == members.keys()
    assert members[platform["bin"]] == 0o755
    assert "LICENSE" in members
    assert len(manifest["spec"]["shortDescription"]) <= 50


def test_the_start_needs_no_module_that_takes_long() -> None:
    """The start must not be felt: a module that pulls in `inspect` doubles it."""
    slow = {"dataclasses", "inspect", "argparse", "urllib.request", "logging", "asyncio", "ssl"}
    script = (
        "import sys, importlib, pathlib\n"
        "from kubectl_kubervisor import cli\n"
        "for command in cli.COMMANDS.values():\n"
        "    importlib.import_module(f'kubectl_kubervisor.{command.module}')\n"
        f"print(*sorted({slow!r} & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": str(ROOT / "kubectl-plugin")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "\n"
