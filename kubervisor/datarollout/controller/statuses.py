"""The status of a DataRollout: what is remembered from look to look, and what people want to see.

Pure. The same facts make the same status, to the byte: what does not change is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubervisor import instants
from kubervisor.api.data_rollout import (
    MOST_HISTORY,
    MOST_VERSIONS,
    DataRolloutStatus,
    PolicyStatus,
    QuarantinedStatus,
    RolloutEventStatus,
    StageStatus,
    VersionStatus,
)
from kubervisor.datarollout.controller.conditions import (
    Finding,
    condition,
    conditions,
    stored_conditions,
)
from kubervisor.datarollout.decision.state import (
    News,
    Phase,
    RolloutPlan,
    RolloutPolicy,
    RolloutState,
    User,
    View,
)
from kubervisor.datarollout.versions import Progress, Version


def status_of(
    stored: Mapping[str, Any],
    generation: int,
    plan: RolloutPlan,
    view: View,
    *,
    repository: str,
    finding: Finding | None,
    now: float,
) -> dict[str, Any]:
    """The whole status as JSON; `stored` is the one it follows. `repository` says why that cannot
    be asked, empty where it can.
    """
    state, tally = plan.state, plan.tally
    status = DataRolloutStatus(
        observed_generation=generation,
        phase=state.phase.value,
        reason=plan.reason.value,
        message=plan.message,
        last_known_good=_named(state.last_known_good),
        candidate=_named(state.candidate),
        newest=_named(view.published[-1] if view.published else None),
        stage=_stage(state, view),
        policy=_in_force(view.policy),
        users=tally.users,
        on_last_known_good=tally.on_last_known_good,
        on_candidate=tally.on_candidate,
        proven=tally.proven,
        failing=tally.failing,
        dependants=view.dependants,
        failing_dependants=view.failing,
        versions=_run(view.users) or None,
        quarantine=[
            QuarantinedStatus(
                path=entry.version.path,
                sha256=entry.version.sha256,
                version_at=_instant(entry.version.at),
                reason=entry.reason.value,
                at=_instant(entry.at),
                generation=entry.generation,
            )
            for entry in state.quarantine
        ]
        or None,
        failures=state.failures or None,
        not_before=_instant(state.not_before) if state.not_before else None,
        conditions=conditions(stored, generation, plan, repository, finding, now),
    )
    told = _history(plan.news, stored.get("history"), now)
    return status.wire() | ({"history": told} if told else {})


def refused(
    stored: Mapping[str, Any], generation: int, finding: Finding, now: float
) -> dict[str, Any]:
    """The status of a DataRollout that nothing is done for: what is stored, and why."""
    ready = condition(stored, "Ready", False, finding.reason, finding.message, generation, now)
    others = [one for one in stored_conditions(stored).values() if one["type"] != "Ready"]
    return {
        **stored,
        "observedGeneration": generation,
        "conditions": [ready.wire(), *others],
    }


def _named(version: Version | None, users: int | None = None) -> VersionStatus | None:
    if version is None:
        return None
    return VersionStatus(
        path=version.path,
        sha256=version.sha256,
        at=_instant(version.at),
        size=version.size or None,
        users=users,
    )


def _stage(state: RolloutState, view: View) -> StageStatus | None:
    """Stored while anything goes on: the way back began at an instant too."""
    if state.phase not in (Phase.ROLLING_OUT, Phase.ROLLING_BACK):
        return None
    index = min(state.stage, len(view.policy.stages) - 1)
    percent = view.policy.stages[index]
    return StageStatus(index=state.stage, percent=percent, since=_instant(state.stage_at))


def _in_force(policy: RolloutPolicy) -> PolicyStatus:
    return PolicyStatus(
        stages=list(policy.stages),
        probation=_duration(policy.probation),
        failure_percent=policy.failure_percent,
        progress_deadline=_duration(policy.deadline),
    )


def _duration(seconds: float) -> str:
    """As a spec has it.

    >>> _duration(600), _duration(90), _duration(0.5)
    ('10m', '90s', '0.5s')
    """
    for unit, name in ((3600.0, "h"), (60.0, "m")):
        if seconds and seconds % unit == 0:
            return f"{seconds / unit:.0f}{name}"
    return f"{seconds:g}s"


def _run(users: Iterable[User]) -> list[VersionStatus]:
    """What deployers say that the pods have: by digest, because that is what tells versions."""
    versions: dict[str, Version] = {}
    counts: dict[str, int] = {}
    for user in users:
        deployed = user.deployed
        if deployed is not None and deployed.progress is Progress.READY:
            versions.setdefault(deployed.version.sha256, deployed.version)
            counts[deployed.version.sha256] = counts.get(deployed.version.sha256, 0) + 1
    most = sorted(counts, key=lambda digest: (-counts[digest], digest))[:MOST_VERSIONS]
    return [VersionStatus(path=versions[one].path, sha256=one, users=counts[one]) for one in most]


def _history(news: Iterable[News], stored: Any, now: float) -> list[Any]:
    latest = [
        RolloutEventStatus(
            at=_instant(now),
            reason=one.reason.value,
            path=None if one.about is None else one.about.path,
            message=one.message,
        ).wire()
        for one in news
    ]
    before = stored if isinstance(stored, list) else []
    return [*reversed(latest), *before][:MOST_HISTORY]


def _instant(at: float) -> str:
    return instants.render(at, "seconds")
