"""The `queries` of a project file."""

from __future__ import annotations

from kubervisor.workflow.project import names
from kubervisor.workflow.project.model import Query
from kubervisor.workflow.project.problems import quoted
from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.project.rendering import Place, TemplateError, parse
from kubervisor.workflow.project.section import Section

_FIELDS = ("name", "queryTemplate", "parameters")
_LONGEST_TEMPLATE = 32_768
_TAKEN = frozenset(["metrics"])
"""What the functions made of queries have besides their parameters."""


def read_queries(section: Section) -> tuple[Query, ...]:
    """The project's own queries; no two would be the same function."""
    taken = {names.alike(name): name for name in BUILT_IN_QUERIES}
    found = []
    for one in section.sections("queries", _FIELDS, "query"):
        name = one.text("name")
        if problem := _name_problem(name, taken.get(names.alike(name))):
            one.add(one.line_of("name"), problem)
        taken.setdefault(names.alike(name), name)
        parameters = _parameters(one)
        found.append(Query(name, _template(one, parameters), parameters))
    return tuple(found)


def _name_problem(name: str, other: str | None) -> str:
    if not name:
        return "name must be given, such as error-rate"
    if not names.QUERY.fullmatch(name) or len(name) > names.LONGEST_NAME:
        return "name must be letters, digits, `-` and `_`, at most 63, a letter first"
    if other is not None:
        built_in = " is built in" if other in BUILT_IN_QUERIES else " is another query"
        return f"{quoted(other)}{built_in}; choose another name"
    return names.identifier_problem("name", name)


def _parameters(section: Section) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    written = section.texts("parameters")
    for line, name in written:
        if not names.IDENTIFIER.fullmatch(name) or len(name) > names.LONGEST_NAME:
            section.add(
                line, f"parameters: {quoted(name)} must be letters, digits and `_`, a letter first"
            )
        elif names.alike(name) in seen:
            other = seen[names.alike(name)]
            section.add(line, f"parameters: {name} and {other} are too much alike")
        elif names.alike(name) in _TAKEN:
            section.add(line, f"parameters: {name} means something else; choose another name")
        elif problem := names.identifier_problem("parameters:", name):
            section.add(line, problem)
        else:
            seen[names.alike(name)] = name
    return tuple(name for _, name in written)


def _template(section: Section, parameters: tuple[str, ...]) -> str:
    template = section.text("queryTemplate", limit=_LONGEST_TEMPLATE)
    if not template.strip():
        section.add(section.line_of("queryTemplate"), "queryTemplate must be given: PromQL")
        return template
    try:
        pieces = parse(template)
    except TemplateError as error:
        section.add(section.literal_line("queryTemplate", error.row), f"queryTemplate {error}")
        return template
    for piece in pieces:
        if isinstance(piece, Place) and piece.name not in parameters:
            section.add(
                section.literal_line("queryTemplate", piece.row),
                f"queryTemplate has a place for {piece.name}, which is none of the parameters",
            )
    return template
