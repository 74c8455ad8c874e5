"""The gauges of an operator, set when somebody reads them."""

from __future__ import annotations

from collections import Counter

import msgspec

from kubervisor.telemetry import metrics, workflow_metrics
from kubervisor.workflow.engine.queueing import Wakes
from kubervisor.workflow.engine.watching import World
from kubervisor.workflow.project.model import Project


class _Status(msgspec.Struct, gc=False):
    phase: str = ""


class _Phased(msgspec.Struct, gc=False):
    status: _Status = msgspec.field(default_factory=_Status)


_phased = msgspec.json.Decoder(_Phased)


def count(project: Project, world: World, wakes: Wakes) -> None:
    """Set them as of now. Phases that the project has not are not counted: anybody may name one."""
    workflow_metrics.QUEUE.set(len(wakes))
    for kind in (world.resources, *world.kinds.values()):
        metrics.CACHE_OBJECTS.labels(kind.parameter.lower_name).set(len(kind.cache))
    stored = (_phased.decode(one.stored).status.phase for one in world.resources.cache.values())
    found = Counter(phase or project.initial.name for phase in stored)
    for phase in project.phases:
        workflow_metrics.RESOURCES.labels(phase.name).set(found[phase.name])
