"""What a worker is given, made of plain values: for the tests of a project, which need no cluster.

`sync(a_resource(OPERATOR, Phase.EVALUATING, in_phase=60), given(EvaluatingInputs, services=[…]))`
returns what the worker makes of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from kubervisor.workflow.objects import Json, Object
from kubervisor.workflow.operator import Operator
from kubervisor.workflow.project.model import METRICS
from kubervisor.workflow.worker import Inputs, QueryResult, Resource, Sample, SpecT, StatusT

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""The beginning of a sync, where a test says no other."""
NAMESPACE = "default"
"""Where resources are, and objects that say no namespace."""

Answer: TypeAlias = float | QueryResult | None
"""The value of the only series, all series, or no data."""

InputsT = TypeVar("InputsT", bound=Inputs)


def a_resource(
    operator: Operator[SpecT, StatusT],
    phase: str = "",
    *,
    spec: SpecT | Mapping[str, Any] | None = None,
    status: StatusT | Mapping[str, Any] | None = None,
    name: str = "example",
    namespace: str = NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    generation: int = 1,
    now: datetime = NOW,
    in_phase: float = 0.0,
) -> Resource[SpecT, StatusT]:
    """A resource in `phase`, by default the initial one, for `in_phase` seconds at `now`.

    `spec` and `status` are as in YAML, or models. Raises pydantic's ValidationError where a model
    does not accept them, KeyError where the project has no such phase.
    """
    project = operator.project
    found = project.find(phase)
    if found is None:
        raise KeyError(phase)
    return Resource(
        api_version=f"{project.group}/{project.version}",
        kind=project.kind,
        namespace=namespace,
        name=name,
        uid=f"uid-of-{name}",
        generation=generation,
        labels=dict(labels or {}),
        annotations=dict(annotations or {}),
        spec=operator.spec.model_validate(spec or {}),
        status=operator.status.model_validate(status or {}),
        phase=found.name,
        phase_since=now - timedelta(seconds=in_phase),
        now=now,
    )


def given(
    inputs: type[InputsT],
    *,
    metrics: Mapping[str, Answer | Callable[..., Answer]] | None = None,
    namespace: str = NAMESPACE,
    **objects: Iterable[Json],
) -> InputsT:
    """What a phase reads: `objects` by the fields of `inputs`, none of a kind that is not said.

    `namespace` is the resource's. `metrics` are answers by the names of queries; a function is
    called with the query's parameters and may raise. Raises TypeError for what `inputs` has not.
    """
    names = {field.name for field in fields(inputs)}
    told = set(objects) | ({METRICS} if metrics is not None else set())
    if unknown := sorted(told - names):
        raise TypeError(f"{inputs.__name__} does not read {', '.join(unknown)}")
    values: dict[str, Any] = {
        name: _Given(tuple(objects.get(name, ())), namespace) for name in names - {METRICS}
    }
    if METRICS in names:
        values[METRICS] = _Answers(metrics or {})
    return inputs(**values)


@dataclass(frozen=True, slots=True)
class _Given:
    """Objects as a test lists them."""

    bodies: tuple[Json, ...]
    home: str

    def find(self, name: str, namespace: str | None = None) -> Object | None:
        return next((one for one in self.list(namespace=namespace) if one.name == name), None)

    def list(
        self, *, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Object, ...]:
        wanted = (labels or {}).items()
        found = (
            Object(copy.deepcopy(body))
            for body in self.bodies
            if body["metadata"].get("namespace", self.home) == (namespace or self.home)
            and wanted <= (body["metadata"].get("labels") or {}).items()
        )
        return tuple(sorted(found, key=lambda one: one.name))


@dataclass(frozen=True, slots=True)
class _Answers:
    """Queries that answer what a test says."""

    by_name: Mapping[str, Answer | Callable[..., Answer]]

    def query(self, name: str, /, **parameters: str) -> QueryResult:
        if name not in self.by_name:
            raise ValueError(f"the test says no answer to the query {name!r}")
        answer = self.by_name[name]
        if callable(answer):
            answer = answer(**parameters)
        if answer is None:
            return QueryResult()
        if isinstance(answer, QueryResult):
            return answer
        return QueryResult((Sample({}, float(answer)),))
