"""The outputs of a sync made exact: which object each one is, and what is to be applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubervisor.workflow.objects import Json, OnlyFields
from kubervisor.workflow.project.model import Parameter, Project
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.inventory import GROUP, Ref
from kubervisor.workflow.scheduler.plain import NotPlain, plain

_SERVERS = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generateName",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""Metadata that a worker cannot say; a copy of an object that it read has them."""

# What can stand in a path as one segment; each kind of object is stricter, and its server says so
_NAME = re.compile(r"(?!\.{1,2}\Z)[^/%\s]{1,253}", re.ASCII)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Output:
    """An object to apply. `body` is JSON with its apiVersion, kind, name and namespace, and nothing
    that only the server sets; labels and owner of ours are not in it yet.
    """

    ref: Ref
    body: Json
    only_fields: bool


class _Refused(Exception):
    """Says why, in a sentence."""


def desired(
    project: Project,
    declared: Sequence[str],
    said: Mapping[str, object],
    home: str,
    watched: Collection[str] = (),
) -> tuple[Output, ...] | Failure:
    """The outputs `said` by a worker of a resource in the namespace `home`, in the order in which
    the phase (or, for a finalizer, the project) has `declared` its kinds; or why they cannot be.

    Refused, and none of them written: kinds that are not declared; what is no object of its kind,
    has no name, or is said twice; where the operator has `watched` namespaces, what is in another
    or in none; and an owned object that is not in `home` where the project has no finalizer to
    delete it with. `said` is that of `Outputs.said`, whatever a worker put there.
    """
    reach = _Reach(home, frozenset(watched), project.enable_finalizer)
    try:
        found = tuple(_outputs(project, declared, said, reach))
        _once_each(found)
    except _Refused as refusal:
        return Failure(Reason.OUTPUT_REFUSED, str(refusal))
    return found


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where the outputs of a resource may be."""

    home: str
    watched: frozenset[str]
    has_finalizer: bool


def _outputs(
    project: Project, declared: Sequence[str], said: Mapping[str, object], reach: _Reach
) -> Iterator[Output]:
    for kind in said:
        if kind not in declared:
            names = ", ".join(declared) or "none"
            raise _Refused(f"{kind} are not among the outputs that are declared: {names}")
    for kind in declared:
        values = said.get(kind, ())
        if not isinstance(values, list | tuple):
            raise _Refused(f"the output {kind} is {_type(values)}, not a list of objects")
        for value in values:
            yield _output(project.parameter(kind), value, reach)


def _output(parameter: Parameter, value: object, reach: _Reach) -> Output:
    only_fields = isinstance(value, OnlyFields)
    body = value.body if isinstance(value, OnlyFields) else value
    if not isinstance(body, dict):
        raise _Refused(f"one of the {parameter.lower_name} is {_type(body)}, not JSON of an object")
    given = body.get("metadata", {})
    if not isinstance(given, dict):
        raise _Refused(f"the metadata of one of the {parameter.lower_name} is {_type(given)}")
    metadata = {name: value for name, value in given.items() if name not in _SERVERS}
    ref = _ref(parameter, metadata, reach.home)
    _check_kind(parameter, body, ref)
    _check_reach(ref, only_fields, reach)
    if ref.namespace:
        metadata["namespace"] = ref.namespace
    if isinstance(labels := metadata.get("labels"), dict):
        metadata["labels"] = {
            name: value for name, value in labels.items() if not str(name).startswith(f"{GROUP}/")
        }
    of_kind = {"apiVersion": parameter.api_version, "kind": parameter.kind, "metadata": metadata}
    exact = {name: value for name, value in body.items() if name != "status"} | of_kind
    try:
        return Output(ref, plain(exact), only_fields)
    except NotPlain as error:
        raise _Refused(f"{ref}: {error}") from None


def _ref(parameter: Parameter, metadata: Json, home: str) -> Ref:
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise _Refused(f"one of the {parameter.lower_name} has no name that an object may have")
    if not parameter.namespaced:
        if namespace:
            raise _Refused(f"{parameter.lower_name} {name} has a namespace; its kind has none")
        return Ref(parameter.lower_name, "", name)
    where = namespace or home
    if not isinstance(where, str) or _NAMESPACE.fullmatch(where) is None:
        raise _Refused(f"{parameter.lower_name} {name} has a namespace that is no name of one")
    return Ref(parameter.lower_name, where, name)


def _check_kind(parameter: Parameter, body: Json, ref: Ref) -> None:
    api_version = body.get("apiVersion", parameter.api_version)
    kind = body.get("kind", parameter.kind)
    if (api_version, kind) != (parameter.api_version, parameter.kind):
        raise _Refused(
            f"{ref} is a {kind} of {api_version}; "
            f"{ref.kind} are {parameter.kind} of {parameter.api_version}"
        )


def _check_reach(ref: Ref, only_fields: bool, reach: _Reach) -> None:
    if reach.watched and ref.namespace not in reach.watched:
        names = ", ".join(sorted(reach.watched))
        raise _Refused(f"{ref} is not in what the operator looks after: {names}")
    if not only_fields and ref.namespace != reach.home and not reach.has_finalizer:
        raise _Refused(
            f"{ref} is not in {reach.home}: without enableFinalizer in the project "
            "nothing would delete it with its owner"
        )


def _once_each(outputs: tuple[Output, ...]) -> None:
    seen = set[Ref]()
    for output in outputs:
        if output.ref in seen:
            raise _Refused(f"{output.ref} is said twice")
        seen.add(output.ref)


def _type(value: object) -> str:
    return f"a value of type {type(value).__name__}"
