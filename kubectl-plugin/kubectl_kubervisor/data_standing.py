"""Decides what to say of rollouts of data; pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor import instants
from kubectl_kubervisor.data_objects import Rollout, Stage, Version

HEADERS = (
    "SOURCE",
    "PHASE",
    "REASON",
    "LAST-KNOWN-GOOD",
    "CANDIDATE",
    "STAGE",
    "SINCE",
    "PROVEN",
    "USERS",
    "ON-GOOD",
    "ON-CANDIDATE",
    "FAILING",
    "QUARANTINED",
)
WIDE = ("PIN", "NEWEST", "MESSAGE")
SAID = {
    "RollingOut": "a candidate is out with a share of the pods",
    "RollingBack": "pods go back to the last known good version",
    "Settled": "nothing newer is to go out",
    "Waiting": "nothing is published yet, or no pod uses it",
}
"""What a phase means, where the controller gives no sentence of its own."""

_PAUSED = "nothing goes further; what fails is taken back all the same"


def headers(*, wide: bool, with_namespace: bool) -> list[str]:
    """The headers of `row`."""
    names = [*HEADERS, *(WIDE if wide else ())]
    return ["NAMESPACE", *names] if with_namespace else names


def row(one: Rollout, now: float, *, wide: bool, with_namespace: bool) -> list[str]:
    """One line of the table."""
    stage, needed = one.stage, one.needed
    counted = (
        str(one.counts[name]) if name in one.counts else "-"
        for name in ("users", "onLastKnownGood", "onCandidate", "failing")
    )
    cells = [
        one.source,
        "Paused" if one.paused and one.phase == "Settled" else phase_of(one),
        one.reason or "-",
        _named(one.good, wide=wide),
        _named(one.candidate, wide=wide),
        f"{stage.percent}%" if stage else "-",
        instants.since(stage.since, now) if stage else "-",
        "-" if needed is None else f"{one.counts.get('proven', 0)}/{needed}",
        *counted,
        str(len(one.quarantine)),
    ]
    if wide:
        cells += [one.pin or "-", _named(one.newest, wide=True), one.message or "-"]
    return [one.namespace, *cells] if with_namespace else cells


def phase_of(one: Rollout) -> str:
    """Its phase; where it has none yet, why nothing is done for it, or `Pending`."""
    refused = one.condition("Ready")
    return one.phase or (refused.reason if refused.status == "False" else "") or "Pending"


def details(one: Rollout, now: float) -> list[tuple[str, str]]:
    """Name and value of what there is to say of one, beyond what happened."""
    phase = phase_of(one)
    said = one.message or SAID.get(phase, "the controller has not looked at it yet")
    why = f"{phase}, {one.reason}" if one.reason else phase
    found = [
        ("Source", f"{one.namespace}/{one.source}"),
        ("Object", one.name if one.name != one.source else ""),
        ("State", f"{why}: {said}"),
        ("Last known good", _dated(one.good, now) or "none yet"),
        ("Candidate", _dated(one.candidate, now)),
        ("Newest published", _dated(one.newest, now) if one.newest != one.good else ""),
        ("Stage", _stage(one, one.stage, now) if one.stage else ""),
        ("Stages", _stages(one)),
        ("Pods", _pods(one)),
        ("Run", _versions(one)),
        ("Dependants", _share(one, "failingDependants", "dependants")),
        ("Paused", _PAUSED if one.paused else ""),
        ("Pinned to", one.pin),
        ("Back-off", _back_off(one, now)),
    ]
    for kind in ("Ready", "RepositoryAvailable"):
        condition = one.condition(kind)
        if condition.status == "False":
            why = condition.message or condition.reason
            found.append((kind, f"False for {instants.since(condition.since, now)}: {why}"))
    return [(name, value) for name, value in found if value]


def quarantine_rows(one: Rollout, now: float) -> Sequence[Sequence[str]]:
    """The versions that were taken back, the newest first."""
    return [
        (instants.since(each.at, now), each.version.name, each.reason)
        for each in reversed(one.quarantine)
    ]


def history_rows(one: Rollout, now: float) -> Sequence[Sequence[str]]:
    """What happened, the newest first."""
    return [
        (instants.since(each.at, now), each.reason, each.version.short or "-", each.message)
        for each in one.history
    ]


def _named(version: Version, *, wide: bool) -> str:
    return (version.name if wide else version.short) or "-"


def _dated(version: Version, now: float) -> str:
    if not version.path:
        return ""
    at = instants.parse(version.at)
    return version.name if at is None else f"{version.name}, {instants.age(now - at)} old"


def _stage(one: Rollout, stage: Stage, now: float) -> str:
    of = f" of {len(one.stages)}" if one.stages else ""
    begun = instants.parse(stage.since)
    since = "" if begun is None else f", since {instants.age(now - begun)}"
    said = f"{stage.place + 1}{of}, {stage.percent} %{since}"
    if one.needed is None:
        return said
    proven, lasting = one.counts.get("proven", 0), one.probation or "the probation"
    return (
        f"{said}: {proven} of the {one.needed} pods it needs have run the candidate for {lasting}"
    )


def _stages(one: Rollout) -> str:
    if not one.stages:
        return ""
    shares = ", then ".join(f"{percent} %" for percent in one.stages)
    return shares + (f", each proven for {one.probation}" if one.probation else "")


def _pods(one: Rollout) -> str:
    counts = one.counts
    if "users" not in counts:
        return ""
    asked = [
        f"{counts[name]} {what}"
        for name, what in (
            ("onLastKnownGood", "asked for the last known good version"),
            ("onCandidate", "asked for the candidate"),
        )
        if counts.get(name)
    ]
    return ", ".join([f"{counts['users']} use it", *asked, f"{counts.get('failing', 0)} failing"])


def _versions(one: Rollout) -> str:
    return ", ".join(f"{each.users} x {each.name}" for each in one.versions if each.path)


def _share(one: Rollout, part: str, whole: str) -> str:
    if not one.counts.get(whole):
        return ""
    return f"{one.counts.get(part, 0)} of {one.counts[whole]} failing"


def _back_off(one: Rollout, now: float) -> str:
    until = instants.parse(one.not_before)
    if until is None or until <= now:
        return ""
    left = instants.age(until - now)
    times = "once" if one.failures == 1 else f"{one.failures} times in a row"
    return f"taken back {times}; no other version goes out for {left}"
