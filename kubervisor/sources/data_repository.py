"""Asks the data repository for its manifest: one bounded GET, repeated only where it changed."""

from __future__ import annotations

import time
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from urllib3 import Timeout
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, SSLError

from kubervisor import __version__
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.dial import Dial
from kubervisor.sources.lookups import Lookups
from kubervisor.sources.wire import AnswerTooLarge, open_pool

MOST_BYTES = 32 * 2**20
MOST_TOKEN = 64 * 1024
_MANIFEST = "/.manifest"
_PORTS = {"http": 80, "https": 443}


class ManifestClient:
    """The repository at `url`, which the administrator chose: its address is not questioned. Used
    by one thread at a time.

    The token goes there alone: no redirect is followed, and no proxy of the environment used.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        token_file: Path | None = None,
        ca_file: Path | None = None,
    ) -> None:
        """`timeout` in seconds, for a whole answer."""
        parts = urlsplit(url)
        self._title = f"The data repository {parts.scheme}://{parts.netloc}"
        self._target = parts.path.rstrip("/") + _MANIFEST
        self._timeout, self._token_file = timeout, token_file
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        dial = Dial(self._title, host, port, Lookups(), lambda _: None)
        self._pool = open_pool(parts.scheme, host, port, dial, MOST_BYTES)
        if ca_file is not None and isinstance(self._pool, HTTPSConnectionPool):
            self._pool.ca_certs = str(ca_file)
        self._etag = ""

    def read(self) -> bytes | None:
        """The manifest; None where it is the one that was read last. Raises SourceError."""
        began = time.monotonic()
        try:
            answer = self._pool.request(
                "GET",
                self._target,
                headers=self._headers(),
                timeout=Timeout(total=self._timeout),
                redirect=False,
                retries=False,
            )
        except AnswerTooLarge:
            raise SourceAnswerUnusable(
                f"{self._title} has a manifest of more than {MOST_BYTES // 2**20} MiB"
            ) from None
        except SSLError:
            raise SourceUnavailable(
                f"{self._title} speaks no TLS, or presents a certificate that is not trusted"
            ) from None
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if time.monotonic() - began >= self._timeout:
                raise SourceTimeout(
                    f"{self._title} gave no complete manifest within {self._timeout:g} s"
                ) from None
            raise SourceUnavailable(
                f"{self._title} cut the connection or does not speak HTTP ({type(error).__name__})"
            ) from None
        if answer.status == 304 and self._etag:
            return None
        if 300 <= answer.status < 400:
            raise SourceAnswerUnusable(
                f"{self._title} answered with a redirect ({answer.status}), which is never "
                "followed; write its final address"
            )
        if answer.status in (401, 403):
            raise SourceRejected(f"{self._title} wants another token (HTTP {answer.status})")
        if answer.status != 200:
            raise SourceUnavailable(f"{self._title} answered HTTP {answer.status}")
        self._etag = answer.headers.get("ETag", "")
        return answer.data

    def forget(self) -> None:
        """Have the next manifest in any case: the last could not be used."""
        self._etag = ""

    def close(self) -> None:
        """Close the connection that is kept."""
        self._pool.close()

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"kubervisor-datarollout/{__version__}",
        }
        if self._etag:
            headers["If-None-Match"] = self._etag
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {self._token(self._token_file)}"
        return headers

    def _token(self, path: Path) -> str:
        """Read anew each time: a mounted Secret changes, and it is a few bytes."""
        try:
            with path.open("rb") as file:
                token = file.read(MOST_TOKEN).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            token = ""
        if not token or not token.isprintable() or " " in token:
            raise SourceUnavailable(f"{self._title} was not asked: its token file holds no token")
        return token
