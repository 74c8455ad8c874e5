"""Runs one deployment again and again, each time killed one step later, as a program of its own.

A step is a call that changes files, or a write of the status. After each kill every link must lead
to a complete version, and a deployer that starts then must bring the folder to where it should be.

`python -m tests.datarollout.killed FOLDER`, with the scenario as JSON on standard input; prints the
number of steps, and fails on the first that leaves something else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kubervisor.datarollout.deployer.download import Downloader
from kubervisor.datarollout.deployer.folder import OURS, DataFolder
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.rounds import Rounds
from kubervisor.datarollout.deployer.site import Site
from kubervisor.datarollout.deployer.statuses import Statuses
from kubervisor.datarollout.needs import REQUEST, STATUS, STORE_DATA, STORE_LOCATION, read_needs
from kubervisor.datarollout.versions import (
    Progress,
    Request,
    Version,
    read_deployed,
    write_request,
)
from kubervisor.kube.own_pod import OwnPod
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from kubervisor.telemetry.deployer_metrics import DeployerMetrics

CHANGES = {"os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "os.chmod", "os.utime"}
UNHEARD = ("write", "ftruncate")
"""Functions of `os` that no audit hook hears of, nor of fsync; that one is left out, for it changes
nothing that a kill could show, and waits for the disk.
"""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
MOST_STEPS = 2000


class Door:
    """Keeps the pod's annotations in a file, for the next process to see."""

    namespace = "shop"

    def __init__(self, kept: Path) -> None:
        self._kept = kept

    def request(self, _method: str, _path: str, **asked: Any) -> bytes:
        notes = {**self.notes(), **asked["body"]["metadata"]["annotations"]}
        self._kept.with_suffix(".new").write_text(json.dumps(notes))
        self._kept.with_suffix(".new").rename(self._kept)
        return b""

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        raise NotImplementedError

    def notes(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        return found


class Scene:
    """A pod's folder, beside it the annotations that its deployers wrote."""

    def __init__(self, place: Path, url: str) -> None:
        self.location, self.kept, self._url = place / "data", place / "notes", url
        self.location.mkdir(parents=True, exist_ok=True)

    def deploy(self, asked: dict[str, Version]) -> None:
        """One round of a deployer that has just started, in a process of its own."""
        door = Door(self.kept)
        notes = {STORE_DATA: ",".join(asked), STORE_LOCATION: str(self.location), **door.notes()}
        for name, version in asked.items():
            notes[f"{REQUEST}{name}"] = write_request(Request(version, 1_700_000_000))
        pod, clock, log = OwnPod("shop", "cart-1", "u1", notes), Clock(), logs.get("test")
        site = Site(
            repository=self._url,
            read_token=str,
            location="",
            limits=Limits(),
            downloader=Downloader(most_bytes=1 << 20),
        )
        statuses = Statuses(door, clock=clock, log=log)
        metrics = DeployerMetrics()
        rounds = Rounds(site, statuses, lambda: pod, clock=clock, metrics=metrics, log=log)
        rounds.run(pod, read_needs(notes))
        assert rounds.is_complete, rounds.problems()

    def contents(self) -> dict[str, str | None]:
        """What each name leads to; None where it leads nowhere, or to less than all of it."""
        links = (path for path in self.location.iterdir() if path.is_symlink())
        return {path.name: _whole(path) for path in links}

    def ready(self, asked: dict[str, Version]) -> list[str]:
        """The names of which the pod says that they are as asked for."""
        said = {
            name: read_deployed(Door(self.kept).notes().get(f"{STATUS}{name}")) for name in asked
        }
        return [
            name
            for name, one in said.items()
            if one and one.progress is Progress.READY and one.version.is_same(asked[name])
        ]

    def leftovers(self) -> list[str]:
        return [path.name for path in (self.location / OURS / "partial").iterdir()]

    def restore(self, saved: Path) -> None:
        shutil.rmtree(self.location.parent)
        shutil.copytree(saved, self.location.parent, symlinks=True)


def _whole(path: Path) -> str | None:
    try:
        text = (path / "text").read_text()
        return text if (path / "sub/more").read_text() == f"more {text}" else None
    except OSError:
        return None


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that is killed before that step; False where it ended before."""
    child = os.fork()
    if child == 0:
        try:
            _count_down(step)
            work()
        except Exception:  # noqa: BLE001 - the parent tells
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the deployer broke"
    return os.WIFSIGNALED(status)


def _count_down(step: int) -> None:
    left = step

    def one() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and arguments[2] & WRITING):
            one()

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            one()
            return call(*arguments)

        return called

    def passed_over(fd: object) -> None:  # noqa: ARG001 - named as the original names it
        one()

    for name in UNHEARD:
        setattr(os, name, counted(getattr(os, name)))
    os.fsync = passed_over
    sys.addaudithook(heard)


def main() -> None:
    place, asked = Path(sys.argv[1]), json.load(sys.stdin)
    scene = Scene(place / "scene", asked["url"])
    logs.set_up(level="error", form="json")
    for before in asked["before"]:
        named = _versions(before)
        assert not killed_at(MOST_STEPS, lambda named=named: scene.deploy(named))  # type: ignore[misc]
    start, wanted = scene.contents(), _versions(asked["asked"])
    for name in asked["damage"]:
        (scene.location / name / "sub/more").unlink()
        start[name] = None
    saved = place / "saved"
    shutil.copytree(scene.location.parent, saved, symlinks=True)
    step = 0
    while killed_at(step, lambda: scene.deploy(wanted)):
        found = scene.contents()
        for name, text in found.items():
            assert text in {start.get(name, asked["texts"][name]), asked["texts"][name]}, (
                f"killed at step {step}: {name} leads to {text!r}"
            )
        assert found.keys() >= start.keys(), f"killed at step {step}: links are gone"
        for name in set(scene.ready(wanted)) - set(asked["damage"]):
            assert found[name] == asked["texts"][name], f"killed at step {step}: ready too early"
        assert not killed_at(MOST_STEPS, lambda: scene.deploy(wanted))
        _assert_done(scene, asked, f"started after step {step}")
        scene.restore(saved)
        step += 1
        assert step < MOST_STEPS
    _assert_done(scene, asked, "not killed at all")
    sys.stdout.write(f"{step}\n")


def _assert_done(scene: Scene, asked: dict[str, Any], when: str) -> None:
    assert scene.contents() == asked["texts"], f"{when}: {scene.contents()}"
    assert scene.leftovers() == [], f"{when}: left over {scene.leftovers()}"
    folder = DataFolder(scene.location)
    for name, version in _versions(asked["asked"]).items():
        used = folder.in_use(name)
        assert used is not None
        assert folder.find(version) is not None, f"{when}: {name} is not whole"
    kept = {path.name[:64] for path in (scene.location / OURS / "versions").iterdir()}
    assert kept == set(asked["kept"]), f"{when}: keeps {kept}"
    said = {key: json.loads(text)["State"] for key, text in Door(scene.kept).notes().items()}
    assert set(said.values()) == {"ready"}, f"{when}: says {said}"


def _versions(named: dict[str, list[str]]) -> dict[str, Version]:
    return {name: Version(path, digest) for name, (path, digest) in named.items()}


if __name__ == "__main__":
    main()
