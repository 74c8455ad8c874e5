"""One step of a relocation after another, from what the journal and the cluster say alone."""

from __future__ import annotations

from dataclasses import replace

from kubervisor import instants
from kubervisor.rules.actions.action import (
    Change,
    Do,
    Done,
    Object,
    Patch,
    Step,
    Wait,
    World,
)
from kubervisor.rules.actions.move_binding import Bound, InUse, Stuck, bind, release
from kubervisor.rules.actions.move_copy import Copy, Trouble, claim_like, make_copy
from kubervisor.rules.actions.move_fields import (
    RECLAIM,
    annotate,
    generation_unchanged,
    keep,
    name_of,
    policy_of,
    ref_of,
)
from kubervisor.rules.actions.move_journal import Journal, Stage, write_journal
from kubervisor.rules.actions.move_plan import refusal_after, wish_of
from kubervisor.rules.actions.move_workload import Workload, is_ready, use_instead, waits_for
from kubervisor.rules.actions.objects import annotation, field, find, is_going
from kubervisor.rules.decision.policy import ObjectRef

KEPT = "kubervisor.k8s.io/kept"
"""Annotation of an old volume: since when it is kept, and what for."""

READY_SECONDS = 600.0
"""What a workload has to become ready on its new volume, before somebody is to look at it."""


def go_on(
    target: ObjectRef, workload: Workload, journal: Journal, world: World, now: float
) -> Step:
    """The next step of a move that was begun. Raises ApiError."""
    match journal.stage:
        case Stage.STOPPED:
            return _copied(target, workload, journal, world, now)
        case Stage.BINDING:
            return _bound(target, workload, journal, world, now)
        case Stage.STARTED:
            return _started(workload, journal, world, now)
        case Stage.DONE:
            return Done(f"{workload.title} runs on volume {journal.to}; {_old(journal)}")
        case Stage.FAILED:
            cleaned = _cleaned(target, journal, world)
            refused = refusal_after(journal, workload)
            return cleaned or refused or Wait("")


def _copied(
    target: ObjectRef, workload: Workload, journal: Journal, world: World, now: float
) -> Step:
    claim = find(world, target)
    volume = world.get("PersistentVolume", "", journal.volume)
    trouble = _disturbed(workload, journal, claim, volume, now)
    if trouble or claim is None or volume is None:
        return _take_back(workload, journal, trouble)
    down = f"{workload.title} is stopped since {instants.render(journal.began, 'seconds')}"
    for_what = waits_for(workload.thing, workload.ref.kind, target.name, journal.volume, world)
    if for_what is not None:
        return Wait(f"{down}; waiting for {for_what}")
    wish = wish_of(journal.goal)
    copy = make_copy(workload, claim, volume, journal, wish, world, now)
    match copy:
        case Do():
            return copy
        case Wait():
            return Wait(f"{down}; {copy.message}")
        case Trouble():
            return _take_back(workload, journal, copy.message)
        case Copy():
            return _hand_over(target, workload, claim, volume, copy, journal, now)


def _hand_over(
    target: ObjectRef,
    workload: Workload,
    claim: Object,
    volume: Object,
    copy: Copy,
    journal: Journal,
    now: float,
) -> Do:
    """The copy is complete, and nobody has written to its source since."""
    if policy_of(volume) != "Retain" or annotation(volume, KEPT) is None:
        said = f"since {instants.render(now, 'seconds')}: {target} moved to {name_of(copy.volume)}"
        kept = annotate(volume, KEPT, said)
        return Do(Patch(ref_of("PersistentVolume", volume), (keep(volume), kept)))
    made = replace(
        journal,
        copy_uid=copy.claim["metadata"]["uid"],
        to=name_of(copy.volume),
        to_policy=policy_of(copy.volume),
    )
    if not workload.by_name:
        size = str(field(copy.claim, "spec", "resources", "requests", "storage"))
        to_class = str(field(copy.volume, "spec", "storageClassName"))
        manifest = claim_like(claim, target.name, to_class, size, {})
        made = replace(made, stage=Stage.BINDING, manifest=manifest)
        return _write(workload, made)
    template = workload.thing["spec"]["template"]
    others = tuple(use_instead(template, target.name, journal.copy))
    return _start(workload, made, now, others)


def _bound(
    target: ObjectRef, workload: Workload, journal: Journal, world: World, now: float
) -> Step:
    is_quiet = not _changed(workload, journal)
    outcome = bind(target, journal, world, is_quiet=is_quiet, is_late=_is_late(journal, now))
    match outcome:
        case Bound(volume) if volume == journal.to:
            return _start(workload, journal, now)
        case Bound(volume):
            said = f"somebody changed {workload.title} while its volume was handed over"
            return _take_back(workload, journal, said)
        case Trouble(message):
            return _take_back(workload, journal, message)
        case InUse():
            return _stop_again(workload, journal)
        case Stuck(message):
            said = f"{message}. {workload.title} stays as it is: look at the claim before it starts"
            return _write(workload, replace(journal, stage=Stage.FAILED, message=said, manifest={}))
        case _:
            return outcome


def _started(workload: Workload, journal: Journal, world: World, now: float) -> Step:
    volume = world.get("PersistentVolume", "", journal.to)
    if not is_ready(workload.thing, journal.replicas):
        if now <= journal.started + READY_SECONDS:
            return Wait(f"{workload.title} starts on volume {journal.to}")
        said = (
            f"{workload.title} was moved to volume {journal.to} and is not ready "
            f"{READY_SECONDS:g} s later; look at its pods. It was not put back, since what it "
            f"wrote there would be lost; {_old(journal)}"
        )
        return _write(workload, replace(journal, stage=Stage.FAILED, message=said))
    if not workload.by_name and volume is not None and policy_of(volume) != journal.to_policy:
        back = Change(RECLAIM, policy_of(volume), journal.to_policy)
        return Do(Patch(ref_of("PersistentVolume", volume), (back,)))
    return _write(workload, replace(journal, stage=Stage.DONE, manifest={}))


def _cleaned(target: ObjectRef, journal: Journal, world: World) -> Do | None:
    """What a move that was taken back leaves to be put in order; the workload came first."""
    volume = world.get("PersistentVolume", "", journal.volume)
    if journal.started or volume is None or annotation(volume, KEPT) is None:
        return None
    released = release(target, journal, world)
    claim = world.get("PersistentVolumeClaim", target.namespace, target.name)
    holder = field(volume, "spec", "claimRef", "uid")
    if claim is None or is_going(claim) or holder != claim["metadata"]["uid"]:
        return released  # without a claim it would be deleted: it stays kept
    changes = [annotate(volume, KEPT, None)]
    if policy_of(volume) != journal.policy:
        changes.append(Change(RECLAIM, policy_of(volume), journal.policy))
    return released or Do(Patch(ref_of("PersistentVolume", volume), tuple(changes)))


def _start(workload: Workload, journal: Journal, now: float, others: tuple[Change, ...] = ()) -> Do:
    """Start the workload, in one patch with the changes that let it use the new volume."""
    started = replace(journal, stage=Stage.STARTED, started=int(now))
    return _write(workload, started, (*others, *_replicas(workload, journal)))


def _stop_again(workload: Workload, journal: Journal) -> Do:
    """Somebody started the workload just as its claim was deleted: end that, so that the claim can
    be made anew, with the volume that is written to.
    """
    there = workload.thing
    replicas = field(there, "spec", "replicas") or 0
    stops = replicas > journal.stopped_at
    generation = there["metadata"]["generation"] + stops
    stopped = replace(journal, back=True, generation=generation)
    lowered = (Change("/spec/replicas", replicas, journal.stopped_at),) if stops else ()
    return _write(workload, stopped, lowered)


def _take_back(workload: Workload, journal: Journal, trouble: str) -> Do:
    """Start the workload as it was, and say why."""
    made = f"; its copy {journal.copy} is not used, delete it when nobody wants it"
    said = f"{trouble}. {workload.title} was started again on its old volume{made}"
    failed = replace(journal, stage=Stage.FAILED, message=said, manifest={})
    return _write(workload, failed, _replicas(workload, journal))


def _write(workload: Workload, journal: Journal, others: tuple[Change, ...] = ()) -> Do:
    there = workload.thing
    changes = (generation_unchanged(there), write_journal(there, journal), *others)
    return Do(Patch(workload.ref, changes))


def _replicas(workload: Workload, journal: Journal) -> tuple[Change, ...]:
    """Back to those of before, unless somebody has chosen others meanwhile."""
    replicas = field(workload.thing, "spec", "replicas") or 0
    if replicas != journal.stopped_at or replicas == journal.replicas:
        return ()
    return (Change("/spec/replicas", replicas, journal.replicas),)


def _disturbed(
    workload: Workload, journal: Journal, claim: Object | None, volume: Object | None, now: float
) -> str:
    """Why the copy must not be used, or not be waited for any longer; "" where it can be."""
    if _changed(workload, journal):
        return f"somebody changed {workload.title} while its volume was copied"
    if claim is None or volume is None or is_going(claim):
        return "the claim or its volume was deleted while it was copied"
    if _is_late(journal, now):
        return f"the copy was not complete after {wish_of(journal.goal).max_downtime} s"
    return ""


def _changed(workload: Workload, journal: Journal) -> bool:
    return bool(workload.thing["metadata"]["generation"] != journal.generation)


def _is_late(journal: Journal, now: float) -> bool:
    return now > journal.began + wish_of(journal.goal).max_downtime


def _old(journal: Journal) -> str:
    return f"the old volume {journal.volume} is kept until somebody deletes it"
