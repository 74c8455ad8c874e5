"""Keeps a cache of one kind by watches: of all namespaces, or of each that is named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from kubervisor.kube import paths
from kubervisor.kube.caches import ObjectCache, Record
from kubervisor.kube.client import Api
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Raw, Unreadable, or_unreadable
from kubervisor.kube.watch_events import EventType
from kubervisor.kube.watches import Count, LeftOut

T = TypeVar("T", bound=Record)


def watch_cache(
    api: Api,
    kind: str,
    namespaces: Iterable[str],
    cache: ObjectCache[T],
    *,
    name: str,
    decode: Callable[[Raw], T],
    is_kept: Callable[[T], bool] = lambda _: True,
    stop: threading.Event,
    count: Count,
    left_out: LeftOut,
    may_be_unknown: bool = False,
) -> tuple[Reflector[Any], ...]:
    """A reflector that keeps those objects of `kind` (a constant of `paths`) in `cache` which are
    to be kept, or one for each namespace where some are named. Where the kind `may_be_unknown` to
    the server, it has no objects then.
    """

    def replace(namespace: str | None, found: list[T | Unreadable], _: float) -> None:
        unreadable = [one for one in found if isinstance(one, Unreadable)]
        for one in unreadable:
            left_out(name, one)
        kept = [one for one in found if not isinstance(one, Unreadable) and is_kept(one)]
        cache.replace(kept, namespace=namespace, unreadable=unreadable)

    def change(event: EventType, one: T | Unreadable) -> None:
        if isinstance(one, Unreadable) and event is not EventType.DELETED:
            left_out(name, one)
        elif isinstance(one, Unreadable) or event is EventType.DELETED or not is_kept(one):
            cache.delete(one)
        else:
            cache.upsert(one)

    return tuple(
        Reflector(
            api,
            paths.collection(kind, namespace),
            decode=or_unreadable(decode),
            on_replace=partial(replace, namespace),
            on_event=change,
            name=f"{name}/{namespace}" if namespace else name,
            stop=stop,
            count=lambda restart: count(name, restart),
            may_be_unknown=may_be_unknown,
        )
        for namespace in tuple(namespaces) or (None,)
    )
