"""From the text of `autopilot.yaml` to a project, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.workflow.project import names
from kubervisor.workflow.project.model import METRICS, Parameter, Phase, Project, Query
from kubervisor.workflow.project.problems import Problems, quoted
from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.project.reading_kinds import read_kinds
from kubervisor.workflow.project.reading_phases import read_phases
from kubervisor.workflow.project.reading_queries import read_queries
from kubervisor.workflow.project.section import Section, read_section

PROJECT_FILE = "autopilot.yaml"

_FIELDS = (
    "apiVersion",
    "kind",
    "operatorName",
    "phases",
    "enableFinalizer",
    "customParameters",
    "queries",
)


def read_project(text: str, *, file: str = PROJECT_FILE) -> Project:
    """The project that a file declares, with the kinds and queries that its phases can use.

    Its names can be names in Kubernetes and, but for their case, in Python. Raises ProjectError
    with every problem and its line; `file` is how the message calls it.
    """
    problems = Problems(file)
    section = read_section(text, problems, _FIELDS)
    group, version = _api_version(section)
    kind = _kind(section)
    operator_name = _operator_name(section)
    enable_finalizer = section.flag("enableFinalizer")
    kinds = read_kinds(section)
    refused = _refused_outputs(kinds, group, kind, enable_finalizer=enable_finalizer)
    phases = read_phases(section, kinds, refused)
    queries = read_queries(section)
    problems.raise_any()
    return Project(
        kind=kind,
        group=group,
        version=version,
        operator_name=operator_name,
        phases=phases,
        enable_finalizer=enable_finalizer,
        parameters=_used(phases, kinds),
        queries=_askable(phases, queries),
    )


def _api_version(section: Section) -> tuple[str, str]:
    written = section.text("apiVersion")
    group, _, version = written.partition("/")
    line = section.line_of("apiVersion")
    if not written:
        section.add(line, "apiVersion must be given, such as examples.io/v1")
    elif not names.is_group(group) or not names.DNS_LABEL.fullmatch(version):
        section.add(
            line,
            f"apiVersion must be GROUP/VERSION with a domain for the group, such as "
            f"examples.io/v1; is {quoted(written)}",
        )
    elif names.is_protected(group):
        section.add(
            line, f"the group {quoted(group)} is kept for the Kubernetes project; choose another"
        )
    return group, version


def _kind(section: Section) -> str:
    kind = section.text("kind")
    line = section.line_of("kind")
    if not kind:
        section.add(line, "kind must be given, such as CanaryDeployment")
    elif not names.KIND.fullmatch(kind) or len(kind) > names.LONGEST_KIND:
        section.add(
            line,
            f"kind must be letters and digits, at most {names.LONGEST_KIND}, a capital first; is "
            f"{quoted(kind)}",
        )
    elif problem := names.identifier_problem("kind", kind):
        section.add(line, problem)
    return kind


def _operator_name(section: Section) -> str:
    name = section.text("operatorName")
    line = section.line_of("operatorName")
    if not name:
        section.add(line, "operatorName must be given, such as canary-operator")
    elif not names.DNS_LABEL.fullmatch(name):
        section.add(
            line,
            "operatorName must be lower-case letters, digits and `-`, at most 63, a letter first; "
            f"is {quoted(name)}",
        )
    elif problem := names.package_problem(name):
        section.add(line, problem)
    return name


def _refused_outputs(
    kinds: Mapping[str, Parameter], group: str, kind: str, *, enable_finalizer: bool
) -> Mapping[str, str]:
    """Inputs that cannot be outputs, and why."""
    refused = {METRICS: "is not a valid output: it is only read"}
    for name, one in kinds.items():
        if (one.group, one.kind) == (group, kind):
            refused[name] = "is the kind of the workflow itself, which its workers do not write"
        elif not one.namespaced and not enable_finalizer:
            refused[name] = (
                "is not namespaced, so the operator itself deletes it in the end; write "
                "`enableFinalizer: true`"
            )
    return refused


def _used(phases: tuple[Phase, ...], kinds: Mapping[str, Parameter]) -> tuple[Parameter, ...]:
    """The kinds that phases name, in the order in which they do first."""
    mentioned = dict.fromkeys(name for one in phases for name in (*one.inputs, *one.outputs))
    return tuple(kinds[name] for name in mentioned if name != METRICS)


def _askable(phases: tuple[Phase, ...], own: tuple[Query, ...]) -> tuple[Query, ...]:
    if not any(METRICS in one.inputs for one in phases):
        return ()
    return (*BUILT_IN_QUERIES.values(), *own)
