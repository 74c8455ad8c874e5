"""The caches of a process and the reflectors that keep them: pods, Services, KubervisorServices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kubervisor.kube import paths, records
from kubervisor.kube.caches import ObjectCache, Record
from kubervisor.kube.client import Api
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.reflector import Reflector, Restart
from kubervisor.kube.service_cache import ServiceCache
from kubervisor.kube.spec_cache import SpecCache
from kubervisor.kube.unreadable import Raw, Unreadable, or_unreadable
from kubervisor.kube.watch_events import EventType, WatchEvent

T = TypeVar("T", bound=Record)


Count = Callable[[str, Restart], None]
"""Hears of each watch that is begun again, on the watch's thread."""

LeftOut = Callable[[str, Unreadable], None]
"""Hears of each object that a LIST or an event brought and nobody can read, on that thread too."""


@dataclass(frozen=True, slots=True)
class Caches:
    """What the watches have shown; shared by everything that reads."""

    pods: PodCache = field(default_factory=PodCache)
    services: ServiceCache = field(default_factory=ServiceCache)
    specs: SpecCache = field(default_factory=SpecCache)


def reflectors(
    api: Api,
    namespaces: Iterable[str],
    caches: Caches,
    overlay: Overlay,
    *,
    stop: threading.Event,
    count: Count,
    left_out: LeftOut,
) -> tuple[Reflector[Any], ...]:
    """Three reflectors, or three for each namespace where some are named."""
    made: list[Reflector[Any]] = []
    for namespace in tuple(namespaces) or (None,):

        def reflector(
            name: str,
            path: str,
            decode: Callable[[Raw], T],
            cache: ObjectCache[T],
            listed: Callable[[float], None] = lambda _: None,
            at_once: Callable[[bytes], WatchEvent[T]] | None = None,
            namespace: str | None = namespace,
        ) -> Reflector[T | Unreadable]:
            read = or_unreadable(decode)

            def read_once(raw: Raw) -> T | Unreadable:
                # A LIST mostly repeats what is held: it must not stand beside it until its end.
                return cache.held(read(raw))

            def replace(found: list[T | Unreadable], begun: float) -> None:
                unreadable = [one for one in found if isinstance(one, Unreadable)]
                for one in unreadable:
                    left_out(name, one)
                readable = [one for one in found if not isinstance(one, Unreadable)]
                cache.replace(readable, namespace=namespace, unreadable=unreadable)
                listed(begun)

            def change(kind: EventType, record: T | Unreadable) -> None:
                if kind is EventType.DELETED:
                    cache.delete(record)
                elif isinstance(record, Unreadable):
                    left_out(name, record)
                else:
                    cache.upsert(record)

            return Reflector(
                api,
                paths.collection(path, namespace),
                decode=read_once,
                on_replace=replace,
                on_event=change,
                name=f"{name}/{namespace}" if namespace else name,
                stop=stop,
                at_once=at_once,
                count=lambda restart: count(name, restart),
            )

        def confirm(begun: float, namespace: str | None = namespace) -> None:
            overlay.listed(begun, namespace=namespace)

        made += [
            reflector(
                "pods",
                paths.PODS,
                records.decode_pod,
                caches.pods,
                confirm,
                records.decode_pod_event,
            ),
            reflector("services", paths.SERVICES, records.decode_service, caches.services),
            reflector(
                "kubervisorservices",
                paths.KUBERVISOR_SERVICES,
                records.decode_spec,
                caches.specs,
            ),
        ]
    return tuple(made)
