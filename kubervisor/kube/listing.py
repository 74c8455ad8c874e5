"""LISTs, page by page; `list_all` is for those who ask once and keep no cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.client import Api

T = TypeVar("T")

PAGE_SIZE = 500


class ListMeta(msgspec.Struct, gc=False, rename="camel"):
    """Of which version a LIST is, and the token of its next page, empty at its end."""

    resource_version: str = ""
    next_token: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, gc=False):
    metadata: ListMeta
    items: list[msgspec.Raw] = []


_pages = msgspec.json.Decoder(_Page)


def read_page(
    api: Api,
    path: str,
    decode: Callable[[bytes | msgspec.Raw], T],
    *,
    size: int,
    token: str,
    query: Mapping[str, str | int] | None = None,
    timeout: float,
) -> tuple[list[T], ListMeta]:
    """One page of at most `size` objects (0: all), decoded; its bytes are dropped on return.

    Raises ApiError; Gone where the pages expired meanwhile.
    """
    asked = dict(query or {})
    if size:
        asked["limit"] = size
    if token:
        asked["continue"] = token
    answer = api.request("GET", path, query=asked, timeout=timeout)
    page = failures.decoded(path, _pages.decode, answer)
    return [failures.decoded(path, decode, item) for item in page.items], page.metadata


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
        objects, end = read_page(
            api, path, decode, size=PAGE_SIZE, token=token, query=query, timeout=timeout
        )
        yield from objects
        token = end.next_token
        if not token:
            return
