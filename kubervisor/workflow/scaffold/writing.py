"""Which files of a project are written, decided before the first one is.

A generated file carries a mark in its first line and is written anew; the user's are made once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.manifests import MARK


class Deed(StrEnum):
    """What is done to a file; the words are those of the report."""

    CREATE = "create"
    REWRITE = "rewrite"
    REMOVE = "remove"
    OVERWRITE = "overwrite"
    KEEP = "keep"
    LEAVE = "unchanged"


@dataclass(frozen=True, slots=True)
class Step:
    """One file, by its path in the project, and what it will hold; nothing where it goes."""

    deed: Deed
    path: str
    text: str = ""

    @property
    def changes(self) -> bool:
        return self.deed not in {Deed.KEEP, Deed.LEAVE}

    @property
    def of_generated(self) -> bool:
        """Whether the file is not the user's."""
        return self.deed is Deed.REMOVE or self.text.startswith(MARK)


def planned(
    generated: Mapping[str, str],
    users: Mapping[str, str],
    there: Mapping[str, str],
    *,
    force: bool = False,
) -> tuple[Step, ...]:
    """What is done to each file, in the order of their paths. `there` are files of the project; one
    that was generated and is not any more goes.

    With `force` the user's are made anew too. Raises SpecError where without it a file that is not
    marked is in the place of a generated one.
    """
    strange = [path for path in generated if not there.get(path, MARK).startswith(MARK)]
    if strange and not force:
        raise SpecError(
            f"{', '.join(sorted(strange))}: would be generated, but what is there was not; move it "
            "away (-f overwrites it, and also your own files)"
        )
    steps = [
        _step(path, text, there, Deed.OVERWRITE if path in strange else Deed.REWRITE)
        for path, text in generated.items()
    ]
    steps += [
        _step(path, text, there, Deed.OVERWRITE if force else Deed.KEEP)
        for path, text in users.items()
    ]
    steps += [
        Step(Deed.REMOVE, path)
        for path in there.keys() - generated.keys() - users.keys()
        if there[path].startswith(MARK)
    ]
    return tuple(sorted(steps, key=lambda step: step.path))


def _step(path: str, text: str, there: Mapping[str, str], otherwise: Deed) -> Step:
    old = there.get(path)
    if old is None:
        return Step(Deed.CREATE, path, text)
    return Step(Deed.LEAVE if old == text else otherwise, path, text)


def read_files(root: Path, generated: Iterable[str], users: Iterable[str]) -> dict[str, str]:
    """What is at these paths of a project, and beside the generated ones.

    Raises SpecError where something cannot be read, or a folder is a link that leads elsewhere.
    """
    folders = {(root / path).parent for path in generated}
    for folder in sorted(folders):
        if not folder.resolve().is_relative_to(root.resolve()):
            raise SpecError(f"{folder}: leads out of the project, where nothing is written")
    paths = {path for folder in folders if folder.is_dir() for path in folder.iterdir()}
    paths |= {root / path for path in users}
    return {
        path.relative_to(root).as_posix(): _text(path) for path in sorted(paths) if path.is_file()
    }


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="surrogateescape")
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror})") from None


def write(root: Path, steps: tuple[Step, ...]) -> None:
    """Do what was planned. A file is there whole or not at all.

    Raises SpecError where one cannot be written.
    """
    for step in steps:
        path = root / step.path
        try:
            if step.deed is Deed.REMOVE:
                path.unlink()
            elif step.changes:
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, step.text)
        except OSError as error:
            raise SpecError(f"{path}: cannot be written ({error.strerror})") from None


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
