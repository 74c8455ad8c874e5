"""The Python files of a project that are written anew each time: they follow from its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubervisor.workflow.project.model import METRICS, Project
from kubervisor.workflow.scaffold.naming import Names, PhaseNames, QueryNames
from kubervisor.workflow.scaffold.source import (
    Call,
    Name,
    declared,
    literal,
    module,
    signature,
    statement,
)

LIBRARY = "kubervisor.workflow"


def python_files(project: Project, names: Names) -> dict[str, str]:
    """Sources by their paths in the project, without the mark."""
    package = names.package
    files = {
        f"{package}/__init__.py": f'"""The operator of {names.kind}."""\n',
        f"{package}/__main__.py": _main(names),
        f"{package}/py.typed": "",
        f"{package}/phases.py": _phases(project, names),
        f"{package}/operator.py": _operator(project, names),
        f"{package}/workers/__init__.py": '"""What is done in each phase."""\n',
        "tests/test_generated.py": _test_generated(names),
    }
    if any(METRICS in phase.inputs for phase in project.phases):
        files[f"{package}/metrics.py"] = _metrics(names)
    return files


def _main(names: Names) -> str:
    return module(
        f"`python -m {names.package}`: the operator of {names.kind}.",
        {"kubervisor.workflow_app": ["main"], f"{names.package}.operator": ["OPERATOR"]},
        names.package,
        'if __name__ == "__main__":\n    main(OPERATOR)\n',
    )


def _phases(project: Project, names: Names) -> str:
    working = names.working
    phases = [one.phase for one in working]
    writes = any(phase.outputs for phase in phases)
    reads = any(set(phase.inputs) - {METRICS} for phase in phases)
    reads |= writes and project.enable_finalizer  # which reads what it may write
    modules = {
        "collections.abc": ["Sequence"] if writes else [],
        "dataclasses": ["dataclass"],
        "enum": ["StrEnum"],
        "typing": ["TypeAlias"],
        LIBRARY: [
            *("Inputs", "Outputs", "Resource"),
            *(["Objects"] if reads else []),
            *(["Metrics"] if any(METRICS in phase.inputs for phase in phases) else []),
            *(["Json", "OnlyFields"] if writes else []),
        ],
        f"{names.package}.spec": [names.spec, names.status],
    }
    parts = [_alias(names), _members(names), *_classes(project, working)]
    return module(
        f"The phases of {names.kind}: what they are called, what each reads and writes.",
        modules,
        names.package,
        "\n\n".join(parts),
    )


def _alias(names: Names) -> str:
    flat = f"{names.kind}: TypeAlias = Resource[{names.spec}, {names.status}]\n"
    if len(flat) > 101:
        return f"{names.kind}: TypeAlias = Resource[\n    {names.spec},\n    {names.status},\n]\n"
    return flat


def _members(names: Names) -> str:
    lines = ["class Phase(StrEnum):\n", '    """What stands in `status.phase`."""\n\n']
    for one in names.phases:
        lines.append(f"    {one.member} = {literal(one.phase.name)}\n")
        if one.phase.description:
            lines.append(f"    {literal(one.phase.description)}\n")
    return "".join(lines)


def _classes(project: Project, working: Iterable[PhaseNames]) -> Iterator[str]:
    for one in working:
        yield _reads(one.inputs, one.phase.name, one.phase.inputs)
        yield _writes(one.outputs, one.phase.name, one.phase.outputs)
    if project.enable_finalizer:
        outputs = _of_all(phase.outputs for phase in project.phases)
        inputs = _of_all([*(phase.inputs for phase in project.phases), outputs])
        yield _reads("FinalizerInputs", "the finalizer", inputs)
        yield _writes("FinalizerOutputs", "the finalizer", outputs)


def _of_all(phases: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in phases for name in names))


def _reads(name: str, whose: str, inputs: Iterable[str]) -> str:
    fields = [f"    {one}: {'Metrics' if one == METRICS else 'Objects'}\n" for one in inputs]
    doc = f"What {whose} reads." if fields else f"Nothing: {whose} reads no more than its resource."
    return _dataclass(name, "Inputs", doc, fields)


def _writes(name: str, whose: str, outputs: Iterable[str]) -> str:
    fields = [f"    {one}: Sequence[Json | OnlyFields] | None = None\n" for one in outputs]
    doc = f"What {whose} writes." if fields else f"Nothing: {whose} writes no objects."
    return _dataclass(name, "Outputs", doc, fields)


def _dataclass(name: str, base: str, doc: str, fields: list[str]) -> str:
    body = "".join(["\n", *fields]) if fields else ""
    return (
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        f'class {name}({base}):\n    """{doc}"""\n{body}'
    )


def _metrics(names: Names) -> str:
    functions = [_query(one) for one in names.queries]
    return module(
        "The queries of the project; what they raise stands at `Metrics.query`.",
        {LIBRARY: ["Metrics", "QueryResult"]},
        names.package,
        "\n\n".join(functions),
    )


def _query(names: QueryNames) -> str:
    """A function that asks a query; its template is in `PROJECT`."""
    query = names.query
    arguments = ["metrics: Metrics"]
    if names.arguments:
        arguments += ["*", *(f"{argument}: str" for argument in names.arguments)]
    said = zip(query.parameters, names.arguments, strict=True)
    parts = [("", query.name), *((parameter, Name(argument)) for parameter, argument in said)]
    return signature(names.function, arguments, "QueryResult") + statement(
        "    return ", Call("metrics.query", parts)
    )


def _operator(project: Project, names: Names) -> str:
    working = names.working
    workers = {
        Name(f"Phase.{one.member}"): Call(
            "workflow.Worker", [("", Name(f"{one.module}.sync")), ("", Name(one.inputs))]
        )
        for one in working
    }
    arguments = [
        ("project", Name("PROJECT")),
        ("spec", Name(names.spec)),
        ("status", Name(names.status)),
        ("workers", workers),
    ]
    given = [one.inputs for one in working]
    if project.enable_finalizer:
        finalizer = [("", Name("finalizer.finalize")), ("", Name("FinalizerInputs"))]
        arguments.append(("finalizer", Call("workflow.Finalizer", finalizer)))
        given.append("FinalizerInputs")
    package = names.package
    modules = {
        "kubervisor": ["workflow"],
        package: ["finalizer"] if project.enable_finalizer else [],
        f"{package}.phases": [*given, "Phase"],
        f"{package}.spec": [names.spec, names.status],
        f"{package}.workers": [one.module for one in working],
    }
    return module(
        f"The operator of {names.kind}: its project, and the function of each phase.",
        modules,
        package,
        statement("PROJECT = ", declared(project, "workflow"))
        + statement("OPERATOR = ", Call("workflow.Operator", arguments)),
    )


def _test_generated(names: Names) -> str:
    return module(
        "What is generated says what the project file and the models say.",
        {
            "pathlib": ["Path"],
            "kubervisor.workflow.scaffold.generating": ["out_of_date"],
        },
        names.package,
        "def test_nothing_that_is_generated_is_out_of_date() -> None:\n"
        "    assert not out_of_date(Path(__file__).parents[1])\n",
    )
