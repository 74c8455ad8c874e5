"""Downloads an archive by HTTP, if it has changed: bounded, the token for its own host only."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from kubervisor import __version__
from kubervisor.datarollout.repository.addresses import Addresses
from kubervisor.datarollout.repository.archives import read_archive
from kubervisor.datarollout.repository.credentials import Credential
from kubervisor.datarollout.repository.fetching import Fetched
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import SourceSpec
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceNotAllowed,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import status_error
from kubervisor.sources.wire import AnswerTooLarge, open_pool

MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_HEAD_BYTES = 64 * 1024
_CHUNK = 256 * 1024


class HttpArchiveFetcher:
    """One archive at one URL. One that `stays` follows no redirect to another host."""

    def __init__(
        self,
        spec: SourceSpec,
        *,
        scratch: Path,
        limits: Limits,
        credential: Callable[[], Credential],
        addresses: Addresses,
        stays: bool,
    ) -> None:
        self._spec, self._scratch, self._limits = spec, scratch, limits
        self._credential, self._addresses, self._stays = credential, addresses, stays

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        """As `Fetcher` says; a revision is an ETag or the instant of the last change, as the server
        wrote it.
        """
        deadline = time.monotonic() + self._limits.seconds
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            fetched = self._download(file, known, deadline)
            if fetched is not None:
                file.seek(0)
                read_archive(file, tree, under=self._spec.path)
            return fetched

    def _download(self, file: IO[bytes], known: str, deadline: float) -> Fetched | None:
        credential, here = self._credential(), urlsplit(self._spec.url)
        for _ in range(MOST_REDIRECTS + 1):
            at_home = here.netloc == urlsplit(self._spec.url).netloc
            shown = credential if at_home else Credential(ca=credential.ca)
            wanted = _Request(here, shown, known)
            status, headers = self._get(wanted, file, deadline)
            if status == 304:
                return None
            if status not in _REDIRECTS:
                return Fetched(_revision(headers), _changed(headers))
            here = _followed(here, headers.get("Location", ""), stays=self._stays)
        raise SourceAnswerUnusable(f"it redirects more than {MOST_REDIRECTS} times")

    def _get(
        self, wanted: _Request, file: IO[bytes], deadline: float
    ) -> tuple[int, Mapping[str, str]]:
        """Status and headers; the body of a 200 is in `file`."""
        host, port = wanted.url.hostname or "", wanted.port
        refusal = self._addresses.refusal
        dial = Dial("it", host, port, self._addresses.lookups, lambda one: refusal(one, port))
        most = self._limits.archive
        pool = open_pool(wanted.url.scheme, host, port, dial, most + _HEAD_BYTES)
        if wanted.credential.ca:
            pool.conn_kw["ssl_context"] = _trusting(wanted.credential.ca)
        left = deadline - time.monotonic()
        try:
            with pool.urlopen(
                "GET",
                wanted.target,
                headers=wanted.headers(),
                timeout=Timeout(total=max(left, 0.001)),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            ) as answer:
                if answer.status == 200:
                    _copy(answer, file)
                elif answer.status != 304 and answer.status not in _REDIRECTS:
                    raise status_error("it", answer.status)
                return answer.status, dict(answer.headers)
        except AnswerTooLarge:
            raise SourceAnswerUnusable(
                f"it has more than {most // MIB} MiB; publish less, or raise --max-archive"
            ) from None
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise SourceTimeout("it did not come in time; raise --fetch-timeout") from None
            raise SourceUnavailable(
                f"it cut the connection, or does not speak HTTP or TLS that can be trusted "
                f"({type(error).__name__})"
            ) from None
        finally:
            pool.close()


@dataclass(frozen=True, slots=True)
class _Request:
    """A GET that wants another revision than `known`."""

    url: SplitResult
    credential: Credential
    known: str

    @property
    def port(self) -> int:
        return self.url.port or (443 if self.url.scheme == "https" else 80)

    @property
    def target(self) -> str:
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")

    def headers(self) -> dict[str, str]:
        # A compressed answer of a compressed file would be one more thing to bound.
        found = {"User-Agent": f"kubervisor/{__version__}", "Accept-Encoding": "identity"}
        if self.credential.header:
            found["Authorization"] = self.credential.header
        if self.known:
            is_etag = self.known.startswith(('"', "W/"))
            found["If-None-Match" if is_etag else "If-Modified-Since"] = self.known
        return found


def _copy(answer: BaseHTTPResponse, file: IO[bytes]) -> None:
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise SourceAnswerUnusable("it came encoded although it was asked not to")
    for chunk in answer.stream(_CHUNK, decode_content=False):
        file.write(chunk)


def _followed(here: SplitResult, location: str, *, stays: bool) -> SplitResult:
    """Where a redirect leads. Raises SourceNotAllowed where it may not lead there."""
    try:
        there = urlsplit(urljoin(here.geturl(), location))
        plain = there.username is None and bool(there.hostname) and (there.port or 1) > 0
    except ValueError:
        plain = False
    if not location or not plain:
        raise SourceAnswerUnusable("it redirects to what is no address")
    if there.scheme not in ("https", "http") or (here.scheme, there.scheme) == ("https", "http"):
        raise SourceNotAllowed("it redirects from https to another protocol")
    if stays and there.netloc != here.netloc:
        raise SourceNotAllowed("it redirects to another host, and annotations may not lead there")
    return there


def _revision(headers: Mapping[str, str]) -> str:
    lowered = {key.lower(): value for key, value in headers.items()}
    found = lowered.get("etag") or lowered.get("last-modified") or ""
    return found if found.isascii() and found.isprintable() and len(found) <= 512 else ""


def _changed(headers: Mapping[str, str]) -> float | None:
    text = {key.lower(): value for key, value in headers.items()}.get("last-modified", "")
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _trusting(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca)
