"""What is stored on the API server about rules: as the watches show it, and what we wrote since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from kubervisor.errors import ApiError, NotFound
from kubervisor.kube.caches import Record
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_records import RuleObjectRecord
from kubervisor.kube.rule_writer import RuleWriter
from kubervisor.rules.controller.remembered import Memories
from kubervisor.runtime.crew import Job
from kubervisor.runtime.together import Together
from kubervisor.telemetry import rule_metrics

T = TypeVar("T", bound=Record)


def _specs() -> Fresh[SpecRecord]:
    return Fresh(lambda one: one.resource_version, begins=True)


def _objects() -> Fresh[RuleObjectRecord]:
    return Fresh(lambda one: one.resource_version, begins=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the watches have shown."""

    rules: Callable[[], Iterable[SpecRecord]]
    objects: Callable[[], Iterable[RuleObjectRecord]]
    approvals: Callable[[], Iterable[SpecRecord]]


@dataclass(frozen=True, slots=True)
class Storage:
    """The newest of each kind of record, and the memory that those of objects are."""

    shown: Shown
    rules: Fresh[SpecRecord] = field(default_factory=_specs)
    objects: Fresh[RuleObjectRecord] = field(default_factory=_objects)
    approvals: Fresh[SpecRecord] = field(default_factory=_specs)
    memories: Memories = field(default_factory=Memories)

    def settle_doubts(self, writer: RuleWriter, together: Together) -> None:
        """Read again what is in doubt; what cannot be read stays so, and is left alone."""
        jobs: list[Job] = []
        for fresh, read in (
            (self.rules, writer.read_rule),
            (self.approvals, writer.read_approval),
        ):
            jobs += [partial(_reread, fresh, read, one) for one in fresh.doubtful()]
        jobs += [
            partial(_reread, self.objects, writer.read_object, one)
            for one in self.objects.doubtful()
        ]
        together.do(jobs)

    def is_in_doubt(self) -> bool:
        """Whether anything is."""
        return any(one.doubtful() for one in (self.rules, self.objects, self.approvals))


def _reread(fresh: Fresh[T], read: Callable[[T], T], record: T) -> None:
    try:
        stored = read(record)
    except NotFound:
        fresh.forget(record)
    except ApiError as error:
        rule_metrics.WRITE_ERRORS.labels("read", error.reason).inc()
    else:
        fresh.forget(record)
        fresh.note(stored)
