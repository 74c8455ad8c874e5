"""Long-lived parts that the process of every capability has: its door to the API server, its Lease,
its page of health and metrics; and the process that is made of them.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any
from wsgiref.simple_server import WSGIServer

from kubervisor import __version__
from kubervisor.capability_settings import CapabilitySettings
from kubervisor.errors import Forbidden
from kubervisor.kube.client import Api, connect
from kubervisor.kube.crds import register
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.lease import Lease
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Unreadable
from kubervisor.kube.watches import LeftOut
from kubervisor.runtime import memory, threads
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.process import AlwaysLeader, Background, Leading, Process, Server
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.telemetry import logs, metrics
from kubervisor.telemetry.health import Probe, make_health_server


@dataclass(frozen=True, slots=True)
class Frame:
    """What a process begins with. `stop` ends everything but the Lease, which `resign` gives up."""

    api: Api
    identity: str
    elector: Lease | AlwaysLeader
    stop: threading.Event
    resign: threading.Event
    log: logs.Log

    def register(self, crd: Mapping[str, Any]) -> None:
        """Bring a CustomResourceDefinition onto the API server. Raises ApiError."""
        try:
            outcome = register(self.api, crd, stop=self.stop).value
            self.log.info("Registered CRD", outcome=outcome)
        except Forbidden as error:
            # It may well be there already; if not, the watch says so.
            self.log.warning("May not register the CRD", error=str(error))

    def process(
        self,
        *,
        watches: tuple[Reflector[Any], ...],
        events: EventRecorder,
        servers: Iterable[Server],
        leading: Leading,
        besides: Iterable[Background] = (),
    ) -> Process:
        """The process with these parts, ready to run; `besides` are those that only some have."""
        return Process(
            background=[
                *(Background(watch.name, watch.run, watch.interrupt) for watch in watches),
                Background("events", lambda: events.run(self.stop)),
                *besides,
            ],
            servers=servers,
            elector=self.elector,
            leading=leading,
            stop=self.stop,
            resign=self.resign,
            log=self.log,
        )


def make_frame(settings: CapabilitySettings) -> Frame:
    """Settle the interpreter and get ready to reach the cluster; nobody is asked yet.

    Raises ApiError where no kubeconfig or account can be read.
    """
    memory.settle()
    threads.settle()
    metrics.BUILD.labels(__version__, platform.python_version()).set(1)
    identity, resign = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}", threading.Event()
    return Frame(
        api=connect_api(settings.kubeconfig),
        identity=identity,
        elector=_make_elector(settings, identity, resign=resign),
        stop=threading.Event(),
        resign=resign,
        log=logs.get("kubervisor"),
    )


def loop_maker(clock: Clock, log: logs.Log) -> partial[Loop]:
    """Makes loops that share threads: from a name, the label of its metrics and a step."""
    return partial(Loop, scheduler=Scheduler("loop", clock), clock=clock, log=log)


def connect_api(kubeconfig: str | None) -> Api:
    """The door to the API server. Raises ApiError where no kubeconfig or account can be read."""
    return connect(kubeconfig, user_agent=f"kubervisor/{__version__}", count=_count_request)


def lease_name_of(prefix: str, namespaces: Iterable[str]) -> str:
    """Controllers of the same namespaces compete for one Lease, others have another.

    >>> lease_name_of("kubervisor-watchdog", ())
    'kubervisor-watchdog'
    """
    named = ",".join(sorted(namespaces))
    digest = blake2b(named.encode(), digest_size=4).hexdigest()
    return f"{prefix}-{digest}" if named else prefix


def find_lease_name(settings: CapabilitySettings) -> str:
    """The Lease that processes with these settings compete for: as set, else by namespaces."""
    return settings.lease_name or lease_name_of(settings.lease_prefix, settings.namespaces)


def find_lease_namespace(settings: CapabilitySettings, api: Api) -> str:
    """Where the Lease lives: as set, else the pod's own namespace, else the kubeconfig's."""
    return settings.lease_namespace or os.environ.get("POD_NAMESPACE") or api.namespace


def listen_for_health(
    listen: str,
    *,
    live: Probe,
    watches: tuple[Reflector[Any], ...],
    before_scrape: Callable[[], None],
) -> WSGIServer:
    """The server of /metrics, /livez and /readyz: ready once every watch has its first LIST.

    Raises OSError, which names the address, where that cannot be bound.
    """
    host, _, port = listen.rpartition(":")

    def ready() -> str:
        waiting = [watch for watch in watches if not watch.synced.is_set()]
        return "; ".join(f"{watch.name}: {watch.problem or 'not listed yet'}" for watch in waiting)

    try:
        return make_health_server(
            host, int(port), live=live, ready=ready, before_scrape=before_scrape
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OSError(f"cannot listen on {listen}: {why}") from error


def count_restart(resource: str, cause: str) -> None:
    """Count a watch that is begun again."""
    metrics.WATCH_RESTARTS.labels(resource, cause).inc()


def tell_unreadable(log: logs.Log) -> LeftOut:
    """Who counts and logs the objects that nobody can read."""

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


def _count_request(verb: str, resource: str, status: int) -> None:
    metrics.API_REQUESTS.labels(verb, resource, str(status)).inc()


def _make_elector(
    settings: CapabilitySettings, identity: str, *, resign: threading.Event
) -> Lease | AlwaysLeader:
    """A candidate for the Lease, or who needs none where the settings ask for no election.

    It has connections of its own: no number of slow writes may keep it from being renewed.
    """
    if not settings.leader_elect:
        return AlwaysLeader(resign)
    api = connect_api(settings.kubeconfig)
    where, name = find_lease_namespace(settings, api), find_lease_name(settings)
    return Lease(api, where, name, identity, stop=resign, duration=settings.lease_duration)
