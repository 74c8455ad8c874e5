"""Composition root of `kubervisor run --capability watchdog`: from settings to a process.

It shares no cache, thread or account with what moves traffic: neither can hold up the other.
"""

from __future__ import annotations

import os
from collections.abc import Container
from functools import partial

from kubervisor.assembly import (
    Frame,
    connect_api,
    count_restart,
    listen_for_health,
    loop_maker,
    make_frame,
    tell_unreadable,
)
from kubervisor.kube.pod_events import PodEvents
from kubervisor.kube.watchdog_writer import WatchdogWriter
from kubervisor.kube.watched_cache import NAME, WatchedPods, watch_pods
from kubervisor.runtime import memory
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.process import Process
from kubervisor.sources.probe import ProbeClient
from kubervisor.telemetry import metrics, watchdog_metrics
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


def build(settings: WatchdogSettings) -> Process:
    """The process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound.
    """
    frame, clock = make_frame(settings), Clock()
    api, log = frame.api, frame.log
    pods, book = WatchedPods(), Book()
    watches = watch_pods(
        api,
        settings.namespaces,
        pods,
        stop=frame.stop,
        count=count_restart,
        left_out=tell_unreadable(log),
    )
    events = PodEvents(api, COMPONENT, frame.identity)
    writer = WatchdogWriter(api, frame.elector.check)
    marker = Marker(pods, book, writer, clock=clock, log=log)
    client = ProbeClient(_NoPods(pods), loopback=settings.probe_loopback)
    rules = ProbeRules(_tuning(settings), settings.ports, settings.probe_concurrency)
    inquiry = Inquiry(client.ask, book, changed=marker.look_at, clock=clock)
    prober = Prober(pods, inquiry, book, rules, clock=clock)
    tidy = loop_maker(clock, log)("memory", "memory", memory.Tidy().step)
    leading = WatchdogLeading(
        reflectors=watches,
        pods=pods,
        prober=prober,
        marker=marker,
        loops=[tidy, *_evictor(frame, settings, book, pods, events, clock)],
        stop=frame.stop,
        clock=clock,
        log=log,
    )
    count = partial(_count, pods, book)
    health = listen_for_health(
        settings.listen, live=leading.stuck, watches=watches, before_scrape=count
    )
    return frame.process(watches=watches, events=events, servers=[health], leading=leading)


def _tuning(settings: WatchdogSettings) -> Tuning:
    return Tuning(
        period=settings.probe_period,
        timeout=settings.probe_timeout,
        failures=settings.probe_failures,
        successes=settings.probe_successes,
    )


def _evictor(
    frame: Frame,
    settings: WatchdogSettings,
    book: Book,
    pods: WatchedPods,
    events: PodEvents,
    clock: Clock,
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
            may_write=frame.elector.check,
            book=book,
            pods=pods.values,
            events=events,
            policy=policy,
            namespaces=settings.namespaces,
            clock=clock,
            log=frame.log,
        )
    ]


def _count(pods: WatchedPods, book: Book) -> None:
    metrics.CACHE_OBJECTS.labels(NAME).set(len(pods))
    watchdog_metrics.CUT_OFF.set(book.is_cut_off())


class _NoPods(Container[str]):
    """Addresses that are no pod's, whoever wrote them on one: nodes and the API server."""

    def __init__(self, pods: WatchedPods) -> None:
        self._pods = pods

    def __contains__(self, address: object) -> bool:
        return address in self._pods.node_addresses or address == os.environ.get(
            "KUBERNETES_SERVICE_HOST"
        )
