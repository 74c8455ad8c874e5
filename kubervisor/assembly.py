"""Long-lived parts that the process of every capability has: its door to the API server, its Lease,
its page of health and metrics.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import uuid
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Protocol
from wsgiref.simple_server import WSGIServer

from kubervisor import __version__
from kubervisor.kube.client import Api, connect
from kubervisor.kube.lease import Lease
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Unreadable
from kubervisor.kube.watches import LeftOut
from kubervisor.runtime import memory, threads
from kubervisor.runtime.process import AlwaysLeader
from kubervisor.telemetry import logs, metrics
from kubervisor.telemetry.health import Probe, make_health_server


class ElectorSettings(Protocol):
    """What the settings of every capability say of its Lease."""

    @property
    def kubeconfig(self) -> str | None: ...
    @property
    def leader_elect(self) -> bool: ...
    @property
    def lease_namespace(self) -> str: ...
    @property
    def lease_duration(self) -> float: ...


def settle() -> None:
    """Make the settings of the interpreter, and tell which one it is; once, before all else."""
    memory.settle()
    threads.settle()
    metrics.BUILD.labels(__version__, platform.python_version()).set(1)


def make_identity() -> str:
    """What this process calls itself; no other has the name."""
    return f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"


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


def lease_namespace_of(set_to: str, api: Api) -> str:
    """Where the Lease lives: as set, else the pod's own namespace, else the kubeconfig's."""
    return set_to or os.environ.get("POD_NAMESPACE") or api.namespace


def make_elector(
    settings: ElectorSettings, name: str, identity: str, *, resign: threading.Event
) -> Lease | AlwaysLeader:
    """A candidate for the Lease `name`, or who needs none where the settings ask for no election.

    It has connections of its own: no number of slow writes may keep it from being renewed.
    """
    if not settings.leader_elect:
        return AlwaysLeader(resign)
    api = connect_api(settings.kubeconfig)
    where = lease_namespace_of(settings.lease_namespace, api)
    return Lease(api, where, name, identity, stop=resign, duration=settings.lease_duration)


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
