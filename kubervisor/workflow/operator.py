"""An operator as its project declares it: which function works in which phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from kubervisor.workflow.project.model import Project
from kubervisor.workflow.worker import Finalized, Inputs, Outcome, SpecT, StatusT


@dataclass(frozen=True, slots=True)
class Worker:
    """The function that works in one phase, and the class of what it reads. It is called as
    `sync(resource, inputs)`.
    """

    sync: Callable[..., Outcome[Any]]
    inputs: type[Inputs] = Inputs


@dataclass(frozen=True, slots=True)
class Finalizer:
    """What is done before a resource goes; called as `finalize(resource, inputs)` once it is being
    deleted, until it says that it is done.
    """

    finalize: Callable[..., Finalized]
    inputs: type[Inputs] = Inputs


@dataclass(frozen=True)  # with slots Python 3.11 could not call Operator[…](…)
class Operator(Generic[SpecT, StatusT]):
    """All that an operator is, but the cluster that it works on; `workers` by the phases' names.

    The `finalizer` is there where the project enables it.
    """

    project: Project
    spec: type[SpecT]
    status: type[StatusT]
    workers: Mapping[str, Worker]
    finalizer: Finalizer | None = None
