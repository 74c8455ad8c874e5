"""The part of the composition that only a leader uses: whoever decides, writes and tells of it."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from kubervisor.assembly import Frame, loop_maker
from kubervisor.kube.client import Api
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.freshness import Freshness
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watches import Caches
from kubervisor.kube.writers import TrafficWriter
from kubervisor.runtime import memory
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.announcements import Announcements
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.controller import Controller
from kubervisor.runtime.desk import Shared
from kubervisor.runtime.fencing import Fence
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.leading import Leading
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.orphans import OrphanSweep
from kubervisor.runtime.restoring import highest_epoch
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.runtime.scraping import Scraping
from kubervisor.runtime.status_writer import StatusWriter
from kubervisor.runtime.storm import EjectionLimit
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.wiring import Wiring
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.settings import Settings
from kubervisor.sources import Sources
from kubervisor.telemetry import metrics
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.recorder import Recorder

STATUS_SETTLES, PODS_SETTLE = 0.3, 2.0
"""Seconds between a decision, or a change of a pod, and the status that tells it: what changes
together is looked at once, and a pod that starts changes several times.
"""


@dataclass(frozen=True, slots=True)
class Standby:
    """What every process has, whether it leads or waits to; `ending` terminates pods."""

    frame: Frame
    settings: Settings
    ending: Api | None
    caches: Caches
    overlay: Overlay
    watches: tuple[Reflector[Any], ...]
    events: EventRecorder
    recorder: Recorder


def prepare(standby: Standby) -> tuple[Leading, Supervisor]:
    """What `standby` begins when it leads, and who looks after the Services then.

    Raises ValueError where a source or a pattern cannot be used.
    """
    settings, frame = standby.settings, standby.frame
    api, elector, log = frame.api, frame.elector, frame.log
    caches, overlay = standby.caches, standby.overlay
    queue, statuses = _queue("reconcile"), _queue("status")
    shared = _shared(standby, statuses)
    writer = TrafficWriter(api, elector.check, overlay, ending=standby.ending)
    status_writer = StatusWriter(
        api,
        check=elector.check,
        epoch=lambda: elector.epoch,
        outrank=elector.outrank,
        unconfirmed=overlay.ejecting,
        fence=Fence(caches.pods, writer, lambda: elector.epoch, log),
    )
    freshness = Freshness(api, standby.watches)
    actuator = Actuator(writer, status_writer, caches.specs, freshness)
    supervisor = Supervisor(shared, actuator, most=settings.max_services)
    wiring = Wiring(
        caches,
        overlay,
        supervisor,
        queue=queue,
        changed=lambda key: statuses.add(key, after=PODS_SETTLE),
        is_anothers=status_writer.is_anothers,
    )
    announcements = Announcements(lambda: elector.stopped_namespaces, wiring.enqueue_all)
    controller = Controller(
        caches=caches,
        api=api,
        supervisor=supervisor,
        statuses=status_writer,
        shared=shared,
        is_stopped=announcements.is_stopped,
        dry_run=settings.dry_run,
        queue=queue,
        settling=statuses,
    )
    sweep = OrphanSweep(
        caches,
        api,
        writer,
        every=settings.orphan_sweep_interval,
        is_stopped=announcements.is_stopped,
        log=log,
    )
    leading = Leading(
        reflectors=standby.watches,
        controller=controller,
        supervisor=supervisor,
        wiring=wiring,
        loops=_loops(shared, sweep, announcements),
        queue=queue,
        statuses=statuses,
        breakers=shared.breakers,
        outrank_all=lambda: elector.outrank(highest_epoch(caches.specs.values())),
        stop=frame.stop,
        log=log,
    )
    return leading, supervisor


def _queue(name: str) -> WorkQueue[ServiceKey]:
    queue: WorkQueue[ServiceKey] = WorkQueue()
    metrics.QUEUE_DEPTH.labels(name).set_function(queue.__len__)
    return queue


def _shared(standby: Standby, statuses: WorkQueue[ServiceKey]) -> Shared:
    """What the workers of all Services have in common."""
    settings, elector, caches = standby.settings, standby.frame.elector, standby.caches
    clock, sources = Clock(), _sources(settings, caches)
    return Shared(
        gatherer=Gatherer(caches.pods, caches.services, standby.overlay),
        sources=sources,
        scraping=Scraping(sources.page, clock=clock),
        fetches=FetchPool(clock=clock),
        ejections=EjectionLimit(settings.max_ejections_per_second),
        clock=clock,
        log=standby.frame.log,
        events=standby.events,
        check=elector.check,
        epoch=lambda: elector.epoch,
        changed=lambda key: statuses.add(key, after=STATUS_SETTLES),
        exists=lambda namespace, name: caches.specs.get(namespace, name) is not None,
        bounds=Bounds(
            floor_percent=settings.min_floor_percent,
            shortest_period=settings.min_evaluation_period,
            allow_termination=settings.allow_termination,
        ),
        breakers=Scheduler("breaker", clock, held=True),
        activators=Scheduler("activator", clock),
        recorder=standby.recorder,
    )


def _loops(shared: Shared, sweep: OrphanSweep, announcements: Announcements) -> list[Loop]:
    begin = loop_maker(shared.clock, shared.log)
    scrape = begin("scrape", "scrape", shared.scraping.step)
    shared.scraping.changed = scrape.wake
    return [
        scrape,
        begin("sweep", "sweep", sweep.step),
        begin("announcements", "announcements", announcements.step),
        begin("memory", "memory", memory.Tidy().step),
    ]


class _Forbidden(Container[str]):
    """Addresses that no spec may reach: nodes, and the API server under its Service's address."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    def __contains__(self, address: object) -> bool:
        api_server = self._caches.services.get("default", "kubernetes")
        return (
            address in self._caches.pods.node_addresses
            or address == os.environ.get("KUBERNETES_SERVICE_HOST")
            or (api_server is not None and address == api_server.cluster_ip)
        )


def _sources(settings: Settings, caches: Caches) -> Sources:
    return Sources(
        named=settings.sources,
        allow=settings.allow_sources,
        max_sample_age=settings.max_sample_age,
        forbidden_addresses=_Forbidden(caches),
        scrape_proxy=settings.scrape_proxy,
        one=caches.pods.known_name,
    )
