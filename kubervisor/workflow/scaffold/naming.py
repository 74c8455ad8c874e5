"""Names of a project as names in its code; two that would become one are refused."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubervisor.errors import SpecError
from kubervisor.workflow.project.model import METRICS, Phase, Project, Query
from kubervisor.workflow.project.names import package_of

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_]+")
_OURS = (
    "Finalized",
    "Inputs",
    "Json",
    "Metrics",
    "Objects",
    "OnlyFields",
    "Outcome",
    "Outputs",
    "Phase",
    "Resource",
    "Sequence",
    "StrEnum",
    "TypeAlias",
)
"""Classes beside which the kind and the classes of phases stand in the code."""


@dataclass(frozen=True, slots=True)
class PhaseNames:
    """A phase's names: of its constant, its worker's module, and the classes of what it reads and
    writes.
    """

    phase: Phase
    member: str
    module: str
    inputs: str
    outputs: str


@dataclass(frozen=True, slots=True)
class QueryNames:
    """A query's function, and its arguments in the order of the query's parameters."""

    query: Query
    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """All names in a project's code. `variable` is a resource, `working` are the phases that have a
    worker.
    """

    package: str
    kind: str
    variable: str
    spec: str
    status: str
    phases: tuple[PhaseNames, ...]
    queries: tuple[QueryNames, ...]

    @property
    def working(self) -> tuple[PhaseNames, ...]:
        return tuple(one for one in self.phases if not one.phase.final)


def snake(name: str) -> str:
    """A name in the style of variables and modules.

    >>> [snake(name) for name in ("RollBack", "HTTPReady", "istio-request_duration", "Yield")]
    ['roll_back', 'http_ready', 'istio_request_duration', 'yield_']
    """
    lower = "_".join(filter(None, _BOUNDARY.split(name))).lower()
    return f"{lower}_" if keyword.iskeyword(lower) else lower


def names_of(project: Project) -> Names:
    """The names in a project's code. Raises SpecError where one cannot be used, or two are one."""
    names = Names(
        package=_usable(package_of(project.operator_name)),
        kind=_usable(project.kind),
        variable=_usable(snake(project.kind)),
        spec=f"{project.kind}Spec",
        status=f"{project.kind}Status",
        phases=tuple(_of_phase(phase) for phase in project.phases),
        queries=tuple(_of_query(query) for query in project.queries),
    )
    _all_differ("constants", ((one.member, one.phase.name) for one in names.phases))
    _all_differ("functions", _functions(names))
    _all_differ("modules", _modules(project, names))
    _all_differ("classes", _classes(project, names))
    if names.variable == "inputs":
        raise SpecError(f"kind: the code calls something else {names.variable}; choose another")
    for lower_name in {name for one in project.phases for name in (*one.inputs, *one.outputs)}:
        if _usable(lower_name) == "said":
            raise SpecError(f"inputs and outputs: {lower_name} cannot be the name of a field")
    return names


def _of_phase(phase: Phase) -> PhaseNames:
    module = _usable(snake(phase.name))
    camel = phase.name[0].upper() + phase.name[1:]
    return PhaseNames(
        phase=phase,
        member=_usable(module.strip("_").upper()),
        module=module,
        inputs=_usable(f"{camel}Inputs"),
        outputs=_usable(f"{camel}Outputs"),
    )


def _of_query(query: Query) -> QueryNames:
    arguments = [(_usable(snake(one)), _usable(one)) for one in query.parameters]
    _all_differ(f"parameters of {query.name}", [(METRICS, "the first"), *arguments])
    return QueryNames(query, _usable(snake(query.name)), tuple(name for name, _ in arguments))


def _functions(names: Names) -> Iterator[tuple[str, str]]:
    """What `metrics.py` has, each with what it is named after."""
    yield "str", "the type of arguments"
    yield from ((one.function, f"query {one.query.name}") for one in names.queries)


def _modules(project: Project, names: Names) -> Iterator[tuple[str, str]]:
    """What a file imports by the names of modules, each with what it is named after."""
    yield "workflow", "the library"
    yield from ((name, "the tests'") for name in ("a_resource", "given", "outcome", "resource"))
    if project.enable_finalizer:
        yield "finalizer", "the finalizer"
    yield from ((one.module, f"phase {one.phase.name}") for one in names.working)


def _classes(project: Project, names: Names) -> Iterator[tuple[str, str]]:
    yield from ((name, "the library's") for name in _OURS)
    yield from ((name, "the kind's") for name in (names.kind, names.spec, names.status))
    if project.enable_finalizer:
        yield from ((f"Finalizer{what}", "the finalizer's") for what in ("Inputs", "Outputs"))
    for one in names.working:
        yield from ((name, f"phase {one.phase.name}'s") for name in (one.inputs, one.outputs))


def _usable(name: str) -> str:
    """The name, which Python accepts as one. Reading a project file says so before, and where."""
    if not name.isascii() or not name.isidentifier() or keyword.iskeyword(name):
        raise SpecError(f"{name!r} cannot be a name in Python; choose another")
    return name


def _all_differ(what: str, named: Iterable[tuple[str, str]]) -> None:
    """Raises SpecError where two have a name in common."""
    seen: dict[str, str] = {}
    for name, origin in named:
        if name in seen:
            raise SpecError(f"{what}: {seen[name]} and {origin} would both be {name}; rename one")
        seen[name] = origin
