"""Finds kinds of workflows, their objects, and the one that a command is about."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence

from kubectl_kubervisor import words
from kubectl_kubervisor.errors import Refused, Stop
from kubectl_kubervisor.kubectl import DEFINITIONS, Kubectl
from kubectl_kubervisor.leases import unled
from kubectl_kubervisor.objects import Json, mapping, sequence, text
from kubectl_kubervisor.say import warn
from kubectl_kubervisor.text import listed, printable
from kubectl_kubervisor.workflows_objects import Kind, Workflow, kind_of, workflow

NO_KIND = (
    f"no CustomResourceDefinition here has the label {words.WORKFLOW_OPERATOR}: no workflow's "
    "operator is deployed"
)
FORBIDDEN = (
    "you may not list CustomResourceDefinitions, by whose labels kinds of workflows are found: ask "
    "for the right to, or name one as TYPE/NAME, such as canarydeployments.examples.io/shop"
)


class Operators:
    """Whether operators run, by their Leases, asked for beside whatever else is asked.

    Who may not list Leases is told nothing. Raises Refused where there is no kubectl.
    """

    def __init__(self, kubectl: Kubectl) -> None:
        self._asked = kubectl.stream("get", "leases", "--all-namespaces", "--output=json")

    def warn(self, operators: Iterable[str]) -> None:
        """Say so of each of `operators` that has a Lease which nobody holds."""
        answer, _ = self._asked.communicate()
        leases = [] if self._asked.returncode else sequence(json.loads(answer).get("items"))
        for operator in sorted(set(operators)):
            named = [
                one for one in leases if text(mapping(one.get("metadata")).get("name")) == operator
            ]
            found = [unled(one, time.time()) for one in named]
            if found and all(found):
                warn(f"Warning: {printable(operator)} does not run: {printable(found[0])}")


def kinds(kubectl: Kubectl) -> list[Kind]:
    """The kinds of workflows, by kind and group. Raises Refused, Stop where there are none."""
    selector = f"--selector={words.WORKFLOW_OPERATOR}"
    try:
        found = map(kind_of, kubectl.items(DEFINITIONS, selector))
    except Refused as error:
        raise Refused(FORBIDDEN) if error.forbidden else error from error
    known = sorted(found, key=lambda one: (one.kind, one.type))
    if not known:
        raise Stop(NO_KIND)
    return known


def all_of(
    kubectl: Kubectl, known: Sequence[Kind], *more: str, everywhere: bool = False
) -> list[Workflow]:
    """The objects of these kinds, by kind, namespace and name; a warning of a kind that the user
    may not list. Raises Refused where nothing can be listed.
    """
    bodies = _bodies(kubectl, known, more, everywhere=everywhere)
    found = [told for told in (read(known, body) for body in bodies) if told is not None]
    return sorted(found, key=lambda one: (one.kind.kind, one.namespace, one.name))


def read(known: Sequence[Kind], body: Json) -> Workflow | None:
    """The object, where it is of one of these kinds."""
    group, kind = text(body.get("apiVersion")).partition("/")[0], text(body.get("kind"))
    for one in known:
        if one.kind in ("", kind) and one.type.partition(".")[2] == group:
            return workflow(one._replace(kind=kind), body)
    return None


def _bodies(
    kubectl: Kubectl, known: Sequence[Kind], more: Sequence[str], *, everywhere: bool
) -> list[Json]:
    try:
        return kubectl.items(",".join(one.type for one in known), *more, everywhere=everywhere)
    except Refused as error:
        if len(known) == 1 or not (error.forbidden or error.not_found):
            raise
    found = []
    for one in known:
        try:
            found += kubectl.items(one.type, *more, everywhere=everywhere)
        except Refused as error:
            warn(f"Warning: {printable(error)}")
    return found


def one_of(kubectl: Kubectl, wanted: str) -> Workflow:
    """The object that `NAME`, `KIND/NAME` or `TYPE/NAME` names.

    Raises Stop where there is none or more than one, Refused.
    """
    kind, _, name = wanted.rpartition("/")
    known = kinds_named(kubectl, kind)
    found = all_of(kubectl, known, f"--field-selector=metadata.name={name}")
    if not found:
        raise Stop(f'no workflow "{wanted}" here; `kubectl kubervisor workflows -A` lists them')
    if len(found) > 1:
        names = [f"{one.kind.type}/{one.name}" for one in found]
        raise Stop(f'"{wanted}" is the name of several: {listed(names)}; say which one')
    return found[0]


def kinds_named(kubectl: Kubectl, name: str) -> list[Kind]:
    """The kinds that the `name` means: all without one, else by kind, plural or type. Who may not
    look for kinds is believed that a type is one.

    Raises Stop where it means none, Refused.
    """
    try:
        known = kinds(kubectl)
    except Refused:
        if "." not in name:
            raise
        return [Kind(name, "", "", {})]
    meant = [
        one
        for one in known
        if name.lower() in ("", one.singular, one.type, one.type.partition(".")[0])
    ]
    if not meant:
        raise Stop(f'no kind of workflow "{name}": {listed([one.singular for one in known])}')
    return meant
