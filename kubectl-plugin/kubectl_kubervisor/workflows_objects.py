"""What `workflows` reads: the kinds that operators look after, and their objects. What cannot be
read counts as absent; pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_kubervisor import words
from kubectl_kubervisor.objects import (
    Condition,
    Json,
    condition_of,
    mapping,
    number,
    sequence,
    text,
    texts,
)

OWN = frozenset(
    {
        "phase",
        "observedGeneration",
        "phaseSince",
        "phaseFailures",
        "phaseMessage",
        "phaseHistory",
        "conditions",
    }
)
"""The fields of a status that are the scheduler's; the others are the workers'."""

LONGEST = 1e10
"""Seconds; no phase is meant to last longer."""


class Phase(NamedTuple):
    """A phase of a kind: which may follow (empty: any), and whether it ends by itself, and how.

    `timeout` is in seconds, 0 where there is none.
    """

    name: str
    final: bool = False
    next: tuple[str, ...] = ()
    timeout: float = 0.0
    on_timeout: str = ""


class Kind(NamedTuple):
    """A kind of workflow. `type` names it to kubectl; of its `phases` the first begins."""

    type: str
    kind: str
    operator: str
    phases: Mapping[str, Phase]

    @property
    def singular(self) -> str:
        """The kind as people type it before a slash."""
        return self.kind.lower()


class Passed(NamedTuple):
    """A phase that it came to."""

    phase: str
    since: str
    message: str


class Workflow(NamedTuple):
    """An object of a kind of workflow."""

    kind: Kind
    namespace: str
    name: str
    created: str
    deleting: bool
    generation: int
    observed: int
    phase: str
    since: str
    message: str
    failures: int
    history: tuple[Passed, ...]
    conditions: Mapping[str, Condition]
    says: tuple[tuple[str, str], ...]

    @property
    def ready(self) -> bool:
        """Ready, and that of the newest spec."""
        return self.condition("Ready").true and self.observed >= self.generation

    @property
    def rules(self) -> Phase | None:
        """What its kind says of the phase that it is in; None where it says nothing."""
        return self.kind.phases.get(self.phase)

    def condition(self, kind: str) -> Condition:
        """A condition; Unknown where the operator has not written it."""
        return self.conditions.get(kind, Condition())


def kind_of(definition: Json) -> Kind:
    """The kind that a CustomResourceDefinition defines."""
    meta, spec = mapping(definition.get("metadata")), mapping(definition.get("spec"))
    names = mapping(spec.get("names"))
    return Kind(
        type=f"{text(names.get('plural'))}.{text(spec.get('group'))}",
        kind=text(names.get("kind")),
        operator=texts(meta.get("labels")).get(words.WORKFLOW_OPERATOR, ""),
        phases=_phases(texts(meta.get("annotations")).get(words.WORKFLOW_PHASES, "")),
    )


def workflow(kind: Kind, body: Json) -> Workflow:
    """An object of the kind as the API gives it."""
    meta, status = mapping(body.get("metadata")), mapping(body.get("status"))
    return Workflow(
        kind=kind,
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        created=text(meta.get("creationTimestamp")),
        deleting="deletionTimestamp" in meta,
        generation=number(meta.get("generation")),
        observed=number(status.get("observedGeneration")),
        phase=text(status.get("phase")),
        since=text(status.get("phaseSince")),
        message=text(status.get("phaseMessage")),
        failures=number(status.get("phaseFailures")),
        history=tuple(map(_passed, sequence(status.get("phaseHistory")))),
        conditions=dict(map(condition_of, sequence(status.get("conditions")))),
        says=tuple(
            (name, str(value).lower() if isinstance(value, bool) else str(value))
            for name, value in status.items()
            if name not in OWN and isinstance(value, (str, int, float)) and value != ""
        ),
    )


def _phases(said: str) -> Mapping[str, Phase]:
    try:
        read: Any = json.loads(said)
    except ValueError:
        return {}
    found = [_phase(mapping(one)) for one in sequence(read)]
    return {one.name: one for one in found if one.name}


def _phase(one: Mapping[str, Any]) -> Phase:
    return Phase(
        name=text(one.get("name")),
        final=one.get("final") is True,
        next=_names(sequence(one.get("next"))),
        timeout=_span(one.get("timeout")),
        on_timeout=text(one.get("onTimeout")),
    )


def _span(value: object) -> float:
    if isinstance(value, (int, float)) and 0 < value < LONGEST:
        return float(value)
    return 0.0


def _names(found: Sequence[object]) -> tuple[str, ...]:
    return tuple(name for name in map(text, found) if name)


def _passed(body: object) -> Passed:
    one = mapping(body)
    return Passed(*(text(one.get(name)) for name in ("phase", "since", "message")))
