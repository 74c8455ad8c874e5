"""Composition root of `kubervisor run --capability watchdog`: from settings to a process.

It shares no cache, thread or account with what moves traffic: neither can hold up the other.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Container
from typing import Any
from wsgiref.simple_server import WSGIServer

from kubervisor.assembly import (
    connect_api,
    count_restart,
    lease_name_of,
    listen_for_health,
    make_elector,
    make_identity,
    settle,
    tell_unreadable,
)
from kubervisor.kube.lease import Lease
from kubervisor.kube.pod_events import PodEvents
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watchdog_writer import WatchdogWriter
from kubervisor.kube.watched_cache import NAME, WatchedPods, watch_pods
from kubervisor.runtime import memory
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.process import AlwaysLeader, Background, Process
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.sources.probe import ProbeClient
from kubervisor.telemetry import logs, metrics
from kubervisor.watchdog.book import Book
from kubervisor.watchdog.evicting import EvictionPolicy
from kubervisor.watchdog.evictor import make_evictor
from kubervisor.watchdog.inquiry import Inquiry
from kubervisor.watchdog.leading import WatchdogLeading
from kubervisor.watchdog.limits import Limits
from kubervisor.watchdog.marker import Marker
from kubervisor.watchdog.prober import Prober, ProbeRules
from kubervisor.watchdog.probes import Tuning
from kubervisor.watchdog_settings import WatchdogSettings

COMPONENT = "kubervisor.k8s.io/watchdog"
LEASE_PREFIX = "kubervisor-watchdog"


def build(settings: WatchdogSettings) -> Process:
    """The process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound.
    """
    settle()
    stop, resign = threading.Event(), threading.Event()
    log, clock = logs.get("kubervisor"), Clock()
    api, identity = connect_api(settings.kubeconfig), make_identity()
    elector = make_elector(settings, find_lease_name(settings), identity, resign=resign)
    pods, book = WatchedPods(), Book()
    watches = watch_pods(
        api,
        settings.namespaces,
        pods,
        stop=stop,
        count=count_restart,
        left_out=tell_unreadable(log),
    )
    events = PodEvents(api, COMPONENT, identity)
    marker = Marker(pods, book, WatchdogWriter(api, elector.check), clock=clock, log=log)
    client = ProbeClient(_NoPods(pods), loopback=settings.probe_loopback)
    rules = ProbeRules(_tuning(settings), settings.ports, settings.probe_concurrency)
    inquiry = Inquiry(client.ask, book, changed=marker.look_at, clock=clock)
    prober = Prober(pods, inquiry, book, rules, clock=clock)
    tidy = Loop(
        "memory",
        "memory",
        memory.Tidy().step,
        scheduler=Scheduler("loop", clock),
        clock=clock,
        log=log,
    )
    leading = WatchdogLeading(
        reflectors=watches,
        pods=pods,
        prober=prober,
        marker=marker,
        loops=[tidy, *_evictor(settings, elector, book, pods, events, clock, log)],
        stop=stop,
        clock=clock,
        log=log,
    )
    return Process(
        background=[
            *(Background(watch.name, watch.run, watch.interrupt) for watch in watches),
            Background("events", lambda: events.run(stop)),
        ],
        servers=[_health(settings, leading, watches, pods, book)],
        elector=elector,
        leading=leading,
        stop=stop,
        resign=resign,
        log=log,
    )


def find_lease_name(settings: WatchdogSettings) -> str:
    """The Lease that processes with these settings compete for: as set, else by namespaces."""
    return settings.lease_name or lease_name_of(LEASE_PREFIX, settings.namespaces)


def _tuning(settings: WatchdogSettings) -> Tuning:
    return Tuning(
        period=settings.probe_period,
        timeout=settings.probe_timeout,
        failures=settings.probe_failures,
        successes=settings.probe_successes,
    )


def _evictor(
    settings: WatchdogSettings,
    elector: Lease | AlwaysLeader,
    book: Book,
    pods: WatchedPods,
    events: PodEvents,
    clock: Clock,
    log: logs.Log,
) -> list[Loop]:
    """The evictor's loop, with connections of its own; none where nothing is to be evicted."""
    if not settings.evict:
        return []
    policy = EvictionPolicy(
        period=settings.scan_period,
        scans=settings.scans,
        grace=settings.eviction_grace,
        limits=Limits(
            at_once=settings.evictions_at_once,
            owner_hourly=settings.evictions_per_owner,
            namespace_hourly=settings.evictions_per_namespace,
        ),
        unowned=settings.evict_unowned,
        trust_posted=settings.trust_posted,
        dry_run=settings.dry_run,
    )
    return [
        make_evictor(
            api=connect_api(settings.kubeconfig),
            may_write=elector.check,
            book=book,
            pods=pods.values,
            events=events,
            policy=policy,
            namespaces=settings.namespaces,
            clock=clock,
            log=log,
        )
    ]


def _health(
    settings: WatchdogSettings,
    leading: WatchdogLeading,
    watches: tuple[Reflector[Any], ...],
    pods: WatchedPods,
    book: Book,
) -> WSGIServer:
    def count() -> None:
        metrics.CACHE_OBJECTS.labels(NAME).set(len(pods))
        metrics.CUT_OFF.set(book.is_cut_off())

    return listen_for_health(
        settings.listen, live=leading.stuck, watches=watches, before_scrape=count
    )


class _NoPods(Container[str]):
    """Addresses that are no pod's, whoever wrote them on one: nodes and the API server."""

    def __init__(self, pods: WatchedPods) -> None:
        self._pods = pods

    def __contains__(self, address: object) -> bool:
        return address in self._pods.node_addresses or address == os.environ.get(
            "KUBERNETES_SERVICE_HOST"
        )
