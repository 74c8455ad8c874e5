"""Composition root: from settings to a process. With `leadership`, which it alone uses, and
`assembly`, which other capabilities use too, the only place that builds long-lived parts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIServer

from kubervisor import __version__
from kubervisor.assembly import (
    connect_api,
    count_restart,
    lease_name_of,
    lease_namespace_of,
    listen_for_health,
    make_elector,
    make_identity,
    settle,
    tell_unreadable,
)
from kubervisor.errors import Forbidden
from kubervisor.kube.client import Api
from kubervisor.kube.crds import register
from kubervisor.kube.lease import Lease
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watches import Caches, reflectors
from kubervisor.leadership import Standby, prepare
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.process import AlwaysLeader, Background, Process
from kubervisor.runtime.releasing import LEASE_PREFIX
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.settings import Settings
from kubervisor.telemetry import logs, metrics
from kubervisor.ui.announced import AnnouncedEvents
from kubervisor.ui.documents import Controller
from kubervisor.ui.recorder import Recorder
from kubervisor.ui.server import Dashboard
from kubervisor.ui.view import View

COMPONENT = "kubervisor.k8s.io/controller"


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
    settle()
    ends = _Ends(threading.Event(), threading.Event())
    log = logs.get("kubervisor")
    api = connect_api(settings.kubeconfig)
    if settings.register_crds:
        _register_crds(api, ends.stop, log)
    identity = make_identity()
    elector = make_elector(settings, find_lease_name(settings), identity, resign=ends.resign)
    caches, overlay = Caches(), Overlay()
    watches = reflectors(
        api,
        settings.namespaces,
        caches,
        overlay,
        stop=ends.stop,
        count=count_restart,
        left_out=tell_unreadable(log),
    )
    events, recorder = AnnouncedEvents(api, COMPONENT, identity), Recorder()
    ending = settings.termination_kubeconfig
    leading, supervisor = prepare(
        Standby(
            settings=settings,
            api=api,
            ending=connect_api(ending) if ending else None,
            elector=elector,
            caches=caches,
            overlay=overlay,
            watches=watches,
            events=events,
            recorder=recorder,
            stop=ends.stop,
            log=log,
        )
    )
    view = View(
        caches=caches,
        gatherer=Gatherer(caches.pods, caches.services, overlay),
        supervisor=supervisor,
        recorder=recorder,
        events=events,
        controller=lambda: _answering(settings, identity, elector, watches),
    )
    return Process(
        background=[
            *(Background(watch.name, watch.run, watch.interrupt) for watch in watches),
            Background("events", lambda: events.run(ends.stop)),
        ],
        servers=[
            _health(settings, supervisor, watches, caches),
            Dashboard(settings.dashboard_listen, view, log),
        ],
        elector=elector,
        leading=leading,
        stop=ends.stop,
        resign=ends.resign,
        log=log,
    )


def find_lease_name(settings: Settings) -> str:
    """The Lease that controllers with these settings compete for: as set, else by namespaces."""
    return settings.lease_name or lease_name(settings.namespaces)


def lease_name(namespaces: Iterable[str]) -> str:
    """Controllers of the same namespaces compete for one Lease, others have another.

    >>> lease_name(())
    'kubervisor-traffic'
    """
    return lease_name_of(LEASE_PREFIX, namespaces)


def find_lease_namespace(settings: Settings, api: Api) -> str:
    """Where the Lease lives: as set, else the pod's own namespace, else the kubeconfig's."""
    return lease_namespace_of(settings.lease_namespace, api)


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
    def count_caches() -> None:
        for name in ("pods", "services", "specs"):
            metrics.CACHE_OBJECTS.labels(name).set(len(getattr(caches, name)))

    return listen_for_health(
        settings.listen, live=supervisor.stuck, watches=watches, before_scrape=count_caches
    )


def _answering(
    settings: Settings,
    identity: str,
    elector: Lease | AlwaysLeader,
    watches: tuple[Reflector[Any], ...],
) -> Controller:
    """Who this is, for the dashboard."""
    lease = elector if isinstance(elector, Lease) else None
    problems = [f"{watch.name}: {watch.problem}" for watch in watches if watch.problem]
    if lease and lease.problem:
        problems.append(f"lease: {lease.problem}")
    return Controller(
        version=__version__,
        identity=identity,
        leading=lease.is_held() if lease else True,
        leader=lease.holder if lease else identity,
        dry_run=settings.dry_run,
        synced=all(watch.synced.is_set() for watch in watches),
        problem="; ".join(problems),
    )
