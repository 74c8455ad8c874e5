"""Phase workflows of every kind, LISTed when somebody looks, and remembered for a moment.

There is no watch of them here: their operators have one, and most installations have none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from kubervisor.errors import ApiError, Forbidden, NotFound
from kubervisor.kube import workflow_reading as stored
from kubervisor.kube.client import Api
from kubervisor.ui.documents import LONGEST_LINE, cut
from kubervisor.ui.remembered import PATIENCE, Remembered
from kubervisor.ui.workflows_documents import (
    MOST_KINDS,
    MOST_READ,
    MOST_WORKFLOWS,
    Kind,
    Workflow,
)
from kubervisor.ui.workflows_view import gravest_first, kind_of, workflow_of

ABSENT = (
    f"No CustomResourceDefinition has the label {stored.OPERATOR_LABEL}: no operator of a workflow "
    "is deployed here."
)
FORBIDDEN = (
    "This controller's account may not list CustomResourceDefinitions, by whose labels workflows "
    "are found. Where operators of workflows are deployed, set the chart's value "
    "dashboard.workflows; where they are not, there is nothing to see."
)
MAY_NOT = "This controller's account may not list them."
NOT_SERVED = "The API server does not serve them."


class Found(NamedTuple):
    """What a look found: `access` and `problem` as in `Answer`, and whether there was `more`."""

    access: str
    problem: str = ""
    kinds: tuple[Kind, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    more: bool = False


class PhaseWorkflows:
    """For any number of threads; at most one asks the API server at a time.

    Without `namespaces`, the objects are those of all.
    """

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._namespaces = api, tuple(namespaces) or (None,)
        self._remembered = Remembered(self._look, monotonic)

    def read(self) -> Found:
        """What is stored, `FRESH` seconds old at most; blocks while it asks."""
        return self._remembered.read()

    def _look(self) -> Found:
        try:
            return self._kinds_and_objects()
        except Forbidden:
            return Found("forbidden", FORBIDDEN)
        except ApiError as error:
            return Found("failed", cut(str(error), LONGEST_LINE))

    def _kinds_and_objects(self) -> Found:
        known = list(islice(stored.list_kinds(self._api, timeout=PATIENCE), MOST_KINDS + 1))
        kinds, found, room = list[Kind](), list[Workflow](), MOST_READ
        for one in known[:MOST_KINDS]:
            objects, problem = self._objects(one, room + 1)
            kinds.append(kind_of(one, len(objects), problem))
            found += (workflow_of(one, each) for each in objects)
            room = MOST_READ - len(found)
        more = len(known) > MOST_KINDS or room < 0 or len(found) > MOST_WORKFLOWS
        if not kinds:
            return Found("absent", ABSENT)
        shown = tuple(gravest_first(found)[:MOST_WORKFLOWS])
        return Found("open", "", tuple(kinds), shown, more)

    def _objects(self, kind: stored.Kind, most: int) -> tuple[list[stored.Workflow], str]:
        """So many of them at most, or why they cannot be seen."""
        try:
            return list(islice(self._listed(kind), max(0, most))), ""
        except Forbidden:
            return [], MAY_NOT
        except NotFound:
            return [], NOT_SERVED

    def _listed(self, kind: stored.Kind) -> Iterator[stored.Workflow]:
        return chain.from_iterable(
            stored.list_workflows(self._api, kind, name, timeout=PATIENCE)
            for name in self._namespaces
        )
