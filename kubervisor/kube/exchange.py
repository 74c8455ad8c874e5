"""A request to the API server and its answer, as both doors to it send and judge them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import urllib3

from kubervisor.kube import failures

CONNECT_SECONDS = 5.0

Query = Mapping[str, str | int]


class Headers(Protocol):
    """The headers of an answer, of which several may have one name."""

    def get(self, name: str, /) -> str | None: ...


class Answer(Protocol):
    """An answer whose body is not read yet, by whichever library."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    def read1(self, amount: int, /) -> bytes: ...


def send(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    *,
    payload: bytes | None,
    headers: Mapping[str, str],
    timeout: float,
) -> urllib3.BaseHTTPResponse:
    """The answer, of which nothing but its headers is read; a silence of `timeout` seconds ends it.

    Nothing is repeated. Raises what the library raises.
    """
    return pool.urlopen(
        method,
        url,
        body=payload,
        headers=headers,
        timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout),
        retries=False,
        redirect=False,
        preload_content=False,
    )


def refuse_failure(request: str, answer: Answer, data: bytes, content_type: str) -> None:
    """Raises the ApiError that an answer is where it is no success; `data` is its body, and
    `content_type` that of the request.
    """
    if not 200 <= answer.status < 300:
        raise failures.from_answer(
            request,
            answer.status,
            data,
            retry_after=answer.headers.get("Retry-After"),
            content_type=content_type,
        )
