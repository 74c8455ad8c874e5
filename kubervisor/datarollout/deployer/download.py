"""Downloads an archive, goes on where it was cut off, and believes it for its digest alone."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError

from kubervisor import __version__
from kubervisor.datarollout.deployer.address import Address
from kubervisor.datarollout.deployer.limits import MIB
from kubervisor.datarollout.deployer.problems import (
    RepositoryUnavailable,
    VersionRefused,
)
from kubervisor.datarollout.versions import Version

CONNECT_SECONDS = 5.0
STALL_SECONDS = 30.0
"""So long a repository may say nothing, or less than `SLOWEST` allows."""
SLOWEST = 1024
"""Bytes a second: from one that gives less nothing will ever be complete."""
CHUNK_BYTES = 1 << 18
_TROUBLES = (HTTPError, HTTPException, OSError, ValueError)
_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/(?:[0-9]+|\*)")

Took = Callable[[int], None]
"""Hears of bytes that came in; what it raises ends the download."""


class Downloader:
    """Downloads over one connection, one file after the other."""

    def __init__(self, *, most_bytes: int, stall_seconds: float = STALL_SECONDS) -> None:
        self._most_bytes, self._stall_seconds = most_bytes, stall_seconds
        # No proxies and no redirects: a pod's repository is in its cluster, at its address.
        self._pool = urllib3.PoolManager(num_pools=2, maxsize=1, retries=False)

    def fetch(
        self, address: Address, source: str, version: Version, into: Path, took: Took
    ) -> None:
        """Return once `into` is the version's archive; what there is of it is not asked for again.

        Raises RepositoryUnavailable (what has come is kept), VersionRefused (nothing is kept),
        OSError, and what `took` raises (kept).
        """
        try:
            if not self._fetch(address, source, version, into, took):
                # There is no more of it: either it was complete, or it is another file.
                if _digest(into) == version.sha256:
                    return
                into.unlink()
                self._fetch(address, source, version, into, took)
            if _digest(into) != version.sha256:
                raise VersionRefused(
                    f"the repository gave other bytes for {source}/{version.path} than its digest "
                    "names"
                )
        except VersionRefused:
            into.unlink(missing_ok=True)
            raise

    def _fetch(
        self, address: Address, source: str, version: Version, into: Path, took: Took
    ) -> bool:
        """Append what is missing; False where the repository says that nothing is."""
        have = into.stat().st_size if into.exists() else 0
        answer = self._open(address, f"{quote(source)}/{version.path}", version, have)
        try:
            if answer.status == 416 and have:
                return False
            self._refuse(answer, f"{source}/{version.path}", have)
            start = have if answer.status == 206 else 0
            self._refuse_size(start + _length(answer))
            with into.open("r+b" if start else "wb") as file:
                file.seek(start)
                self._copy(answer, file.fileno(), start, took)
        except _Broken as broken:
            raise RepositoryUnavailable(broken.told) from broken.error
        finally:
            answer.close()
        return True

    def _open(
        self, address: Address, path: str, version: Version, have: int
    ) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept-Encoding": "identity",
            "User-Agent": f"kubervisor/{__version__}",
            **address.headers(),
        }
        if have:
            # Without the same tag the repository gives all of it: the rest of another file is none.
            headers |= {"Range": f"bytes={have}-", "If-Range": f'"{version.sha256}"'}
        try:
            return self._pool.request(
                "GET",
                f"{address.url}/{path}",
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._stall_seconds),
                redirect=False,
                preload_content=False,
            )
        except _TROUBLES as error:
            raise RepositoryUnavailable(
                f"the repository {address.url} does not answer ({type(error).__name__})"
            ) from error

    def _refuse(self, answer: urllib3.BaseHTTPResponse, what: str, have: int) -> None:
        status = answer.status
        if status >= 500 or status in (408, 429):
            raise RepositoryUnavailable(f"the repository failed with HTTP {status} for {what}")
        if 300 <= status < 400:
            raise VersionRefused(
                f"the repository answered with a redirect ({status}), which is never followed: "
                "name its final address"
            )
        if status in (401, 403):
            raise VersionRefused(f"the repository wants another token (HTTP {status})")
        if status == 404:
            raise VersionRefused(f"the repository has no {what}")
        if status not in (200, 206):
            raise VersionRefused(f"the repository answered HTTP {status} for {what}")
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise VersionRefused("the repository answered compressed although asked not to")
        if status == 206:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if not have or found is None or int(found[1]) != have:
                raise VersionRefused("the repository gave another part of the file than asked for")

    def _refuse_size(self, size: int) -> None:
        if size > self._most_bytes:
            raise VersionRefused(f"the archive is larger than {self._most_bytes // MIB} MiB")

    def _copy(self, answer: urllib3.BaseHTTPResponse, file: int, start: int, took: Took) -> None:
        size, window, since = start, 0, time.monotonic()
        while chunk := _read(answer):
            size, window = size + len(chunk), window + len(chunk)
            self._refuse_size(size)
            _write_all(file, chunk)
            took(len(chunk))
            if (passed := time.monotonic() - since) >= self._stall_seconds:
                if window < SLOWEST * passed:
                    raise RepositoryUnavailable(
                        f"the repository gives less than {SLOWEST} bytes a second"
                    )
                window, since = 0, time.monotonic()
        os.ftruncate(file, size)


class _Broken(Exception):
    """Reading broke; not an OSError, so that one of writing is told from it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
        silent = isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError)
        self.told = "the repository fell silent" if silent else "the repository hung up"


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    try:
        return answer.read1(CHUNK_BYTES)
    except _TROUBLES as error:
        raise _Broken(error) from error


def _length(answer: urllib3.BaseHTTPResponse) -> int:
    """What is announced; 0 where nothing is, or nothing that could be believed."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


def _write_all(file: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(file, left) :]


def _digest(path: Path) -> str:
    """Of a file, in upper case."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().upper()
