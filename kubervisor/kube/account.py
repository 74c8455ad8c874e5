"""The door to the API server for programs that run in every pod: by the pod's own service account,
without the client library, which alone takes a third of their memory.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from kubervisor import __version__
from kubervisor.errors import ApiError, ApiUnavailable
from kubervisor.kube import failures
from kubervisor.kube.exchange import Query, refuse_failure, send
from kubervisor.kube.text import one_line
from kubervisor.text import without_secrets

FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CHUNK_BYTES = 1 << 16
LARGEST_ANSWER = 16 << 20
"""Bytes; an object of the API is at most a tenth of it."""


class Door(Protocol):
    """What `kubervisor.kube.client.Api` and `Account` have in common. Both raise ApiError, the
    lines of a stream also while they are read.
    """

    @property
    def namespace(self) -> str: ...

    def request(
        self,
        method: str,
        path: str,
        /,
        *,
        query: Query | None = None,
        body: object = None,
        content_type: str | None = None,
        timeout: float = 10.0,
    ) -> bytes: ...

    def stream(
        self, path: str, query: Query | None = None, /, *, read_timeout: float
    ) -> Iterable[bytes]: ...


class Account:
    """Requests in the name of the account that the kubelet keeps in `folder`.

    Raises ApiError where there is none.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder, self._address = folder, address
        try:
            self.namespace = (folder / "namespace").read_text().strip()
            self._pool = urllib3.PoolManager(ca_certs=str(folder / "ca.crt"), maxsize=4)
        except OSError as error:
            raise ApiError(f"The pod's account in {folder} cannot be read: {error}") from error

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        content_type: str | None = None,
        timeout: float = 10.0,
    ) -> bytes:
        """The body of a 2xx answer; `body` is sent as JSON. Raises ApiError."""
        request, deadline = failures.describe(method, path), time.monotonic() + timeout
        payload = None if body is None else msgspec.json.encode(body)
        kind = content_type or "application/json"
        answer = self._open(request, method, path, query, payload, kind, timeout)
        data = b"".join(_within(deadline, _chunks(request, answer)))
        refuse_failure(request, answer, data, kind)
        return data

    def stream(
        self, path: str, query: Query | None = None, *, read_timeout: float
    ) -> Iterator[bytes]:
        """The lines of an answer that goes on; a silence of `read_timeout` seconds ends it.

        Raises ApiError, also while they are read.
        """
        request = failures.describe("WATCH", path)
        answer = self._open(request, "GET", path, query, None, "", read_timeout)
        if answer.status >= 300:
            refuse_failure(request, answer, b"".join(_chunks(request, answer)), "")
        rest = b""
        for chunk in _chunks(request, answer):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LARGEST_ANSWER:
                raise ApiUnavailable(f"{request}: a line of the answer does not end")
            yield from filter(None, lines)

    def _open(
        self,
        request: str,
        method: str,
        path: str,
        query: Query | None,
        payload: bytes | None,
        kind: str,
        timeout: float,
    ) -> urllib3.BaseHTTPResponse:
        url = f"{self._address}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json", "User-Agent": f"kubervisor/{__version__}"}
        if payload is not None:
            headers["Content-Type"] = kind
        try:
            # Read each time, for the kubelet renews it.
            token = (self._folder / "token").read_text().strip()
            return send(
                self._pool,
                method,
                url,
                payload=payload,
                headers={**headers, "Authorization": f"Bearer {token}"},
                timeout=timeout,
            )
        except ValueError:
            # Not told which: http.client quotes the header that it rejects, the token with it.
            raise ApiError(f"{request}: the token in {self._folder} cannot be sent") from None
        except (HTTPError, HTTPException, OSError) as error:
            raise _unavailable(request, error) from error


def open_door(kubeconfig: str | None) -> Door:
    """The account of the pod that we run in; elsewhere, or where `kubeconfig` is given, what that
    names, by the client library. Raises ApiError where there is neither.
    """
    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    if kubeconfig is None and host and (FOLDER / "token").exists():
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        return Account(FOLDER, f"https://{f'[{host}]' if ':' in host else host}:{port}")
    client = importlib.import_module("kubervisor.kube.client")
    return cast("Door", client.connect(kubeconfig, user_agent=f"kubervisor/{__version__}"))


def _chunks(request: str, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := answer.read1(CHUNK_BYTES):
            yield chunk
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise _unavailable(request, error) from error
    finally:
        # At its end it has gone back to the pool by itself; else nobody else may read its rest.
        answer.close()


def _within(deadline: float, chunks: Iterable[bytes]) -> Iterator[bytes]:
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > LARGEST_ANSWER or time.monotonic() > deadline:
            raise ApiUnavailable("The API server's answer is too large, or takes too long")
        yield chunk


def _unavailable(request: str, error: Exception) -> ApiUnavailable:
    told = one_line(without_secrets(str(error)), failures.SERVER_TEXT_LIMIT)
    return ApiUnavailable(
        f"{request}: {type(error).__name__}: {told}",
        sent=not isinstance(error, NewConnectionError | ConnectTimeoutError),
    )
