"""Decides what to say of one pod: its state, why it is so or why not, and what happened; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_kubervisor import instants, standing, words
from kubectl_kubervisor.objects import Guard, Json, Pod, mapping, text
from kubectl_kubervisor.watchdogs import watchdogs

EJECTED = ("Ejected", "WouldEject")
_SAME_MOMENT = 3.0
"""Seconds between an entry of the record and the Event of the same deed, at most."""

_DEEDS = {
    "PodEjected": "Ejected",
    "PodReturned": "Returned",
    "PodPaused": "Paused",
    "PodTerminated": "Terminated",
}

_REASON = re.compile(r"\A[A-Z][A-Za-z]+: ")
"""What an Event puts before the words that the record has of the same deed."""


class Moment(NamedTuple):
    """Something that happened to the pod."""

    at: float
    what: str
    note: str


class Case(NamedTuple):
    """All that an explanation is made of; without a guard the pod is none of Kubervisor's."""

    pod: Pod
    guard: Guard | None
    active: bool
    events: Sequence[Json]


def verdict(case: Case, now: float) -> str:
    """The answer in one sentence."""
    pod, guard = case.pod, case.guard
    who = f"{pod.namespace}/{pod.name}"
    if guard is None:
        return f"Pod {who} is no member of a Service that a KubervisorService guards."
    by = f"by breaker {pod.labels.get(words.STRATEGY) or '(unknown)'}"
    if pod.notes.get(words.REASON) == words.REQUESTED:
        by = "because somebody asked for it"
    match pod.state:
        case "ejected":
            return f"Pod {who} was ejected {by} {_lasting(pod, now)}{_back(pod, now)}."
        case "paused" if pod.is_ejected:
            return f"Pod {who} was ejected {by} and then paused: only a person returns it."
        case "held" | "paused":
            return f"Pod {who} was taken out of traffic by hand: only a person returns it."
        case "unlabelled":
            return f"Pod {who} carries no {words.TRAFFIC} label."
        case "not ready":
            return f"Pod {who} may get traffic, but it is not Ready."
        case "deleting":
            return f"Pod {who} is being deleted."
    return f"Pod {who} is in traffic."


def reasons(case: Case, now: float) -> list[tuple[str, str]]:
    """Name and value of what led to that; for a pod in traffic, why it was not ejected."""
    pod, guard = case.pod, case.guard
    heard = [(f"Watchdog {one.name}", one.said(now)) for one in watchdogs(pod)]
    if guard is None:
        return heard
    found = [("Guarded by", f"{guard.namespace}/{guard.name}: {standing.state(guard)}")]
    if pod.is_ejected:
        found += _of_ejection(case)
    found += [("Why not ejected", why) for why in _why_not(case)] if pod.state == "serving" else []
    found += heard
    if guard.fleet is not None:
        found.append(("Budget now", str(guard.fleet)))
    if not case.active:
        found.append(("Mind", "the Service does not select on our label: every pod gets traffic"))
    if pod.is_out:
        found.append(("Return it by", f"kubectl kubervisor return {pod.name} -n {pod.namespace}"))
    return [(name, value) for name, value in found if value]


def timeline(case: Case) -> list[Moment]:
    """What happened to the pod, oldest first: the record of the status, and Events."""
    pod, guard = case.pod, case.guard
    told = [
        Moment(instants.parse(one.time) or 0.0, one.action, one.evidence)
        for one in (guard.recent if guard else ())
        if one.uid == pod.uid
    ]
    found = [moment for event in case.events if (moment := _moment(event, pod)) is not None]
    new = [moment for moment in found if not any(_is_same(moment, one) for one in told)]
    return sorted([*told, *new])


def _of_ejection(case: Case) -> list[tuple[str, str]]:
    pod = case.pod
    # Newest last; the status may not have it yet where the Event does.
    decided = [one.note for one in timeline(case) if one.what in EJECTED]
    evidence = pod.notes.get(words.EVIDENCE, "")
    # The record repeats the pod's evidence and adds the budget of that moment.
    budget = decided[-1].removeprefix(evidence).strip("; ") if decided else ""
    return [
        ("Reason", pod.notes.get(words.REASON, "")),
        ("Evidence", evidence),
        ("Budget then", budget if budget != evidence else ""),
        ("Ejected at", pod.notes.get(words.EJECTED_AT, "")),
        ("Back at", pod.notes.get(words.EJECTED_UNTIL, "")),
        ("In a row", pod.notes.get(words.RETRY_COUNT, "")),
    ]


def _why_not(case: Case) -> list[str]:
    """The rules that keep pods in traffic now, those that name the pod first."""
    pod, guard = case.pod, case.guard
    assert guard is not None
    kinds = (
        "Ready",
        "Paused",
        "DryRun",
        "Active",
        "SourcesAvailable",
        "Panicking",
        "WorkloadSelectsTraffic",
    )
    wrong = {"Ready": "False", "Active": "False", "SourcesAvailable": "False"}
    found = [
        f"{one.reason}: {one.message}" if one.message else one.reason
        for kind in kinds
        if (one := guard.condition(kind)).status == wrong.get(kind, "True")
    ]
    named = [
        f"{one.reason} (breaker {one.breaker}, since {one.since}): {one.evidence}"
        for one in guard.outliers
        if one.uid == pod.uid
    ]
    if named or found:
        return named + found
    wished = next(
        (one for one in guard.recent if one.uid == pod.uid and one.action == "EjectionRefused"),
        None,
    )
    if wished is not None:
        return [f"asked for and refused, {wished.reason}: {wished.evidence}"]
    return ["no breaker calls it an outlier, as far as is recorded"]


def _moment(event: Json, pod: Pod) -> Moment | None:
    """An Event as a moment of the pod; None where it speaks of others."""
    note, related = text(event.get("message")), mapping(event.get("related"))
    if related.get("uid") != pod.uid and not _names(note, pod):
        return None
    series = mapping(event.get("series"))
    instant = event.get("eventTime") or event.get("firstTimestamp")
    times = series.get("count")
    note = note.removeprefix(f"Pod {pod.name}: ")
    again = f" ({times} times)" if isinstance(times, int) and times > 1 else ""
    reason = text(event.get("reason"))
    if reason in _DEEDS:
        note = _REASON.sub("", note)
    return Moment(instants.parse(instant) or 0.0, _DEEDS.get(reason, reason), note + again)


def _is_same(event: Moment, recorded: Moment) -> bool:
    return event.what == recorded.what and abs(event.at - recorded.at) < _SAME_MOMENT


def _names(note: str, pod: Pod) -> bool:
    """Whether the note speaks of this pod, and not of one whose name begins alike."""
    words_of_note = note.replace(",", " ").replace(":", " ").replace(";", " ").split()
    return pod.name in words_of_note


def _lasting(pod: Pod, now: float) -> str:
    at = instants.parse(pod.notes.get(words.EJECTED_AT))
    return "some time ago" if at is None else f"{instants.age(now - at)} ago"


def _back(pod: Pod, now: float) -> str:
    until = instants.parse(pod.notes.get(words.EJECTED_UNTIL))
    if until is None:
        return ""
    left = instants.age(until - now)
    return (
        f" and returns in {left}"
        if until > now
        else ", and its time is over: it is about to return"
    )
