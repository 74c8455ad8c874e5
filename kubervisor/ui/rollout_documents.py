"""A rollout of data as its page has it, from what the DataRollout says."""

from __future__ import annotations

from kubervisor import instants
from kubervisor.kube import rollout_reading as stored
from kubervisor.ui.data_documents import (
    MOST_HAPPENINGS,
    MOST_QUARANTINED,
    MOST_STAGES,
    MOST_VERSIONS,
    Happening,
    Quarantined,
    Rollout,
    Rules,
    Stage,
    Version,
)
from kubervisor.ui.documents import cut
from kubervisor.ui.shown import LONGEST_MESSAGE, UNREADABLE, condition_of, line

_ALARMS = frozenset(
    {"DependantsFailing", "CandidateFailing", "DeployersFailing", "Stalled", "LastKnownGoodGone"}
)
"""Reasons that a person wants to know of at once."""
_EXPECTED_FALSE = frozenset({"Progressing"})


def rollout_of(one: stored.Rollout) -> Rollout:
    """All about one."""
    status, spec = one.status, one.spec
    quarantine = status.quarantine[-MOST_QUARANTINED:]
    return Rollout(
        namespace=one.namespace,
        name=one.name,
        source=line(one.source),
        level=level_of(one),
        phase=line(status.phase),
        reason=line(status.reason),
        message=cut(status.message, LONGEST_MESSAGE) if one.readable else UNREADABLE,
        paused=spec.paused,
        pin=line(spec.pin),
        rules=_rules(one),
        last_known_good=_version(status.last_known_good),
        candidate=_version(status.candidate),
        newest=_version(status.newest),
        stage=_stage(status),
        users=status.users,
        on_last_known_good=status.on_last_known_good or 0,
        on_candidate=status.on_candidate or 0,
        proven=status.proven or 0,
        failing=status.failing or 0,
        dependants=status.dependants or 0,
        failing_dependants=status.failing_dependants or 0,
        versions=[found for v in status.versions[:MOST_VERSIONS] if (found := _version(v))],
        quarantine=[_quarantined(each) for each in reversed(quarantine)],
        quarantined=len(status.quarantine),
        failures=status.failures,
        not_before=instants.parse(status.not_before),
        history=[_happening(each) for each in status.history[:MOST_HAPPENINGS]],
        conditions=[
            condition_of(each, good=each.type in _EXPECTED_FALSE or each.status != "False")
            for each in status.conditions
        ],
    )


def level_of(one: stored.Rollout) -> str:
    """How grave it is: alarm, notice, ok, or unknown where nobody has looked at it yet."""
    status = one.status
    ready = next((each for each in status.conditions if each.type == "Ready"), None)
    if not one.readable:
        return "alarm"
    if ready is not None and ready.status == "False":
        return "alarm"
    if not status.phase:
        return "unknown"
    if status.phase == "RollingBack" or status.reason in _ALARMS:
        return "alarm"
    unasked = any(
        each.type == "RepositoryAvailable" and each.status == "False" for each in status.conditions
    )
    held = one.spec.paused or one.spec.pin or status.failures or unasked
    return "notice" if held or status.phase == "RollingOut" else "ok"


def _rules(one: stored.Rollout) -> Rules:
    stages = one.rule("stages") or []
    return Rules(
        stages=list(stages[:MOST_STAGES]),
        probation=line(one.rule("probation") or ""),
        failure_percent=one.rule("failure_percent"),
        progress_deadline=line(one.rule("progress_deadline") or ""),
    )


def _version(version: stored.Version | None) -> Version | None:
    if version is None or not version.path:
        return None
    at = instants.parse(version.at)
    return Version(line(version.path), line(version.sha256), at, version.users)


def _stage(status: stored.Status) -> Stage | None:
    stage = status.stage_now()
    if stage is None:
        return None
    return Stage(stage.index, stage.percent, instants.parse(stage.since), status.needed())


def _quarantined(each: stored.Quarantined) -> Quarantined:
    at = instants.parse(each.at)
    return Quarantined(line(each.path), line(each.sha256), line(each.reason), at)


def _happening(each: stored.Happening) -> Happening:
    message = cut(each.message, LONGEST_MESSAGE)
    return Happening(instants.parse(each.at), line(each.reason), line(each.path), message)
