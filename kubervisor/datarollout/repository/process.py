"""The life of a repository process: open the store, crawl and serve until told to end."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubervisor.datarollout.repository.annotated import AllowPattern
from kubervisor.datarollout.repository.crawler import Rules
from kubervisor.datarollout.repository.fetchers import Fetchers
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.pod_sources import Annotations
from kubervisor.datarollout.repository.repository import Parts, Repository
from kubervisor.datarollout.repository.serving import LAST_SECONDS, Serving
from kubervisor.datarollout.repository.site import Site
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.repository.token import Token
from kubervisor.datarollout.specs import ReadSources
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.signals import ENDING
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry.logs import Log

if TYPE_CHECKING:
    from kubervisor.datarollout.repository.kube_objects import Cluster


@dataclass(frozen=True, slots=True)
class Settings:
    """What one repository is told. Without `patterns` pods set up no sources; without
    `keep_in_use` nobody is asked which versions are in use. `local` is for tests.
    """

    read: ReadSources
    folder: Path
    scratch: Path
    rules: Rules
    token: Token
    patterns: Sequence[AllowPattern] = ()
    keep_in_use: bool = False
    local: bool = False


def run(settings: Settings, cluster: Cluster | None, listening: socket.socket, log: Log) -> int:
    """Serve until SIGTERM; the exit code: 0 asked to stop, 1 it cannot serve any more.

    `cluster` is there where the settings need one. Raises OSError where a folder cannot be used.
    """
    # Waited for, not handled: so a signal ends no write halfway.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    store, stop = Store(settings.folder, log), threading.Event()
    parts = Parts(
        store=store,
        fetchers=Fetchers(
            settings.scratch,
            settings.rules.limits,
            cluster=cluster,
            stop=stop,
            local=settings.local,
        ),
        rules=settings.rules,
        in_use=cluster.in_use if cluster and settings.keep_in_use else frozenset[str],
        clock=Clock(),
        metrics=RepositoryMetrics(),
        log=log,
    )
    repository = Repository(settings.read, parts, _annotations(settings, cluster))
    site = Site(repository, store, parts.metrics, settings.token, log)
    server = _Server(Serving(site.application()), listening, log)
    log.info("Serving data", address=":".join(map(str, listening.getsockname()[:2])))
    repository.start()
    repository.look()
    while signal.sigtimedwait(ENDING, settings.rules.period) is None:
        repository.look()
    log.info("Stopping")
    stop.set()
    server.end()
    repository.end()
    store.close()
    log.info("Stopped")
    return server.exit_code


def _annotations(settings: Settings, cluster: Cluster | None) -> Annotations | None:
    if cluster is None or not settings.patterns:
        return None
    return Annotations(cluster.specs, settings.patterns, local=settings.local)


class _Server:
    """The site on a thread, without which the process ends: it would only seem to work."""

    def __init__(self, serving: Serving, listening: socket.socket, log: Log) -> None:
        self._serving, self._listening, self._log = serving, listening, log
        self.exit_code, self._ending = 0, False
        self._thread = start_thread("server", self._run)

    def end(self) -> None:
        """Return once the answers under way are given, or cut off."""
        self._ending = True
        self._serving.stop()
        self._thread.join(LAST_SECONDS + 1)

    def _run(self) -> None:
        try:
            self._serving.run(self._listening)
        except Exception as error:  # noqa: BLE001 - whatever it was, half a process is none
            self._log.error("The server died", error=str(error), exc_info=True)
        if not self._ending:
            self.exit_code = 1
            os.kill(os.getpid(), signal.SIGTERM)
