"""What a worker is given and what it returns.

A worker is a function of what it is given: it reads no clock and keeps nothing. It may be called
again with the same at any time, also after the process was killed in its midst.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from kubervisor.workflow.objects import Json, Object, OnlyFields

SpecT = TypeVar("SpecT", bound=BaseModel)
StatusT = TypeVar("StatusT", bound=BaseModel)


@dataclass(frozen=True)  # with slots Python 3.11 could not call Resource[…](…)
class Resource(Generic[SpecT, StatusT]):
    """The object that a workflow is about, as it was when this sync began, which is `now`.

    `phase` has been that of the object since `phase_since`. `status` is what workers returned last,
    else a status of defaults.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: SpecT
    status: StatusT
    phase: str
    phase_since: datetime
    now: datetime


class Objects(Protocol):
    """The objects of one kind that a phase has for an input. `namespace` is the resource's own
    unless it is said; where the operator looks after some namespaces, it knows of no others.
    """

    def find(self, name: str, namespace: str | None = None) -> Object | None:
        """The object of that name, None where there is none."""

    def list(
        self, *, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Object, ...]:
        """Those that have all of `labels`, in the order of their names."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant vector."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer to a query; that there is no data is an answer."""

    samples: tuple[Sample, ...] = ()

    @property
    def value(self) -> float | None:
        """The value of the only sample; None where there is none, or where it is no number.

        Raises ValueError where there are several.
        """
        if len(self.samples) > 1:
            raise ValueError(f"{len(self.samples)} series answered where one was asked for")
        if not self.samples or self.samples[0].value != self.samples[0].value:
            return None
        return self.samples[0].value


class Metrics(Protocol):
    """The queries of a project, built in or its own, by name."""

    def query(self, name: str, /, **parameters: str) -> QueryResult:
        """Ask the query `name` with its `parameters`, by their names in the project file.

        Raises SourceError where there is no answer, ValueError where a parameter is missing,
        unknown, or cannot stand where the query puts it.
        """


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a phase reads: the generated class of a phase has a field for each of its inputs."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a phase writes: the generated class of a phase has a field for each of its outputs.

    None says nothing of a kind. A sequence says all there is of it: what this resource had of that
    kind and is not in it any more is deleted.
    """

    def said(self) -> Mapping[str, Sequence[Json | OnlyFields]]:
        """The outputs by the lower names of their kinds, without those that say nothing."""
        found = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in found if value is not None}


@dataclass(frozen=True)  # with slots Python 3.11 could not call Outcome[…](…)
class Outcome(Generic[StatusT]):
    """What came of a sync: `next` is the phase that follows, or the same one.

    A `status` of None leaves what is there. `message` says why, for people. The worker is called
    again `after` so many seconds, by default the phase's work interval, and earlier where an input
    or output changes.
    """

    next: str
    outputs: Outputs = field(default_factory=Outputs)
    status: StatusT | None = None
    message: str = ""
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Finalized:
    """What came of a finalizer: with `done` the resource goes, and all that it owns goes after it.
    Until then the finalizer is called again, `after` so many seconds. Outputs are mostly OnlyFields
    that put back what somebody else's objects had.
    """

    done: bool = True
    outputs: Outputs = field(default_factory=Outputs)
    message: str = ""
    after: float | None = None
