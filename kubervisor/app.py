"""Composition root: from settings to a process. With `leadership`, which it alone uses, and
`assembly`, which other capabilities use too, the only place that builds long-lived parts.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from kubervisor import __version__
from kubervisor.assembly import (
    Frame,
    connect_api,
    count_restart,
    listen_for_health,
    make_frame,
    tell_unreadable,
)
from kubervisor.kube.lease import Lease
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watches import Caches, reflectors
from kubervisor.leadership import Standby, prepare
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.process import Process
from kubervisor.settings import Settings
from kubervisor.telemetry import metrics
from kubervisor.ui.announced import AnnouncedEvents
from kubervisor.ui.documents import Controller
from kubervisor.ui.recorder import Recorder
from kubervisor.ui.rollouts import Rollouts
from kubervisor.ui.rules import Remediation
from kubervisor.ui.server import Dashboard
from kubervisor.ui.view import View
from kubervisor.ui.workflows import PhaseWorkflows

COMPONENT = "kubervisor.k8s.io/controller"


def build(settings: Settings) -> Process:
    """The controller process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound,
    and ValueError where a source or a pattern cannot be used.
    """
    frame = make_frame(settings)
    if settings.register_crds:
        _register_crds(frame)
    caches, overlay = Caches(), Overlay()
    watches = reflectors(
        frame.api,
        settings.namespaces,
        caches,
        overlay,
        stop=frame.stop,
        count=count_restart,
        left_out=tell_unreadable(frame.log),
    )
    events, recorder = AnnouncedEvents(frame.api, COMPONENT, frame.identity), Recorder()
    ending = settings.termination_kubeconfig
    leading, supervisor = prepare(
        Standby(
            frame=frame,
            settings=settings,
            ending=connect_api(ending) if ending else None,
            caches=caches,
            overlay=overlay,
            watches=watches,
            events=events,
            recorder=recorder,
        )
    )
    view = View(
        caches=caches,
        gatherer=Gatherer(caches.pods, caches.services, overlay),
        supervisor=supervisor,
        recorder=recorder,
        events=events,
        rollouts=Rollouts(frame.api, settings.namespaces),
        remediation=Remediation(frame.api, settings.namespaces),
        workflows=PhaseWorkflows(frame.api, settings.namespaces),
        controller=lambda: _answering(frame, settings, watches),
    )
    count = partial(_count, caches)
    health = listen_for_health(
        settings.listen, live=supervisor.stuck, watches=watches, before_scrape=count
    )
    dashboard = Dashboard(settings.dashboard_listen, view, frame.log)
    servers = (health, dashboard)
    return frame.process(watches=watches, events=events, servers=servers, leading=leading)


def _register_crds(frame: Frame) -> None:
    # Imported here: only who registers needs the schema generator.
    from kubervisor.api.crd import crd  # noqa: PLC0415

    frame.register(crd())


def _count(caches: Caches) -> None:
    for name in ("pods", "services", "specs"):
        metrics.CACHE_OBJECTS.labels(name).set(len(getattr(caches, name)))


def _answering(frame: Frame, settings: Settings, watches: tuple[Reflector[Any], ...]) -> Controller:
    """Who this is, for the dashboard."""
    lease = frame.elector if isinstance(frame.elector, Lease) else None
    problems = [f"{watch.name}: {watch.problem}" for watch in watches if watch.problem]
    if lease and lease.problem:
        problems.append(f"lease: {lease.problem}")
    return Controller(
        version=__version__,
        identity=frame.identity,
        leading=lease.is_held() if lease else True,
        leader=lease.holder if lease else frame.identity,
        dry_run=settings.dry_run,
        synced=all(watch.synced.is_set() for watch in watches),
        problem="; ".join(problems),
    )
