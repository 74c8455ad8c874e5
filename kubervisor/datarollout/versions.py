"""Versions of data, as manifest, requests and statuses name them.

Pure. The forms are AutoCrane's: a manifest is JSON with lists by source, a request is base64 of
JSON, with the same three fields. Two versions with the same bytes are the same version.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubervisor import instants
from kubervisor.text import printable

LONGEST_NOTE = 4096
"""Characters of a request or status that are read: whoever may patch the pod can write one."""
LONGEST_MESSAGE = 512

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a source. `path` is its file's name in the repository, `sha256` of that file in
    upper case, `at` when the source had it (Unix seconds), `size` bytes of the file, 0 if unknown.

    Raises ValueError where path or digest cannot be used: both become parts of URLs and folders.
    """

    path: str
    sha256: str
    at: float = 0.0
    size: int = 0

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{printable(self.path[:80])!r} is no name of an archive")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{printable(self.sha256[:80])!r} is no SHA-256 in hexadecimal")
        if not math.isfinite(self.at) or self.size < 0:
            raise ValueError(f"{self.path}: its instant or its size is no number")
        object.__setattr__(self, "sha256", self.sha256.upper())

    def is_same(self, other: Version | None) -> bool:
        """Whether both are the same bytes, whatever they are called."""
        return other is not None and self.sha256 == other.sha256


@dataclass(frozen=True, slots=True)
class Request:
    """What a pod was asked to have; `at` is when (Unix seconds), None where nobody knows."""

    version: Version
    at: float | None


class Progress(StrEnum):
    """How far a pod's deployer is with what it was asked for."""

    FETCHING = "fetching"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployer's last word on one source: `at` is since when this is so (Unix seconds).

    With `failed`, `version` is the one that could not be brought; the pod has what it had.
    """

    version: Version
    progress: Progress
    at: float
    message: str = ""


def write_request(request: Request) -> str:
    """The annotation's text.

    >>> read_request(write_request(Request(Version("a.tar", "0" * 64), 7))).at
    7.0
    """
    at = None if request.at is None else int(request.at)
    return base64.b64encode(_json({**_named(request.version), "UnixTimestampSeconds": at})).decode()


def read_request(text: str | None) -> Request | None:
    """What the annotation asks for; None where there is none or it cannot be read."""
    try:
        found = json.loads(base64.b64decode((text or "")[:LONGEST_NOTE], validate=True))
        version, at = _version(found), found.get("UnixTimestampSeconds")
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, RecursionError):
        return None
    return Request(version, float(at) if _is_instant(at) else None)


def write_deployed(deployed: Deployed) -> str:
    """The annotation's text: the request's fields, `State` and `Message`, in plain JSON. It is
    never longer than what is read.
    """
    return _json(
        {
            **_named(deployed.version),
            "UnixTimestampSeconds": int(deployed.at),
            "State": deployed.progress.value,
            "Message": printable(deployed.message)[:LONGEST_MESSAGE],
        }
    ).decode()


def read_deployed(text: str | None) -> Deployed | None:
    """What a deployer says; None where it said nothing that can be read."""
    try:
        found = json.loads((text or "")[:LONGEST_NOTE])
        version, at = _version(found), found["UnixTimestampSeconds"]
        progress = Progress(found["State"])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    if not _is_instant(at):
        return None
    message = found.get("Message")
    said = printable(message)[:LONGEST_MESSAGE] if isinstance(message, str) else ""
    return Deployed(version, progress, float(at), said)


def write_manifest(sources: Mapping[str, tuple[Version, ...]]) -> bytes:
    """The repository's manifest: of each source its versions, the newest last."""
    entries = {
        name: [
            {
                "ArchiveFilePath": version.path,
                "Hash": version.sha256,
                "Timestamp": instants.render(version.at, "seconds"),
                "Size": version.size,
            }
            for version in sorted(versions, key=lambda one: one.at)
        ]
        for name, versions in sorted(sources.items())
    }
    return _json({"Sources": entries})


def read_manifest(text: bytes) -> dict[str, tuple[Version, ...]]:
    """The versions by source, the oldest first. An entry that cannot be read is left out by itself.

    Raises ValueError where the whole is no manifest.
    """
    try:
        sources = json.loads(text)["Sources"]
        found = {str(name): tuple(_entries(entries)) for name, entries in sources.items()}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(f"this is no manifest of a data repository: {error}") from error
    return {name: tuple(sorted(some, key=lambda one: one.at)) for name, some in found.items()}


def _entries(entries: Any) -> list[Version]:
    versions = []
    for entry in entries if isinstance(entries, list) else ():
        try:
            at = _instant_of(entry.get("Timestamp"))
            versions.append(
                Version(entry["ArchiveFilePath"], entry["Hash"], at, int(entry.get("Size") or 0))
            )
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
            continue
    return versions


def _instant_of(stamp: Any) -> float:
    """Unix seconds as a number, or a text with or without a zone; 0 where it is neither."""
    if _is_instant(stamp):
        return float(stamp)
    text = stamp if isinstance(stamp, str) else ""
    return instants.parse(text) or instants.parse(f"{text}Z") or 0.0


def _is_instant(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


def _version(found: Any) -> Version:
    return Version(found["Path"], found["Hash"])


def _named(version: Version) -> dict[str, object]:
    return {"Path": version.path, "Hash": version.sha256}


def _json(value: object) -> bytes:
    """Characters stand for themselves: escaped, a message would be up to twelve times as long."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
