"""The API server, as plain JSON over HTTPS, for the playground's own needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kubernetes.client import ApiClient, Configuration
from kubernetes.config import load_kube_config
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

Json = dict[str, Any]
"""An object of the API, as decoded."""

REINITIALIZING_SECONDS = 20.0
"""An API server that has just learned of a definition refuses its objects for a moment."""


class ApiRefused(Exception):
    """The API server answered with an error: `status` is the HTTP status, the text its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _is_reinitializing(error: BaseException) -> bool:
    return isinstance(error, ApiRefused) and error.status == 429 and "initializing" in str(error)


class Api:
    """The cluster that a kubeconfig names. Safe to use from several threads."""

    def __init__(self, kubeconfig: Path) -> None:
        self._configuration = Configuration()
        # The client publishes no types for its configuration loader.
        load_kube_config(  # type: ignore[no-untyped-call]
            str(kubeconfig), client_configuration=self._configuration
        )
        # Asked for once: each time the client looks through the environment for proxies, which
        # another thread may be changing.
        self._token = self._configuration.get_api_key_with_prefix("BearerToken")
        # Watches hold a connection each; the pool keeps the rest for reuse.
        self._configuration.connection_pool_maxsize = 32
        self._client = ApiClient(self._configuration)
        self._pool = self._client.rest_client.pool_manager

    def close(self) -> None:
        """Drop the idle connections."""
        self._pool.clear()

    def get(self, path: str, **query: str) -> Json:
        """The object or list at `path`. Raises ApiRefused."""
        return self._send("GET", _with_query(path, query))

    def exists(self, path: str) -> bool:
        """Whether there is an object at `path`."""
        try:
            self.get(path)
        except ApiRefused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def create(self, path: str, body: Json) -> Json:
        """Create `body` in the collection at `path`, or a subresource such as an eviction."""
        return self._send("POST", path, body, "application/json")

    def apply(self, path: str, body: Json) -> Json:
        """Create or change the object at `path` to what `body` says (server-side apply, forced)."""
        path = _with_query(path, {"fieldManager": "playground", "force": "true"})
        return self._send("PATCH", path, body, "application/apply-patch+yaml")

    def merge(self, path: str, body: Json) -> Json:
        """Merge `body` into the object at `path`; a None removes the field."""
        return self._send("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path: str, **query: str) -> None:
        """Delete the object at `path`; that it is gone already is well."""
        try:
            self._send("DELETE", _with_query(path, query))
        except ApiRefused as refused:
            if refused.status != 404:
                raise

    def open_watch(self, path: str, **query: str) -> BaseHTTPResponse:
        """An answer whose body is a stream of watch events, one JSON document a line."""
        query |= {"watch": "true", "allowWatchBookmarks": "true"}
        answer = self._open("GET", _with_query(path, query), timeout=Timeout(connect=5, read=None))
        if answer.status != 200:
            raise _refusal(answer)
        return answer

    @retry(
        retry=retry_if_exception(_is_reinitializing),
        stop=stop_after_delay(REINITIALIZING_SECONDS),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    def _send(self, method: str, path: str, body: Json | None = None, media_type: str = "") -> Json:
        answer = self._open(method, path, body, media_type, Timeout(connect=5, read=60))
        if answer.status >= 300:
            raise _refusal(answer)
        decoded: Json = json.loads(answer.read())
        answer.release_conn()
        return decoded

    def _open(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        media_type: str = "",
        timeout: Timeout | None = None,
    ) -> BaseHTTPResponse:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = self._token
        if media_type:
            headers["Content-Type"] = media_type
        return self._pool.request(
            method,
            self._configuration.host + path,
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=timeout,
            retries=False,
            preload_content=False,
        )


def lines(answer: BaseHTTPResponse) -> Iterator[bytes]:
    """The lines of a streamed body, as they arrive; ends when the stream does or is cut."""
    rest = b""
    try:
        for chunk in answer.stream(amt=2**16):
            *complete, rest = (rest + chunk).split(b"\n")
            yield from complete
    except (HTTPError, OSError):
        return


def _with_query(path: str, query: dict[str, str]) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _refusal(answer: BaseHTTPResponse) -> ApiRefused:
    text = answer.read().decode(errors="replace")
    answer.release_conn()
    try:
        message = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        message = text[:200]
    return ApiRefused(answer.status, f"{answer.status}: {message}")
