"""The HTTP session of one source: bounded, and led astray neither by it nor by the environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from kubervisor import __version__
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceError,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.dial import Dial
from kubervisor.sources.wire import AnswerTooLarge, open_pool
from kubervisor.text import without_secrets

MIB = 1024 * 1024


class _OnePool(HTTPAdapter):
    """Sends every request through one pool, so none can go elsewhere."""

    def __init__(self, pool: HTTPConnectionPool) -> None:
        super().__init__(max_retries=0)
        self._pool = pool

    def use(self, pool: HTTPConnectionPool) -> None:
        """Send through `pool` from now on; the old one closes once nobody uses it any more."""
        self._pool = pool

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


class SourceSession(requests.Session):
    """Asks one source. Safe to use from several threads: it keeps no cookies and no history.

    `send` raises SourceError only, wants a `urllib3.Timeout` with a total, and leaves the status to
    its caller: what it returns is complete, not encoded and not a redirect.
    """

    def __init__(
        self, url: str, dial: Dial, max_bytes: int, credentials: Credentials | None = None
    ) -> None:
        super().__init__()
        self._title = dial.title
        self._max_bytes = max_bytes
        self._credentials = credentials
        self._stamps: object = None
        parts = urlsplit(url)
        self._open_pool = partial(
            open_pool, parts.scheme, parts.hostname or "", dial.port, dial, max_bytes
        )
        self._adapter = _OnePool(self._open_pool())
        self.trust_env = False  # no proxies and no .netrc credentials
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        # A compressed answer may be a thousand times larger than what the limit counts.
        self.headers = CaseInsensitiveDict(
            {
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"kubervisor/{__version__}",
            }
        )

    def get_adapter(self, url: str | bytes) -> BaseAdapter:
        """Always ours: PrometheusConnect mounts one without limits over whatever is mounted."""
        return self._adapter

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirect is never followed, for it leads past every check of the address."""

    def close(self) -> None:
        """Close the connections that are kept."""
        self._adapter.close()
        super().close()

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The complete response. Raises SourceError."""
        with self.opened(request, **kwargs) as response:
            response.content  # noqa: B018  # read here, where its errors become ours
            return response

    @contextmanager
    def opened(
        self, request: requests.PreparedRequest, **kwargs: Any
    ) -> Iterator[requests.Response]:
        """The response, of which nothing but the head is read yet. Raises SourceError, and so does
        reading the rest within the block; leaving it early closes the connection.
        """
        if self._credentials is not None:
            self._credentials.sign(request)
            self._renew_connections(self._credentials)
            kwargs["verify"], kwargs["cert"] = self._credentials.verify, self._credentials.cert
        total = kwargs["timeout"].total
        started = time.monotonic()
        kwargs["stream"] = True
        try:
            with super().send(request, **kwargs) as response:
                self._refuse_unreadable(response)
                yield response
        except AnswerTooLarge:
            raise SourceAnswerUnusable(
                f"{self._title} answered more than {self._max_bytes // MIB} MiB. Ask for fewer "
                f"series or labels."
            ) from None
        except requests.exceptions.SSLError:
            raise SourceUnavailable(
                f"{self._title} speaks no TLS, or presents a certificate that is not trusted, "
                f"or does not trust ours."
            ) from None
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if time.monotonic() - started >= total:
                raise SourceTimeout(
                    f"{self._title} gave no complete answer within {total:.3g} s. Simplify the "
                    f"query, or look at the load of the source."
                ) from None
            raise SourceUnavailable(
                f"{self._title} cut the connection or does not speak HTTP ({type(error).__name__})."
            ) from None

    def _renew_connections(self, credentials: Credentials) -> None:
        """Connect anew where what connections are made with has changed."""
        stamps = credentials.tls_stamps()
        if self._stamps not in (None, stamps):
            self._adapter.use(self._open_pool())
        self._stamps = stamps

    def _refuse_unreadable(self, response: requests.Response) -> None:
        if 300 <= response.status_code < 400:
            raise SourceAnswerUnusable(
                f"{self._title} answered with a redirect ({response.status_code}), which is never "
                f"followed. Name the final address."
            )
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceAnswerUnusable(
                f"{self._title} answered compressed although it was asked not to. Turn compression "
                f"off there."
            )


def status_error(title: str, status: int, said: str = "") -> SourceError:
    """The error that an answer other than 200 means; `said` is the source's own explanation."""
    because = f": {said}" if said else ""
    if status >= 500:
        return SourceUnavailable(f"{title} failed with HTTP {status}{because}.")
    if status in (401, 403):
        return SourceRejected(f"{title} wants other credentials (HTTP {status}){because}.")
    if status >= 400:
        return SourceRejected(f"{title} rejected the request with HTTP {status}{because}.")
    return SourceAnswerUnusable(f"{title} answered HTTP {status} where 200 is wanted.")


def excerpt(text: str, limit: int = 160) -> str:
    """`text` on one line, without control characters or credentials, cut to `limit` characters."""
    plain = "".join(
        character if character.isprintable() else " "
        for character in without_secrets(text[: 4 * limit])
    )
    line = " ".join(plain.split()).rstrip(".")
    return line if len(line) <= limit else line[: limit - 1] + "…"
