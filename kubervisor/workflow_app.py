"""Composition root of an operator, which is a program of its own: `main(OPERATOR)` runs one.

It shares no cache, thread or account with any capability of the controller.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypedDict

from kubervisor.assembly import (
    Frame,
    connect_api,
    count_restart,
    listen_for_health,
    loop_maker,
    make_frame,
    tell_unreadable,
)
from kubervisor.errors import KubervisorError
from kubervisor.runtime import memory
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.process import Process
from kubervisor.source_settings import NamedSource
from kubervisor.sources import Sources
from kubervisor.telemetry import logs
from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.belongings import Belongings
from kubervisor.workflow.engine.binding import Binding, check
from kubervisor.workflow.engine.counting import count
from kubervisor.workflow.engine.finalizing import Finalizing
from kubervisor.workflow.engine.hands import Hands, Lookout
from kubervisor.workflow.engine.kinds import Key, refuse_beyond
from kubervisor.workflow.engine.leading import WorkflowLeading
from kubervisor.workflow.engine.listening import listen
from kubervisor.workflow.engine.metrics import SOURCE, AskedMetrics
from kubervisor.workflow.engine.news import WorkflowEvents, WorkflowNews
from kubervisor.workflow.engine.outlet import Outlet
from kubervisor.workflow.engine.pruning import Pruning
from kubervisor.workflow.engine.queueing import Wakes
from kubervisor.workflow.engine.reporting import Reporting
from kubervisor.workflow.engine.statuses import ResourceWriter
from kubervisor.workflow.engine.syncing import Syncing
from kubervisor.workflow.engine.watching import World, watch_world
from kubervisor.workflow.engine.working import Working
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.operator import Operator
from kubervisor.workflow.project.operator_config import OperatorConfig, read_config
from kubervisor.workflow.scheduler.inventory import Ref
from kubervisor.workflow_settings import WorkflowSettings

MAX_SAMPLE_AGE = 300.0
"""Seconds after which a sample is no sample; Prometheus' own."""

MOUNTED = Path("/config/autopilot-operator.yaml")
"""Where a pod of the operator has its configuration."""


def main(operator: Operator[Any, Any], argv: Sequence[str] | None = None) -> NoReturn:
    """Run an operator until SIGTERM. Exit code 0: asked to stop; 1: lease lost; 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog=operator.project.operator_name,
        description=f"The operator of {operator.project.kind} ({operator.project.group}).",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help=f"its settings; default: $AUTOPILOT_CONFIG, else {MOUNTED} where that exists",
    )
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help="default: the pod's account, else $KUBECONFIG"
    )
    given = parser.parse_args(argv)
    try:
        config = _read_config(given.config)
        logs.set_up(level=config.log_level, form="auto")
        process = build(operator, config, kubeconfig=given.kubeconfig)
    except (KubervisorError, ValueError, OSError) as error:
        parser.error(str(error))
    sys.exit(process.run())


def build(
    operator: Operator[Any, Any], config: OperatorConfig, *, kubeconfig: str | None = None
) -> Process:
    """The process of an operator, ready to run.

    Raises SpecError where the operator's parts do not fit its project, ApiError where the API
    server cannot be used, OSError where an address cannot be bound, ValueError where a setting
    cannot be used.
    """
    project = operator.project
    check(operator)
    refuse_beyond(project, config.watch_namespaces)
    settings = WorkflowSettings.of(config, project.operator_name, kubeconfig=kubeconfig)
    frame, clock = make_frame(settings), Clock()
    world = watch_world(
        frame.api,
        project,
        settings.namespaces,
        stop=frame.stop,
        count=count_restart,
        left_out=tell_unreadable(frame.log),
    )
    events = WorkflowEvents(frame.api, project, frame.identity)
    wakes = Wakes(clock.monotonic)
    syncing = _syncing(operator, settings, frame, clock, world, wakes, events)
    begin = loop_maker(clock, frame.log)
    hands = Hands(clock.monotonic)
    leading = WorkflowLeading(
        world=world,
        wakes=wakes,
        syncing=syncing,
        loops=[
            begin("memory", "memory", memory.Tidy().step),
            begin("lookout", "lookout", Lookout(hands, frame.log).step),
        ],
        hands=hands,
        stop=frame.stop,
        log=frame.log,
    )
    servers = []
    if config.metrics_listen:
        servers.append(
            listen_for_health(
                settings.listen,
                live=hands.stuck,
                watches=world.reflectors,
                before_scrape=partial(count, project, world, wakes),
            )
        )
    return frame.process(watches=world.reflectors, events=events, servers=servers, leading=leading)


def _syncing(
    operator: Operator[Any, Any],
    settings: WorkflowSettings,
    frame: Frame,
    clock: Clock,
    world: World,
    wakes: Wakes,
    events: WorkflowEvents,
) -> Syncing:
    """What syncs resources, with connections of its own: it waits for no watch."""
    project = operator.project
    api, may_write = connect_api(settings.kubeconfig), frame.elector.check
    resources, outputs, belongings = Written[Key](), Written[Ref](), Belongings()
    listen(world, resources, outputs, belongings, wakes)
    source = NamedSource(name=SOURCE, url=settings.prometheus_url)
    sources = Sources(named=[source], allow=(), max_sample_age=MAX_SAMPLE_AGE)
    asked = AskedMetrics(project, sources, FetchPool(clock=clock), clock)
    news = WorkflowNews(events, frame.log)
    applying = Applying(api, may_write, project, world, outputs)
    pruning = Pruning(api, may_write, project, world, belongings, outputs)
    writer = ResourceWriter(api, may_write, world.resources, project.operator_name)
    parts = _Parts(
        binding=Binding(operator, world, outputs, asked),
        outlet=Outlet(project, settings.namespaces, applying, pruning, news),
        reporting=Reporting(project, writer, resources, applying, news),
        news=news,
        clock=clock,
        work_interval=settings.work_interval,
    )
    return Syncing(
        project,
        world=world,
        written=resources,
        working=Working(operator, **parts),
        finalizing=Finalizing(operator, pruning=pruning, **parts),
        reporting=parts["reporting"],
        applying=applying,
        clock=clock,
    )


class _Parts(TypedDict):
    """What workers and the finalizer are called with, and what they say goes out by."""

    binding: Binding
    outlet: Outlet
    reporting: Reporting
    news: WorkflowNews
    clock: Clock
    work_interval: float


def _read_config(named: Path | None) -> OperatorConfig:
    """Raises OSError where the file that is named cannot be read, ProjectError for what it says."""
    said = os.environ.get("AUTOPILOT_CONFIG")
    path = named or (Path(said) if said else MOUNTED if MOUNTED.exists() else None)
    text = path.read_text(encoding="utf-8") if path else ""
    return read_config(text, os.environ, **({"file": str(path)} if path else {}))
