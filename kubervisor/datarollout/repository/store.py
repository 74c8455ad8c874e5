"""Archives on a disk, by the digest of their bytes, and which of them are which source's versions.

An archive is written under another name, synced and renamed; only then the record that names it is
replaced. Whatever step the process ends at, what was published is whole, and the next start clears
away the rest.

    FOLDER/lock  FOLDER/sources/NAME.json  FOLDER/blobs/SHA256.tar.zst  FOLDER/partial/…
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from kubervisor.datarollout.repository.limits import MIB
from kubervisor.datarollout.repository.pack import Packed
from kubervisor.datarollout.repository.records import (
    Held,
    Record,
    is_source,
    read_record,
    sync_folder,
    without,
    write_record,
)
from kubervisor.datarollout.repository.retention import Retention, held_bytes, surplus
from kubervisor.datarollout.versions import Version
from kubervisor.errors import SourceUnavailable
from kubervisor.telemetry.logs import Log

ENDING = ".tar.zst"


class StoreInUse(OSError):
    """Another process has the folder."""


class Store:
    """The archives in `folder`, which is this process's alone. Safe for any number of threads;
    reading never waits.

    Raises OSError where the folder cannot be used, StoreInUse where another process has it.
    """

    def __init__(self, folder: Path, log: Log) -> None:
        self._log = log
        self._sources, self._blobs = folder / "sources", folder / "blobs"
        self.partial = folder / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = _locked(folder / "lock")
        self._lock = threading.Lock()
        shutil.rmtree(self.partial, ignore_errors=True)
        for place in (self._sources, self._blobs, self.partial):
            place.mkdir(exist_ok=True)
        self._records: Mapping[str, Record] = self._restored()
        self._drop_unnamed()

    def records(self) -> Mapping[str, Record]:
        """The records by source, as they are now."""
        return self._records

    def record(self, source: str) -> Record:
        """The record of a source, an empty one where nothing is known of it."""
        return self._records.get(source, Record())

    def find(self, source: str, path: str) -> tuple[Version, Path] | None:
        """A published version and its archive. Neither name becomes part of a path."""
        versions = self.record(source).versions
        found = next((version for version in versions if version.path == path), None)
        return None if found is None else (found, self._blob(found.sha256))

    def publish(self, source: str, archive: Path, packed: Packed, held: Held, *, most: int) -> None:
        """Make `archive`, which is in `partial`, the newest version of a source.

        Raises SourceUnavailable where the source would have more than `most` bytes, and OSError.
        """
        with self._lock:
            record = self.record(source)
            blob = self._blob(packed.sha256)
            total = held_bytes([*record.versions, held.version])
            if total > most:
                raise SourceUnavailable(
                    f"its versions would have {total // MIB} MiB, {most // MIB} may be and none "
                    "may go; raise --max-source"
                )
            if blob.exists():
                archive.unlink()
            else:
                archive.replace(blob)
                sync_folder(self._blobs)
            self._write(source, replace(record, held=(*record.held, held)))

    def note(self, source: str, *, origin: str, revision: str, spec: str) -> None:
        """Remember which revision was looked at. Raises OSError."""
        with self._lock:
            record = replace(self.record(source), origin=origin, revision=revision, spec=spec)
            if record != self.record(source):
                self._write(source, record)

    def republish(self, source: str, held: Held) -> None:
        """Make a version that is there already the newest, under another path. Raises OSError."""
        with self._lock:
            record = self.record(source)
            self._write(source, replace(record, held=(*record.held, held)))

    def retain(
        self,
        source: str,
        rule: Retention,
        *,
        in_use: frozenset[str] | None,
        most: int,
        now: float,
    ) -> tuple[Version, ...]:
        """Let go of what need not stay, and of more where all have over `most` bytes; what went.
        Raises OSError.
        """
        with self._lock:
            record = self.record(source)
            gone = surplus(record.versions, rule, in_use=in_use, most_bytes=most, now=now)
            if gone:
                self._write(source, without(record, gone))
                self._drop_unnamed()
        return gone

    def forget(self, source: str) -> None:
        """Drop all versions of a source. Raises OSError."""
        with self._lock:
            (self._sources / f"{source}.json").unlink(missing_ok=True)
            self._records = {name: one for name, one in self._records.items() if name != source}
            self._drop_unnamed()

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock_file.close()

    def _write(self, source: str, record: Record) -> None:
        write_record(self._sources / f"{source}.json", record)
        self._records = {**self._records, source: record}

    def _restored(self) -> dict[str, Record]:
        records = {}
        for path in filter(is_source, sorted(self._sources.iterdir())):
            try:
                record = read_record(path)
            except ValueError as error:
                aside = path.with_suffix(".unreadable")
                path.replace(aside)
                self._log.error("Put a record aside", record=str(aside), error=str(error))
                continue
            lost = tuple(one for one in record.versions if not self._is_whole(one))
            for version in lost:
                self._log.error("Lost an archive", source=path.stem, version=version.path)
            # Without the last revision, what was lost is fetched again.
            records[path.stem] = replace(without(record, lost), revision="") if lost else record
        return records

    def _is_whole(self, version: Version) -> bool:
        try:
            return self._blob(version.sha256).stat().st_size == version.size
        except OSError:
            return False

    def _drop_unnamed(self) -> None:
        named = {
            self._blob(version.sha256)
            for record in self._records.values()
            for version in record.versions
        }
        for path in set(self._blobs.iterdir()) - named:
            path.unlink(missing_ok=True)

    def _blob(self, sha256: str) -> Path:
        return self._blobs / f"{sha256}{ENDING}"


def _locked(path: Path) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StoreInUse(
            f"{path.parent} is used by another repository; wait for it to end, or name another "
            f"folder ({os.strerror(error.errno or 0)})"
        ) from None
    return file
