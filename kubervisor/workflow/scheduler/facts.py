"""What the scheduler is told, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from kubervisor.workflow.project.model import Phase


class Reason(StrEnum):
    """Why, in one word: of the conditions, of Events, of logs and metrics."""

    SYNCED = "Synced"
    RESTING = "Resting"
    AT_WORK = "AtWork"
    WORKER_FAILED = "WorkerFailed"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    OUTPUT_REFUSED = "OutputRefused"
    OUTPUT_FAILED = "OutputFailed"
    TRANSITION_REFUSED = "TransitionRefused"
    UNKNOWN_PHASE = "UnknownPhase"
    INVALID_SPEC = "InvalidSpec"
    FINALIZING = "Finalizing"
    PHASE_CHANGED = "PhaseChanged"
    PHASE_TIMED_OUT = "PhaseTimedOut"
    PHASE_GIVEN_UP = "PhaseGivenUp"
    PRUNED = "Pruned"


@dataclass(frozen=True, slots=True)
class ResourceState:
    """What a decision needs of a resource. `status` is as stored, whoever wrote it."""

    uid: str
    generation: int
    deleting: bool
    finalizers: tuple[str, ...]
    status: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sync came to nothing. `message` is for people, and cut to one line by who takes it."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """News of a resource, to be told once the status that goes with it is written."""

    type: Literal["Normal", "Warning"]
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Nothing else before: add our finalizer, and plan again with the resource that has it."""


@dataclass(frozen=True, slots=True)
class RunWorker:
    """The worker of `phase` is due; the resource has been in it since `phase_since`."""

    phase: Phase
    phase_since: datetime


@dataclass(frozen=True, slots=True)
class RunFinalizer:
    """The resource is being deleted: the finalizer is due. It is told the phase as well, which may
    be none of the project's.
    """

    phase: str
    phase_since: datetime


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Being deleted, with a finalizer of ours that the project does not enable any more."""


@dataclass(frozen=True, slots=True)
class MoveOn:
    """The phase took too long: write `status`, tell `events`, and plan again at once."""

    status: dict[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is due until the resource changes; `status` is to be written where it is not None."""

    status: dict[str, Any] | None = None


Plan = AddFinalizer | RunWorker | RunFinalizer | RemoveFinalizer | MoveOn | Rest


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a sync: the whole `status` to write, None where it stays as it is, and in how
    many seconds the resource is due `again`, None for not before it, an input or an output changes.
    A write of this status by us is no such change.
    """

    status: dict[str, Any] | None
    again: float | None
    events: tuple[Event, ...] = ()
