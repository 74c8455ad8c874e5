"""What came of a trial, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kubervisor.instants import render
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.trial.answers import Stretch
from kubervisor.rules.trial.course import Course
from kubervisor.rules.trial.looking import Look
from kubervisor.rules.trial.verdict import Verdict, code_of
from kubervisor.text import printable

MOST_LINES = 200
"""Transitions of a rule that people are shown; programs get all."""


def as_text(verdicts: Sequence[Verdict], stretch: Stretch | None) -> str:
    """Lines for people."""
    lines = [line for one in verdicts for line in _rule(one, stretch)]
    return "\n".join(printable(line) for line in lines)


def as_json(verdicts: Sequence[Verdict], stretch: Stretch | None) -> dict[str, Any]:
    """The same as a JSON value, with the exit code."""
    document: dict[str, Any] = {"code": int(code_of(verdicts))}
    if stretch is not None:
        document |= {"start": stretch.start, "end": stretch.end, "step": stretch.step}
    return document | {"rules": [_document(one) for one in verdicts]}


def _rule(one: Verdict, stretch: Stretch | None) -> Iterator[str]:
    yield f"AutopilotRule {one.rule} ({one.file}): {_summary(one)}"
    for problem in one.problems:
        yield f"  problem: {problem}"
    if one.failure:
        yield f"  no answer: {one.failure}"
    for look in one.looks:
        yield from _look(look)
    if one.courses is not None and stretch is not None:
        span = f"from {_instant(stretch.start)} to {_instant(stretch.end)}"
        yield f"  {span}, every {stretch.step:g} s:"
        yield from _courses(one.courses)
    for note in one.notes:
        yield f"  note: {note}"


def _summary(one: Verdict) -> str:
    if one.problems:
        return "is not valid"
    acting = sum(look.acts for look in one.looks)
    if one.failure:
        return "is valid"
    if not one.looks and one.courses is None:
        return "is valid; nobody was asked whether its condition holds"
    return f"would act on {acting} of {len(one.looks)} objects"


def _look(look: Look) -> Iterator[str]:
    reading = look.reading
    says = {True: "holds", False: "does not hold", None: f"nobody knows ({reading.why})"}
    yield f"  {look.ref}: {says[reading.met]}: {reading.message}"
    for intent in look.intents:
        yield f"    would {'(but for dryRun) ' if look.is_dry else ''}{intent.summary}"
    if look.before:
        yield f"    once {', and '.join(look.before)}"
    if look.refusal is not None:
        yield f"    would not act: {look.refusal.reason}: {look.refusal.message}"


def _courses(courses: Sequence[Course]) -> Iterator[str]:
    happened = sorted(
        (
            (each.at, str(course.ref), each.transition)
            for course in courses
            for each in course.happened
        ),
        key=lambda each: each[0],
    )
    for at, ref, each in happened[:MOST_LINES]:
        yield f"    {_instant(at)}  {ref}: {each.origin} => {each.target}: {each.message}"
    if len(happened) > MOST_LINES:
        yield f"    and {len(happened) - MOST_LINES} more transitions, which -o json has"
    for course in courses:
        grown = f", {course.began} => {course.ended}" if course.began != course.ended else ""
        count = len(course.taken)
        actions = "1 action" if count == 1 else f"{count} actions"
        yield f"    {course.ref}: {actions}{grown} (an estimate)"
        if course.cut_at is not None:
            yield (
                f"      only up to {_instant(course.cut_at)}: the record does not show how a "
                "larger volume would have filled, as the expression is not computed here"
            )


def _document(one: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": one.file,
        "rule": one.rule,
        "code": int(one.code),
        "problems": list(one.problems),
        "failure": one.failure or None,
        "notes": list(one.notes),
        "objects": [_looked(look) for look in one.looks],
    }
    if one.courses is not None:
        found["past"] = [_past(course) for course in one.courses]
    return found


def _looked(look: Look) -> dict[str, Any]:
    reading, refused = look.reading, look.refusal
    return {
        **_object(look.ref),
        "values": list(reading.values),
        "holds": reading.met,
        "reason": reading.why,
        "message": reading.message,
        "acts": look.acts,
        "would": [{"action": each.action, "summary": each.summary} for each in look.intents],
        "first": list(look.before),
        "refused": refused and {"reason": refused.reason, "message": refused.message},
    }


def _past(course: Course) -> dict[str, Any]:
    return {
        **_object(course.ref),
        "size": {"start": course.began or None, "end": course.ended or None},
        "until": course.cut_at,
        "transitions": [
            {
                "at": each.at,
                "from": each.transition.origin,
                "to": each.transition.target,
                "reason": each.transition.reason,
                "message": each.transition.message,
            }
            for each in course.happened
        ],
        "actions": [
            {"at": at, "action": intent.action, "summary": intent.summary}
            for at, intent in course.taken
        ],
    }


def _object(ref: ObjectRef) -> dict[str, str]:
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _instant(at: float) -> str:
    return render(at, "seconds")
