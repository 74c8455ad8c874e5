"""Composition root: from settings to a process. With `leadership`, which it alone uses, the only
place that builds long-lived parts.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from wsgiref.simple_server import WSGIServer

from kubervisor import __version__
from kubervisor.errors import Forbidden
from kubervisor.kube.client import Api, connect
from kubervisor.kube.crds import register
from kubervisor.kube.lease import Lease
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Unreadable
from kubervisor.kube.watches import Caches, LeftOut, reflectors
from kubervisor.leadership import Standby, prepare
from kubervisor.runtime import memory, threads
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.process import AlwaysLeader, Background, Process
from kubervisor.runtime.releasing import LEASE_PREFIX
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.settings import Settings
from kubervisor.telemetry import logs, metrics
from kubervisor.telemetry.health import make_health_server
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
    memory.settle()
    threads.settle()
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
        api,
        settings.namespaces,
        caches,
        overlay,
        stop=ends.stop,
        count=_count_restart,
        left_out=_tell_unreadable(log),
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


def _elector(settings: Settings, identity: str, resign: threading.Event) -> Lease | AlwaysLeader:
    if not settings.leader_elect:
        return AlwaysLeader(resign)
    # Connections of its own: no number of slow writes may keep the lease from being renewed.
    api = connect_api(settings.kubeconfig)
    return Lease(
        api,
        find_lease_namespace(settings, api),
        find_lease_name(settings),
        identity,
        stop=resign,
        duration=settings.lease_duration,
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


def _count_request(verb: str, resource: str, status: int) -> None:
    metrics.API_REQUESTS.labels(verb, resource, str(status)).inc()


def _count_restart(resource: str, cause: str) -> None:
    metrics.WATCH_RESTARTS.labels(resource, cause).inc()


def _tell_unreadable(log: logs.Log) -> LeftOut:
    def tell(resource: str, found: Unreadable) -> None:
        metrics.UNREADABLE.labels(resource).inc()
        log.warning(
            "Left out an object that cannot be read",
            resource=resource,
            namespace=found.namespace,
            name=found.name,
            error=found.why,
        )

    return tell
