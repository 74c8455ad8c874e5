"""The `phases` of a project file: what each says, and whether together they make a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from kubervisor.workflow.project import names
from kubervisor.workflow.project.model import METRICS, Parameter, Phase
from kubervisor.workflow.project.problems import quoted
from kubervisor.workflow.project.section import Section

MOST_RETRIES = 1_000
SHORTEST_INTERVAL = 0.1
"""Seconds between two syncs of a resource for which nothing changed."""

_FIELDS = (
    "name",
    "description",
    "initial",
    "final",
    "inputs",
    "outputs",
    # Not the original's.
    "next",
    "workInterval",
    "timeout",
    "onTimeout",
    "retries",
    "onFailure",
)
_NOT_OF_FINAL = ("inputs", "outputs", *_FIELDS[6:])


def read_phases(
    section: Section, kinds: Mapping[str, Parameter], refused_outputs: Mapping[str, str]
) -> tuple[Phase, ...]:
    """The phases in their order. What may be an input, `kinds` and metrics say, and which of these
    are no outputs, and why, `refused_outputs`.
    """
    read = [(one, _read(one)) for one in section.sections("phases", _FIELDS, "phase")]
    if not read:
        section.add(section.line_of("phases"), "phases must be given, at least one")
        return ()
    _look_at_names(read)
    _look_for_one_initial(section, read)
    called = [phase.name for _, phase in read if phase.name]
    for one, phase in read:
        _look_at_kinds(one, "inputs", lambda name: _input_problem(name, kinds))
        _look_at_kinds(
            one, "outputs", lambda name: refused_outputs.get(name) or _input_problem(name, kinds)
        )
        _look_at_what_follows(one, phase, called)
        if phase.final:
            _look_at_final(one, phase)
    return tuple(phase for _, phase in read)


def _read(section: Section) -> Phase:
    return Phase(
        name=section.text("name"),
        description=section.text("description"),
        initial=section.flag("initial"),
        final=section.flag("final"),
        inputs=_texts(section, "inputs"),
        outputs=_texts(section, "outputs"),
        next=_texts(section, "next"),
        work_interval=section.seconds("workInterval", least=SHORTEST_INTERVAL),
        timeout=section.seconds("timeout", least=SHORTEST_INTERVAL),
        on_timeout=section.text("onTimeout"),
        retries=section.count("retries", most=MOST_RETRIES),
        on_failure=section.text("onFailure"),
    )


def _texts(section: Section, name: str) -> tuple[str, ...]:
    return tuple(text for _, text in section.texts(name))


def _look_at_names(read: Sequence[tuple[Section, Phase]]) -> None:
    seen: dict[str, tuple[str, int]] = {}
    for one, phase in read:
        line, name = one.line_of("name"), phase.name
        if not name:
            one.add(line, "name must be given, such as Waiting")
            continue
        if not names.IDENTIFIER.fullmatch(name) or len(name) > names.LONGEST_NAME:
            one.add(line, "name must be letters, digits and `_`, at most 63, a letter first")
        elif problem := names.identifier_problem("name", name):
            one.add(line, problem)
        elif names.alike(name) in seen:
            other, first = seen[names.alike(name)]
            same = "there is such a phase already" if other == name else f"is too much like {other}"
            one.add(line, f"{same}, in line {first}; choose another name")
        seen.setdefault(names.alike(name), (name, line))


def _look_for_one_initial(section: Section, read: Sequence[tuple[Section, Phase]]) -> None:
    initial = [(one, phase) for one, phase in read if phase.initial]
    if not initial:
        line = section.line_of("phases")
        section.add(line, "no phase is the initial one; write `initial: true` at one")
    for one, _ in initial[1:]:
        first = quoted(initial[0][1].name)
        one.add(one.line_of("initial"), f"phase {first} is the initial one already; only one is")


def _input_problem(name: str, kinds: Mapping[str, Parameter]) -> str:
    known = [*kinds, METRICS]
    if name in known:
        return ""
    near = get_close_matches(name[:80], known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"built in are {', '.join(known)}"
    return f"is no kind that is known: declare it under customParameters; {meant}"


def _look_at_kinds(section: Section, field: str, problem_of: Callable[[str], str]) -> None:
    for line, name in section.texts(field):
        if problem := problem_of(name):
            section.add(line, f"{field}: {quoted(name)} {problem}")


def _look_at_what_follows(section: Section, phase: Phase, called: Sequence[str]) -> None:
    known = ", ".join(called)
    for line, name in section.texts("next"):
        if name not in called:
            section.add(line, f"next: {quoted(name)} is no phase; phases are {known}")
    for field, name, when, given in (
        ("onTimeout", phase.on_timeout, "timeout", phase.timeout),
        ("onFailure", phase.on_failure, "retries", phase.retries),
    ):
        if name and name not in called:
            section.add(
                section.line_of(field), f"{field}: {quoted(name)} is no phase; phases are {known}"
            )
        elif name and name == phase.name:
            section.add(section.line_of(field), f"{field} must be another phase")
        if name and when not in section:
            section.add(section.line_of(field), f"{field} without {when} has no effect; write both")
        if given is not None and not name:
            section.add(section.line_of(when), f"{when} needs {field}: the phase that follows then")


def _look_at_final(section: Section, phase: Phase) -> None:
    if phase.initial:
        section.add(section.line_of("final"), "cannot be initial and final: nothing would be done")
    for field in _NOT_OF_FINAL:
        if field in section:
            section.add(
                section.line_of(field), f"is final, so nothing is done in it; leave {field} out"
            )
