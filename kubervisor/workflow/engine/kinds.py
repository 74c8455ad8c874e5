"""The kinds that an operator has to do with, and where their objects live on the API server."""

from __future__ import annotations

from typing import NamedTuple

from kubervisor.errors import SpecError
from kubervisor.workflow.project.model import METRICS, Parameter, Project


class Key(NamedTuple):
    """Which resource."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def resource_parameter(project: Project) -> Parameter:
    """The kind of the project's own resources."""
    return Parameter(project.plural, project.kind, project.group, project.version)


def written_kinds(project: Project) -> tuple[str, ...]:
    """Kinds whose objects workers may write, each once, in the order of the phases."""
    return tuple(dict.fromkeys(name for phase in project.phases for name in phase.outputs))


def read_kinds(project: Project) -> tuple[str, ...]:
    """Kinds whose objects workers may read. Of a finalizer nobody says which it reads: it may read
    each that a phase names.
    """
    named = [name for phase in project.phases for name in phase.inputs if name != METRICS]
    if project.enable_finalizer:
        named += written_kinds(project)
    return tuple(dict.fromkeys(named))


def all_kinds(project: Project) -> tuple[Parameter, ...]:
    """Kinds that are watched: what is read, and what is written."""
    named = dict.fromkeys((*read_kinds(project), *written_kinds(project)))
    return tuple(map(project.parameter, named))


def refuse_beyond(project: Project, namespaces: tuple[str, ...]) -> None:
    """Raises SpecError where phases name kinds that are in no namespace, and the operator may look
    after some namespaces only.
    """
    beyond = [one.lower_name for one in all_kinds(project) if not one.namespaced]
    if namespaces and beyond:
        raise SpecError(
            f"{', '.join(beyond)} are in no namespace, and {project.operator_name} looks after "
            f"{', '.join(namespaces)} only: let it look after all namespaces (watchNamespace)"
        )


def path_of(parameter: Parameter) -> str:
    """The path of all objects of a kind, as the constants of `kube.paths` are.

    >>> path_of(Parameter("jobs", "Job", "batch", "v1"))
    '/apis/batch/v1/jobs'
    """
    root = f"/apis/{parameter.group}" if parameter.group else "/api"
    return f"{root}/{parameter.version}/{parameter.lower_name}"
