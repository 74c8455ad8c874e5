"""Where a sync may lead, and what a worker may say of it."""

from __future__ import annotations

from pydantic import BaseModel

from kubervisor.workflow.project.model import Phase, Project
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.worker import Finalized, Outcome, Outputs

LONGEST_WAIT = 366 * 86_400.0
"""Seconds that a worker may want to be left alone."""


def refused(project: Project, phase: Phase, outcome: object) -> Failure | None:
    """Why `outcome` cannot come of `phase`, None where it can: it leads to a phase that may not
    follow, or is no proper outcome. To be asked before any of its outputs is written.
    """
    if not isinstance(outcome, Outcome):
        return _improper(f"the worker returned {_kind(outcome)}, not an Outcome")
    improper = _improper_parts(outcome.outputs, outcome.message, outcome.after)
    if improper is not None:
        return improper
    if outcome.status is not None and not isinstance(outcome.status, BaseModel):
        return _improper(f"the status is {_kind(outcome.status)}, not the project's model")
    return _no_way(project, phase, outcome.next)


def refused_end(finalized: object) -> Failure | None:
    """Why `finalized` cannot come of a finalizer, None where it can; to be asked likewise."""
    if not isinstance(finalized, Finalized):
        return _improper(f"the finalizer returned {_kind(finalized)}, not a Finalized")
    return _improper_parts(finalized.outputs, finalized.message, finalized.after)


def _no_way(project: Project, phase: Phase, next: object) -> Failure | None:
    if not isinstance(next, str):
        return _improper(f"the next phase is {_kind(next)}, not the name of one")
    target = project.find(next)
    if target is None:
        names = ", ".join(one.name for one in project.phases)
        return Failure(
            Reason.TRANSITION_REFUSED,
            f'the worker of {phase.name} returned the phase "{next}"; there are {names}',
        )
    if phase.next and target.name not in (phase.name, *phase.next):
        return Failure(
            Reason.TRANSITION_REFUSED,
            f"the worker of {phase.name} returned {target.name}; by the project's `next`, "
            f"{', '.join(phase.next)} may follow",
        )
    return None


def _improper_parts(outputs: object, message: object, after: object) -> Failure | None:
    if not isinstance(outputs, Outputs):
        return _improper(f"the outputs are {_kind(outputs)}, not Outputs")
    if not isinstance(message, str):
        return _improper(f"the message is {_kind(message)}, not text")
    if after is None:
        return None
    if isinstance(after, bool) or not isinstance(after, int | float):
        return _improper(f"`after` is {_kind(after)}, not a number of seconds")
    if not 0 <= after <= LONGEST_WAIT:
        return _improper("`after` is not between 0 and a year of seconds")
    return None


def _improper(message: str) -> Failure:
    return Failure(Reason.WORKER_FAILED, message)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"
