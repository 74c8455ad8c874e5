"""A Service's line in the list, from the status that a leader wrote: so a standby has it too."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kubervisor import instants
from kubervisor.kube.records import SpecRecord
from kubervisor.ui.documents import LONGEST_LINE, Condition, LastDecision, Out, ServiceRow, cut

_EXPECTED = {"Ready": "True", "Active": "True", "SourcesAvailable": "True", "Running": "True"}
"""What conditions are where all is well; the others should be False."""
_LEGACY = frozenset({"Running", "ServiceNotAvailable", "InitFailed"})
"""They repeat the others in the original's words."""
_ALARMS = (
    "Ready",
    "WorkloadSelectsTraffic",
    "BelowFloor",
    "Panicking",
    "BudgetExhausted",
    "SourcesAvailable",
    "QueryMismatch",
)
_NOTICES = ("Active", "VersionOutlier", "Paused", "DryRun")
_PASSING = frozenset({"Unlabelled", "Released"})
"""Why a Service that needs nobody's help is not Ready."""
_SPOKEN_BY_REASON = frozenset({"Ready", "SourcesAvailable"})


class _Wire(msgspec.Struct, rename="camel"):
    """Part of a status as stored; what else is in it is not decoded."""


class _Condition(_Wire):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class _Fleet(_Wire):
    members: int | None = None
    serving: int | None = None
    ejected: int | None = None
    paused: int | None = None
    floor: int | None = None
    may_eject: int | None = None


class _Recent(_Wire):
    time: str = ""
    action: str = ""
    pod: str = ""
    reason: str = ""


class _Outlier(_Wire):
    pod: str = ""


class Status(_Wire):
    """What the list shows of a status."""

    conditions: list[_Condition] = []
    fleet: _Fleet = msgspec.field(default_factory=_Fleet)
    recent: list[_Recent] = []
    outliers: list[_Outlier] = []
    breakers: str = ""


_statuses = msgspec.json.Decoder(Status)


def read_status(record: SpecRecord) -> Status:
    """The stored status; an empty one where there is none or nobody can read it."""
    try:
        return _statuses.decode(record.status_json)
    except msgspec.DecodeError:
        return Status()


def conditions_in(status: Status, limit: int) -> list[Condition]:
    """All conditions, with messages of at most `limit` characters."""
    return [
        Condition(
            type=cut(one.type, LONGEST_LINE),
            status=cut(one.status, LONGEST_LINE),
            reason=cut(one.reason, LONGEST_LINE),
            message=cut(one.message, limit),
            since=instants.parse(one.last_transition_time),
            good=one.status in (_EXPECTED.get(one.type, "False"), "Unknown"),
        )
        for one in status.conditions
    ]


def row_of(
    record: SpecRecord, status: Status, *, out: Sequence[Out] = (), probation: int = 0
) -> ServiceRow:
    """The line of `record`; `out` are the newest of those that are out of traffic, who count
    before a status tells of them.
    """
    all_of_them = conditions_in(status, LONGEST_LINE)
    conditions = [one for one in all_of_them if not one.good and one.type not in _LEGACY]
    fleet = status.fleet
    level, headline, message, since = _headline(status, conditions, out, probation)
    true = {one.type for one in all_of_them if one.status == "True"}
    service = record.spec.get("service")
    return ServiceRow(
        namespace=record.namespace,
        name=record.name,
        service=cut(service, LONGEST_LINE) if isinstance(service, str) else "",
        level=level,
        headline=headline,
        message=message,
        since=since,
        members=fleet.members,
        serving=fleet.serving,
        ejected=fleet.ejected,
        paused=fleet.paused,
        probation=probation,
        floor=fleet.floor,
        may_eject=fleet.may_eject,
        outliers=len(status.outliers),
        out=list(out),
        dry_run="DryRun" in true,
        held="Paused" in true,
        breakers=[name for name in cut(status.breakers).split(", ") if name],
        conditions=conditions,
        last_decision=_last(status),
    )


def _headline(
    status: Status, conditions: Sequence[Condition], out: Sequence[Out], probation: int
) -> tuple[str, str, str, float | None]:
    """Level, headline, message and since when: of the worst that is so."""
    if not status.conditions:
        return "unknown", "Starting", "No status has been written yet", None
    wrong = {one.type: one for one in conditions}
    for level, kinds in (("alarm", _ALARMS), ("notice", _NOTICES)):
        for kind in kinds:
            one = wrong.get(kind)
            if one is not None and not (level == "alarm" and one.reason in _PASSING):
                return level, _spoken(one), one.message, one.since
    fleet = status.fleet
    newest = out[0].at if out else None
    paused = fleet.paused or sum(one.state == "paused" for one in out)
    if paused:
        return "notice", "PodsPaused", _some(paused, fleet.members, "paused"), newest
    ejected = fleet.ejected or sum(one.state != "paused" for one in out)
    if ejected:
        return "notice", "Ejected", _some(ejected, fleet.members, "ejected"), newest
    if status.outliers:
        kept = _some(len(status.outliers), fleet.members, "an outlier kept in traffic")
        return "notice", "OutlierKept", kept, None
    if "Ready" in wrong:
        return "notice", wrong["Ready"].reason, wrong["Ready"].message, wrong["Ready"].since
    if probation:
        return "notice", "Probation", _some(probation, fleet.members, "on probation"), None
    return "ok", "Guarding", "", None


def _spoken(condition: Condition) -> str:
    if condition.type == "Active":
        return "NotActive"
    return condition.reason if condition.type in _SPOKEN_BY_REASON else condition.type


def _some(count: int, members: int | None, what: str) -> str:
    return f"{count} of {members} members {'is' if count == 1 else 'are'} {what}"


def _last(status: Status) -> LastDecision | None:
    for one in status.recent:
        at = instants.parse(one.time)
        if at is not None:
            short = (cut(text, LONGEST_LINE) for text in (one.action, one.pod, one.reason))
            return LastDecision(at, *short)
    return None
