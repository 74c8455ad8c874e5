"""What the repository remembers of each source: one file per source, replaced as a whole.

So nothing that happens to one source's file, or while it is written, is another source's trouble.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kubervisor.datarollout.needs import NAME
from kubervisor.datarollout.versions import Version

MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """A published version. `content` is the fingerprint of its files, whatever their instant."""

    version: Version
    content: str


@dataclass(frozen=True, slots=True)
class Record:
    """A source's versions, the oldest first. `revision` of `origin` was looked at last. `spec` is
    the text of a source that pods set up, "" of one that was configured.
    """

    held: tuple[Held, ...] = ()
    origin: str = ""
    revision: str = ""
    spec: str = ""

    @property
    def versions(self) -> tuple[Version, ...]:
        return tuple(one.version for one in self.held)

    def known(self, origin: str) -> str:
        """The revision that need not be fetched again, "" where the source is another now."""
        return self.revision if self.origin == origin and self.held else ""


def read_record(path: Path) -> Record:
    """The record in a file. Raises ValueError where it is none, and OSError."""
    with path.open("rb") as file:
        text = file.read(MOST_BYTES)
    try:
        found = json.loads(text)
        held = tuple(_held(entry) for entry in found["versions"])
        words = {key: str(found[key]) for key in ("origin", "revision", "spec")}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from error
    return Record(tuple(sorted(held, key=lambda one: one.version.at)), **words)


def write_record(path: Path, record: Record) -> None:
    """Replace the file; after a crash it is the old one or the new one. Raises OSError."""
    versions = [
        {
            "path": one.version.path,
            "sha256": one.version.sha256,
            "at": one.version.at,
            "size": one.version.size,
            "content": one.content,
        }
        for one in record.held
    ]
    words = {"origin": record.origin, "revision": record.revision, "spec": record.spec}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(json.dumps({"versions": versions, **words}, indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have what was renamed in `folder` survive a power failure. Raises OSError."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def without(record: Record, gone: tuple[Version, ...]) -> Record:
    """The record without these versions."""
    return replace(record, held=tuple(one for one in record.held if one.version not in gone))


def is_source(path: Path) -> bool:
    """Whether a file is a source's record, by its name."""
    return path.suffix == ".json" and NAME.fullmatch(path.stem) is not None


def _held(entry: Any) -> Held:
    version = Version(entry["path"], entry["sha256"], float(entry["at"]), int(entry["size"]))
    return Held(version, str(entry["content"]))
