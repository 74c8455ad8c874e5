"""Composition root: from settings to a process, the only place that builds long-lived parts."""

from __future__ import annotations

import os
import platform
import socket
import threading
import uuid
from collections.abc import Container, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from wsgiref.simple_server import WSGIServer

from kubervisor import __version__
from kubervisor.errors import Forbidden
from kubervisor.kube.client import Api, connect
from kubervisor.kube.crds import register
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.freshness import Freshness
from kubervisor.kube.lease import Lease
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watches import Caches, reflectors
from kubervisor.kube.writers import TrafficWriter
from kubervisor.runtime import memory
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.announcements import Announcements
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.controller import Controller
from kubervisor.runtime.desk import Shared
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.leading import Leading
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.orphans import OrphanSweep
from kubervisor.runtime.process import AlwaysLeader, Background, Process
from kubervisor.runtime.releasing import LEASE_PREFIX
from kubervisor.runtime.scraping import Scraping
from kubervisor.runtime.status_writer import StatusWriter, highest_epoch
from kubervisor.runtime.storm import EjectionLimit
from kubervisor.runtime.supervisor import Supervisor, capacity
from kubervisor.runtime.wiring import Wiring
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.settings import Settings
from kubervisor.sources import Sources
from kubervisor.telemetry import logs, metrics
from kubervisor.telemetry.health import make_health_server
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.model import ServiceKey

COMPONENT = "kubervisor.k8s.io/controller"
STATUS_SETTLES = 0.3
"""Seconds between a change and the status that tells it: what changes together is written once."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """The two events that end a process: `stop` everything, `resign` the lease last."""

    stop: threading.Event
    resign: threading.Event


def build(settings: Settings) -> Process:
    """The controller process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound,
    and ValueError where a source or a pattern cannot be used.
    """
    memory.settle()
    ends = _Ends(threading.Event(), threading.Event())
    log = logs.get("kubervisor")
    metrics.BUILD.labels(__version__, platform.python_version()).set(1)
    api = connect_api(settings.kubeconfig)
    if settings.register_crds:
        _register_crds(api, ends.stop, log)
    identity = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
    elector = _elector(settings, identity, ends.resign)
    caches, overlay = Caches(), Overlay()
    watches = reflectors(
        api, settings.namespaces, caches, overlay, stop=ends.stop, count=_count_restart
    )
    events = EventRecorder(api, COMPONENT, identity)
    leading, supervisor = _leading(
        settings, api, elector, caches, overlay, watches, events, ends.stop, log
    )
    return Process(
        background=[
            *(Background(watch.name, watch.run, watch.interrupt) for watch in watches),
            Background("events", lambda: events.run(ends.stop)),
        ],
        servers=[_health(settings, supervisor, watches, caches)],
        elector=elector,
        leading=leading,
        stop=ends.stop,
        resign=ends.resign,
        log=log,
    )


def lease_name(namespaces: Iterable[str]) -> str:
    """Controllers of the same namespaces compete for one Lease, others have another.

    >>> lease_name(())
    'kubervisor-traffic'
    """
    named = ",".join(sorted(namespaces))
    digest = blake2b(named.encode(), digest_size=4).hexdigest()
    return f"{LEASE_PREFIX}-{digest}" if named else LEASE_PREFIX


def connect_api(kubeconfig: str | None) -> Api:
    """The door to the API server. Raises ApiError where no kubeconfig or account can be read."""
    agent = f"kubervisor/{__version__}"
    return connect(kubeconfig, user_agent=agent, count=_count_request)


def find_lease_namespace(settings: Settings, api: Api) -> str:
    """Where the Lease lives: as set, else the pod's own namespace, else the kubeconfig's."""
    return settings.lease_namespace or os.environ.get("POD_NAMESPACE") or api.namespace


def _leading(
    settings: Settings,
    api: Api,
    elector: Lease | AlwaysLeader,
    caches: Caches,
    overlay: Overlay,
    watches: tuple[Reflector[Any], ...],
    events: EventRecorder,
    stop: threading.Event,
    log: logs.Log,
) -> tuple[Leading, Supervisor]:
    clock = Clock()
    queue: WorkQueue[ServiceKey] = WorkQueue()
    statuses: WorkQueue[ServiceKey] = WorkQueue()
    metrics.QUEUE_DEPTH.labels("reconcile").set_function(queue.__len__)
    metrics.QUEUE_DEPTH.labels("status").set_function(statuses.__len__)
    ending = settings.termination_kubeconfig
    writer = TrafficWriter(
        api, elector.check, overlay, ending=connect_api(ending) if ending else None
    )
    sources = _sources(settings, caches)
    scraping = Scraping(sources.page, clock=clock)
    shared = Shared(
        gatherer=Gatherer(caches.pods, caches.services, overlay),
        sources=sources,
        scraping=scraping,
        fetches=FetchPool(clock=clock),
        ejections=EjectionLimit(settings.max_ejections_per_second),
        clock=clock,
        log=log,
        events=events,
        check=elector.check,
        epoch=lambda: elector.epoch,
        changed=lambda key: statuses.add(key, after=STATUS_SETTLES),
        exists=lambda namespace, name: caches.specs.get(namespace, name) is not None,
        bounds=Bounds(
            floor_percent=settings.min_floor_percent,
            shortest_period=settings.min_evaluation_period,
            allow_termination=settings.allow_termination,
        ),
    )
    statuses_of = StatusWriter(
        api, check=elector.check, epoch=lambda: elector.epoch, unconfirmed=overlay.ejecting
    )
    actuator = Actuator(writer, statuses_of, caches.specs, Freshness(api, watches))
    supervisor = Supervisor(shared, actuator, most=capacity(settings.max_services))
    wiring = Wiring(caches, overlay, supervisor, queue=queue, changed=shared.changed)
    announcements = Announcements(lambda: elector.stopped_namespaces, wiring.enqueue_all)
    controller = Controller(
        caches=caches,
        api=api,
        writer=writer,
        supervisor=supervisor,
        statuses=statuses_of,
        shared=shared,
        is_stopped=announcements.is_stopped,
        dry_run=settings.dry_run,
        queue=queue,
    )
    sweep = OrphanSweep(
        caches,
        api,
        writer,
        every=settings.orphan_sweep_interval,
        is_stopped=announcements.is_stopped,
        log=log,
    )
    scrape = Loop("scrape", "scrape", scraping.step, clock=clock, log=log)
    scraping.changed = scrape.wake
    loops = [
        scrape,
        Loop("sweep", "sweep", sweep.step, clock=clock, log=log),
        Loop("announcements", "announcements", announcements.step, clock=clock, log=log),
        Loop("memory", "memory", memory.tidy, clock=clock, log=log),
    ]
    leading = Leading(
        reflectors=watches,
        controller=controller,
        supervisor=supervisor,
        wiring=wiring,
        loops=loops,
        queue=queue,
        statuses=statuses,
        outrank_all=lambda: elector.outrank(highest_epoch(caches.specs.values())),
        stop=stop,
        log=log,
    )
    return leading, supervisor


def _elector(settings: Settings, identity: str, resign: threading.Event) -> Lease | AlwaysLeader:
    if not settings.leader_elect:
        return AlwaysLeader(resign)
    # Connections of its own: no number of slow writes may keep the lease from being renewed.
    api = connect_api(settings.kubeconfig)
    return Lease(
        api,
        find_lease_namespace(settings, api),
        lease_name(settings.namespaces),
        identity,
        stop=resign,
        duration=settings.lease_duration,
    )


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
    )


def _register_crds(api: Api, stop: threading.Event, log: logs.Log) -> None:
    # Imported here: only who registers needs the schema generator.
    from kubervisor.api.crd import crd  # noqa: PLC0415

    try:
        log.info("Registered CRD", outcome=register(api, crd(), stop=stop).value)
    except Forbidden as error:
        # It may well be there already; if not, the watch says so.
        log.warning("May not register the CRD", error=str(error))


def _health(
    settings: Settings,
    supervisor: Supervisor,
    watches: tuple[Reflector[Any], ...],
    caches: Caches,
) -> WSGIServer:
    host, _, port = settings.listen.rpartition(":")

    def ready() -> str:
        waiting = [watch for watch in watches if not watch.synced.is_set()]
        return "; ".join(f"{watch.name}: {watch.problem or 'not listed yet'}" for watch in waiting)

    def count_caches() -> None:
        for name in ("pods", "services", "specs"):
            metrics.CACHE_OBJECTS.labels(name).set(len(getattr(caches, name)))

    try:
        return make_health_server(
            host, int(port), live=supervisor.stuck, ready=ready, before_scrape=count_caches
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OSError(f"cannot listen on {settings.listen}: {why}") from error


def _count_request(verb: str, resource: str, status: int) -> None:
    metrics.API_REQUESTS.labels(verb, resource, str(status)).inc()


def _count_restart(resource: str, cause: str) -> None:
    metrics.WATCH_RESTARTS.labels(resource, cause).inc()
