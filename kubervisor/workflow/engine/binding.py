"""An operator made fit to run: its parts fit its project, and its workers get what they ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from kubervisor.errors import SpecError
from kubervisor.workflow.engine.inputs import CachedObjects
from kubervisor.workflow.engine.kinds import all_kinds
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import World
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.operator import Finalizer, Operator, Worker
from kubervisor.workflow.project.model import METRICS
from kubervisor.workflow.scheduler.dependencies import Found, Listed
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.inventory import Ref
from kubervisor.workflow.scheduler.status import RESERVED, own
from kubervisor.workflow.worker import Inputs, Metrics, Resource

TOLD = 3
"""So many faults of a resource are told at once."""


def check(operator: Operator[Any, Any]) -> None:
    """Raises SpecError where the parts of an operator do not fit its project; it names all."""
    problems = list(_problems(operator))
    if problems:
        raise SpecError(f"{operator.project.operator_name} cannot run: {'; '.join(problems)}")


def _problems(operator: Operator[Any, Any]) -> Iterator[str]:
    project = operator.project
    working = {phase.name: phase for phase in project.phases if not phase.final}
    for name in working.keys() - operator.workers.keys():
        yield f"phase {name} has no worker"
    for name in operator.workers.keys() - working.keys():
        yield f"there is a worker for {name}, which is no phase that has one"
    for name in working.keys() & operator.workers.keys():
        allowed = working[name].inputs
        yield from _misread(f"the worker of {name}", operator.workers[name].inputs, allowed)
    if project.enable_finalizer and operator.finalizer is None:
        yield "enableFinalizer is true, and there is no finalizer"
    if operator.finalizer is not None and not project.enable_finalizer:
        yield "there is a finalizer, and enableFinalizer is not true"
    if operator.finalizer is not None:
        kinds = (*(kind.lower_name for kind in all_kinds(project)), METRICS)
        yield from _misread("the finalizer", operator.finalizer.inputs, kinds)
    yield from _status_problems(operator.status)


def _misread(who: str, inputs: type[Inputs], allowed: Collection[str]) -> Iterator[str]:
    for one in fields(inputs):
        if one.name not in allowed:
            yield f"{who} reads {one.name}, which is not among its inputs"


def _status_problems(status: type[BaseModel]) -> Iterator[str]:
    names = {one.serialization_alias or one.alias or n for n, one in status.model_fields.items()}
    for name in sorted(names & RESERVED):
        yield f"the status has a field {name}, which is the scheduler's: give it another name"
    try:
        status()
    except ValidationError as error:
        yield f"each field of the status needs a default: {_sentence('status', error)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker is called with."""

    resource: Resource[Any, Any]
    inputs: Inputs


class Binding:
    """Makes of what is stored what workers are called with."""

    def __init__(
        self,
        operator: Operator[Any, Any],
        world: World,
        written: Written[Ref],
        metrics: Metrics,
    ) -> None:
        self._operator, self._world = operator, world
        self._written, self._metrics = written, metrics

    def bind(
        self,
        worker: Worker | Finalizer,
        seen: Seen,
        reads: list[Found | Listed],
        *,
        phase: str,
        phase_since: datetime,
        now: datetime,
    ) -> Asked | Failure:
        """What `worker` is called with for the resource `seen`; what it then reads is noted in
        `reads`. A Failure where the resource is not what the models accept.
        """
        body = seen.body  # its own: it may change what it is given
        try:
            spec = _valid("spec", self._operator.spec, body.get("spec") or {})
            status = _valid("status", self._operator.status, own(body.get("status") or {}))
        except _Invalid as invalid:
            return Failure(Reason.INVALID_SPEC, str(invalid))
        parameter = self._world.resources.parameter
        resource = Resource(
            api_version=parameter.api_version,
            kind=parameter.kind,
            namespace=seen.namespace,
            name=seen.name,
            uid=seen.uid,
            generation=body["metadata"].get("generation", 0),
            labels=dict(seen.labels),
            annotations=body["metadata"].get("annotations") or {},
            spec=spec,
            status=status,
            phase=phase,
            phase_since=phase_since,
            now=now,
        )
        return Asked(resource, self._inputs(worker.inputs, seen.namespace, reads))

    def _inputs(self, made: type[Inputs], home: str, reads: list[Found | Listed]) -> Inputs:
        world = self._world
        given: dict[str, object] = {
            one.name: self._metrics
            if one.name == METRICS
            else CachedObjects(world.kinds[one.name], home, world.namespaces, self._written, reads)
            for one in fields(made)
        }
        return made(**given)


class _Invalid(Exception):
    pass


def _valid(what: str, model: type[BaseModel], stored: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(stored)
    except ValidationError as error:
        raise _Invalid(_sentence(what, error)) from None


def _sentence(what: str, error: ValidationError) -> str:
    """What is wrong, by the fields' names in YAML."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, (what, *one['loc'])))}: {one['msg']}" for one in faults[:TOLD]]
    more = len(faults) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")
