"""One door to the API server: requests with time-outs, and streams of lines.

The client library brings kubeconfig, credentials and TLS. Its generated API classes and models stay
out: they cost 20 MB to import and 80 KB per pod. Nothing here retries: a caller knows what a
repeated request means, this module does not.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import urllib3
import yaml
from kubernetes import config
from kubernetes.client.configuration import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException

from kubervisor.errors import ApiError, ApiUnavailable
from kubervisor.kube import failures
from kubervisor.kube.connections import connections_of
from kubervisor.kube.exchange import Answer, Query, refuse_failure, send
from kubervisor.kube.outcomes import EXCEPTIONS
from kubervisor.kube.stream import CHUNK_BYTES, Stream
from kubervisor.kube.text import one_line
from kubervisor.text import without_secrets

MAX_CONNECTIONS = 16
IDENTITY_SECONDS = 10.0
"""How long credentials are used before they are looked at again. The library would set up all of
its configuration for each request, a quarter of its cost; it renews tokens minutes before they end.
"""
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

Count = Callable[[str, str, int], None]


class Api:
    """Requests to one API server, at most `MAX_CONNECTIONS` at a time; safe for any number of
    threads.

    `namespace` is that of the kubeconfig's context or of the pod we run in, else `default`. `count`
    hears of every request: verb, resource, HTTP status (0 without an answer).
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        namespace: str,
        user_agent: str,
        count: Count = lambda *_: None,
    ) -> None:
        self._count = count
        configuration.connection_pool_maxsize = MAX_CONNECTIONS
        configuration.keep_alive = True
        self.namespace = namespace
        self._configuration, self._host = configuration, configuration.host
        self._pool = RESTClientObject(configuration).pool_manager
        self._connections = connections_of(configuration, self._pool)
        self._user_agent = user_agent
        self._credentials = threading.Lock()
        self._headers: dict[str, str] = {}
        self._identified_until = -math.inf
        # The pool would open surplus connections and throw them away, 1 MB of TLS state each.
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)

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
        """Send one request and return the body of a 2xx answer.

        `body` is encoded as JSON; `content_type` defaults to `application/json`. `timeout`
        (seconds) bounds the wait for a free connection, the silence of the server and the whole
        answer.

        Raises: the ApiError tree; `ApiUnavailable.sent` says whether the server may have seen it.
        """
        request = failures.describe(method, path)
        deadline = time.monotonic() + timeout
        if not self._slots.acquire(timeout=timeout):
            raise ApiUnavailable(f"{request}: all {MAX_CONNECTIONS} connections busy", sent=False)
        try:
            kind = {"Content-Type": content_type or "application/json"} if body is not None else {}
            with self._asked(
                request,
                method,
                path,
                query,
                payload=None if body is None else msgspec.json.encode(body),
                headers=kind,
                timeout=timeout,
            ) as answer:
                data = _read(answer, deadline)
        finally:
            self._slots.release()
        refuse_failure(request, answer, data, content_type or "")
        return data

    def stream(self, path: str, query: Query | None = None, *, read_timeout: float) -> Stream:
        """Open a stream of lines, a watch for instance; a silence of `read_timeout` seconds ends
        it.

        Raises: the ApiError tree, also while the stream is read.
        """
        request = failures.describe("WATCH", path)
        counted = "watch", failures.verb_and_resource("GET", path)[1]
        try:
            response = send(
                self._pool,
                "GET",
                self._host + _target(path, query),
                payload=None,
                headers=self._identity(),
                timeout=read_timeout,
            )
        except EXCEPTIONS as error:
            self._count(*counted, 0)
            raise failures.from_exception(request, error) from _shown(error)
        self._count(*counted, response.status)
        if not 200 <= response.status < 300:
            try:
                data = _read(response, time.monotonic() + read_timeout)
            except EXCEPTIONS as error:
                raise failures.from_exception(request, error) from error
            finally:
                response.close()
            refuse_failure(request, response, data, "")
        return Stream(response, request)

    def close(self) -> None:
        """Give up all idle connections."""
        self._connections.close()
        self._pool.clear()

    @contextmanager
    def _asked(
        self,
        request: str,
        method: str,
        path: str,
        query: Query | None,
        *,
        payload: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> Iterator[Answer]:
        """The answer, to be read within the block. Raises the ApiError tree, also for that."""
        counted, status = failures.verb_and_resource(method, path), 0
        try:
            with self._connections.ask(
                method,
                _target(path, query),
                payload=payload,
                headers={**self._identity(), **headers},
                timeout=timeout,
            ) as answer:
                status = answer.status
                yield answer
        except EXCEPTIONS as error:
            raise failures.from_exception(request, error) from _shown(error)
        finally:
            self._count(*counted, status)

    def _identity(self) -> dict[str, str]:
        """The headers of every request, with credentials that are at most IDENTITY_SECONDS old."""
        with self._credentials:  # the library's refresh hooks are not made for several threads
            now = time.monotonic()
            if now >= self._identified_until:
                self._headers = self._identify()
                self._identified_until = now + IDENTITY_SECONDS
            return self._headers

    def _identify(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": self._user_agent}
        settings = self._configuration.auth_settings()
        token = settings["BearerToken"]["value"] if "BearerToken" in settings else None
        return {**headers, "Authorization": token.strip()} if token else headers


def _target(path: str, query: Query | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _read(answer: Answer, deadline: float) -> bytes:
    chunks: list[bytes] = []
    while chunk := answer.read1(CHUNK_BYTES):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            raise urllib3.exceptions.TimeoutError("the answer was not complete in time")
    return b"".join(chunks)


def _shown(error: Exception) -> Exception | None:
    """What an error is chained to: nothing where the library quotes the header that it rejects, the
    token with it.
    """
    return None if isinstance(error, ValueError) else error


def connect(
    kubeconfig: str | None,
    *,
    user_agent: str,
    count: Count = lambda *_: None,
) -> Api:
    """Return the door to the API server that `kubeconfig` names.

    Without it: the service account of the pod we run in, else $KUBECONFIG, else ~/.kube/config.

    Raises: ApiError where none of them can be read; the message names the file.
    """
    configuration = Configuration()
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and (_ACCOUNT / "token").exists()
    source = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        if kubeconfig is None and in_pod:
            source = str(_ACCOUNT)
            _load_account(configuration)
            namespace = (_ACCOUNT / "namespace").read_text().strip()
        else:
            _load_kubeconfig(source, client_configuration=configuration, persist_config=False)
            namespace = _context_namespace(source)
    except (ConfigException, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        told = one_line(without_secrets(str(error)), failures.SERVER_TEXT_LIMIT)
        raise ApiError(f"Cannot connect with {source}: {told}; pass --kubeconfig FILE") from error
    return Api(configuration, namespace=namespace or "default", user_agent=user_agent, count=count)


# The library's loaders carry no types.
_load_kubeconfig: Callable[..., None] = config.load_kube_config
_load_account: Callable[..., None] = config.load_incluster_config
_list_contexts: Callable[..., tuple[object, Mapping[str, Mapping[str, str]]]] = (
    config.list_kube_config_contexts
)


def _context_namespace(source: str) -> str:
    _, active = _list_contexts(source)
    return active["context"].get("namespace", "")
