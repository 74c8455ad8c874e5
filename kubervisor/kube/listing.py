"""One consistent LIST, page by page, for commands that run once and keep no cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.client import Api

T = TypeVar("T")

PAGE_SIZE = 500


class _Meta(msgspec.Struct, gc=False):
    next_token: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, gc=False):
    metadata: _Meta
    items: list[msgspec.Raw] = []


_pages = msgspec.json.Decoder(_Page)


def list_all(
    api: Api,
    path: str,
    decode: Callable[[bytes | msgspec.Raw], T],
    *,
    query: Mapping[str, str | int] | None = None,
    timeout: float = 60.0,
) -> Iterator[T]:
    """Yield every object at `path` that `query` (a labelSelector, for instance) selects.

    `timeout` is that of each page, in seconds.

    Raises ApiError; Gone where the list took so long that its pages expired.
    """
    token = ""
    while True:
        asked: dict[str, str | int] = {"limit": PAGE_SIZE, **(query or {})}
        if token:
            asked["continue"] = token
        answer = api.request("GET", path, query=asked, timeout=timeout)
        page = failures.decoded(path, _pages.decode, answer)
        yield from (failures.decoded(path, decode, item) for item in page.items)
        token = page.metadata.next_token
        if not token:
            return
