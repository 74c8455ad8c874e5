"""What is due for a resource, and what is remembered of what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kubervisor.workflow.project.model import Phase, Project
from kubervisor.workflow.scheduler.backoff import FIRST, back_off
from kubervisor.workflow.scheduler.conditions import READY
from kubervisor.workflow.scheduler.facts import (
    AddFinalizer,
    Event,
    Failure,
    MoveOn,
    Plan,
    Reason,
    RemoveFinalizer,
    ResourceState,
    Rest,
    RunFinalizer,
    RunWorker,
    Settled,
)
from kubervisor.workflow.scheduler.inventory import GROUP
from kubervisor.workflow.scheduler.look import Look, Verdict
from kubervisor.workflow.scheduler.plain import without_nulls
from kubervisor.workflow.scheduler.reading import line
from kubervisor.workflow.scheduler.status import Status, own
from kubervisor.workflow.scheduler.transitions import refused, refused_end
from kubervisor.workflow.worker import Finalized, Outcome

MOST_COUNTED = 10
"""Failures in a row, unless a phase has more `retries`: by then the back-off is the longest, and
what goes on failing for the same reason is not written again.
"""


def finalizer(project: Project) -> str:
    """The name of the finalizer of the resources of `project`.

    >>> finalizer(Project("CanaryDeployment", "a.io", "v1", "x", ()))
    'workflow.kubervisor.k8s.io/canarydeployment'
    """
    return f"{GROUP}/{project.kind.lower()}"


def plan(project: Project, state: ResourceState, now: datetime) -> Plan:
    """What is due for a resource at `now`, an instant with its zone."""
    look, has_finalizer = Look(project, state, now), finalizer(project) in state.finalizers
    if state.deleting:
        return _plan_end(look, has_finalizer)
    if project.enable_finalizer and not has_finalizer:
        return AddFinalizer()
    phase = look.phase
    if phase is None or phase.final:
        return Rest(look.change(look.judged(look.current)))
    if look.left(phase, look.current) == 0:
        return _time_out(look, phase)
    return RunWorker(phase, look.current.since)


def _plan_end(look: Look, has_finalizer: bool) -> Plan:
    if not has_finalizer:
        return Rest()
    if not look.project.enable_finalizer:
        return RemoveFinalizer()
    return RunFinalizer(look.current.phase, look.current.since)


def _time_out(look: Look, phase: Phase) -> MoveOn:
    why = f"not done within {phase.timeout:g} s"
    after = look.judged(look.current.moved(phase.on_timeout, look.now, why))
    event = Event("Warning", Reason.PHASE_TIMED_OUT, _way(phase, after))
    return MoveOn(after.as_json(), (event,))


def settle(
    project: Project,
    state: ResourceState,
    phase: Phase,
    result: Outcome[Any] | Failure,
    user_status: Mapping[str, Any] | None,
    now: datetime,
    *,
    work_interval: float,
) -> Settled:
    """What remains of a sync in `phase`, planned of `state`; `work_interval` is the operator's.

    `user_status` is the status of the outcome as JSON, None where it has none. An outcome that
    `transitions.refused` refuses is a failure here too, but its outputs must not have been
    written: ask before. After `Reason.INVALID_SPEC` nothing is tried again by itself.
    """
    look = Look(project, state, now)
    if isinstance(result, Failure):
        return _failed(look, phase, result)
    if (refusal := refused(project, phase, result)) is not None:
        return _failed(look, phase, refusal)
    target = project.find(result.next) or phase
    info = look.current.info if user_status is None else own(without_nulls(user_status))
    synced = replace(look.current, info=info, generation=state.generation, failures=0)
    if target.name == phase.name:
        interval = work_interval if phase.work_interval is None else phase.work_interval
        wait = interval if result.after is None else float(result.after)
        return _stayed(look, phase, replace(synced, message=line(result.message)), wait)
    moved = synced.moved(target.name, now, line(result.message))
    after = look.judged(moved, Verdict(True, Reason.SYNCED, f"{phase.name} was synced"))
    news = Event("Normal", Reason.PHASE_CHANGED, _way(phase, after))
    wait = float(result.after or 0.0)
    again = None if target.final else _soonest(wait, look.left(target, after))
    return Settled(look.change(after), again, (news,))


def _stayed(look: Look, phase: Phase, synced: Status, wait: float) -> Settled:
    after = look.judged(synced, Verdict(True, Reason.SYNCED, f"{phase.name} was synced"))
    return Settled(look.change(after), _soonest(wait, look.left(phase, after)))


def _failed(look: Look, phase: Phase, failure: Failure) -> Settled:
    verdict = Verdict(False, failure.reason, failure.message)
    if failure.reason is Reason.INVALID_SPEC:
        after = look.judged(look.current, verdict)
        return Settled(look.change(after), look.left(phase, after), _news(look, failure))
    failures = look.current.failures + 1
    if phase.retries is not None and phase.on_failure and failures > phase.retries:
        return _given_up(look, phase, failures, failure)
    after = look.judged(_counted(look.current, failures, phase.retries), verdict)
    again = _soonest(back_off(after.failures), look.left(phase, after))
    return Settled(look.change(after), again, _news(look, failure))


def _given_up(look: Look, phase: Phase, failures: int, failure: Failure) -> Settled:
    why = line(f"gave up after {failures} failed syncs: {failure.message}")
    moved = look.current.moved(phase.on_failure, look.now, why)
    after = look.judged(moved, Verdict(False, failure.reason, failure.message))
    news = Event("Warning", Reason.PHASE_GIVEN_UP, _way(phase, after))
    target = look.project.find(phase.on_failure)
    # two phases that give up on one another at once are kept from a race by the first back-off
    again = None if target is None or target.final else FIRST
    return Settled(look.change(after), again, (news,))


def settle_finalizing(
    project: Project,
    state: ResourceState,
    result: Finalized | Failure,
    now: datetime,
    *,
    work_interval: float,
) -> Settled:
    """What remains of a call of the finalizer. Where it is done there is nothing to write, and our
    finalizer is to be removed. `transitions.refused_end` is to be asked before its outputs are
    written, too.
    """
    look = Look(project, state, now)
    if isinstance(result, Failure):
        return _end_failed(look, result)
    if (refusal := refused_end(result)) is not None:
        return _end_failed(look, refusal)
    if result.done:
        return Settled(None, None)
    verdict = Verdict(False, Reason.FINALIZING, result.message or "the finalizer is at work")
    after = look.told(replace(look.current, failures=0), READY, verdict)
    wait = work_interval if result.after is None else float(result.after)
    return Settled(look.change(after), wait)


def _end_failed(look: Look, failure: Failure) -> Settled:
    verdict = Verdict(False, failure.reason, failure.message)
    if failure.reason is Reason.INVALID_SPEC:
        after = look.told(look.current, READY, verdict)
        return Settled(look.change(after), None, _news(look, failure))
    counted = _counted(look.current, look.current.failures + 1, None)
    after = look.told(counted, READY, verdict)
    return Settled(look.change(after), back_off(after.failures), _news(look, failure))


def _counted(status: Status, failures: int, retries: int | None) -> Status:
    return replace(status, failures=min(failures, max(MOST_COUNTED, retries or 0)))


def _soonest(wait: float, left: float | None) -> float:
    return wait if left is None else min(wait, left)


def _way(phase: Phase, after: Status) -> str:
    why = f": {after.message}" if after.message else ""
    return f"{phase.name} → {after.phase}{why}"


def _news(look: Look, failure: Failure) -> tuple[Event, ...]:
    if not look.is_news(failure):
        return ()
    return (Event("Warning", failure.reason, line(failure.message)),)
