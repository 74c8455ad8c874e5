"""Operators for tests: their resources say themselves what is done in which phase.

`python -m tests.workflow.engine.errands KIND --config FILE --kubeconfig FILE` runs one. An Errand
has no finalizer, a Chore has one.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from kubervisor.workflow import (
    Finalized,
    Finalizer,
    Inputs,
    Json,
    Metrics,
    Objects,
    OnlyFields,
    Operator,
    Outcome,
    Outputs,
    Parameter,
    Phase,
    Project,
    Query,
    Resource,
    Worker,
)

GROUP = "errands.example.io"
CONFIG_MAPS = Parameter("configmaps", "ConfigMap", "", "v1")
SERVICES = Parameter("services", "Service", "", "v1")
MISSING = Parameter("unicorns", "Unicorn", "nobody.example.io", "v1")
"""A kind that no cluster has."""

KINDS = ("configmaps", "services", "unicorns")
PHASES = (
    Phase("First", initial=True, inputs=("configmaps",), outputs=KINDS),
    Phase("Second", inputs=("configmaps",), outputs=KINDS),
    Phase("Third", inputs=("configmaps",), outputs=KINDS),
    Phase("Measuring", inputs=("configmaps", "metrics"), outputs=("configmaps",)),
    Phase("Hasty", outputs=("configmaps",), timeout=1.0, on_timeout="Failed"),
    Phase("Stubborn", outputs=("configmaps",), retries=1, on_failure="Failed"),
    Phase("Strict", outputs=("configmaps",), next=("Done",)),
    Phase("Done", final=True),
    Phase("Failed", final=True),
)


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Act(_Model):
    """What is done in a phase. `config_maps` are values by names, `namespace` is where they are;
    None says nothing of them. Until there is one named `awaits` nothing is done. `replicas` is the
    only field that is said of Services: a label.
    """

    config_maps: dict[str, str] | None = None
    namespace: str = ""
    awaits: str = ""
    marks: dict[str, str] = {}
    next: str = ""
    message: str = ""
    after: float | None = None
    fault: Literal["", "raise", "exit", "hang", "nonsense", "undeclared", "overlong"] = ""
    unicorn: str = ""
    asks: dict[str, str] = {}


class ErrandSpec(_Model):
    """What is done, by the names of phases."""

    acts: dict[str, Act] = {}
    ends: Act = Act()
    word: str = ""

    @field_validator("word")
    @classmethod
    def _is_allowed(cls, word: str) -> str:
        if word == "forbidden":
            raise ValueError("this word is not allowed")
        return word


class ErrandStatus(_Model):
    """What was found."""

    found: dict[str, str] = {}
    measured: float | None = None


Errand = Resource[ErrandSpec, ErrandStatus]


@dataclass(frozen=True, slots=True)
class ErrandInputs(Inputs):
    configmaps: Objects


@dataclass(frozen=True, slots=True)
class MeasuringInputs(Inputs):
    configmaps: Objects
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class ErrandOutputs(Outputs):
    configmaps: tuple[Json | OnlyFields, ...] | None = None
    services: tuple[Json | OnlyFields, ...] | None = None
    unicorns: tuple[Json, ...] | None = None
    deployments: tuple[Json, ...] | None = None


def sync(phase: str, errand: Errand, inputs: Inputs) -> Outcome[ErrandStatus]:
    act = errand.spec.acts.get(phase, Act())
    _fail(act)
    status = errand.status
    if act.fault == "overlong":
        return Outcome(phase, status=ErrandStatus(found={"it": "x" * 2**21}))
    if isinstance(inputs, MeasuringInputs):
        status = status.model_copy(update={"measured": _measure(inputs.metrics, act)})
    if act.awaits and isinstance(inputs, ErrandInputs):
        there = inputs.configmaps.find(act.awaits)
        if there is None:
            return Outcome(phase, message=f"awaiting {act.awaits}", after=act.after)
        said = str(there.body.get("data", {}).get("value", ""))
        status = status.model_copy(update={"found": {**status.found, act.awaits: said}})
    return Outcome(
        act.next or phase,
        outputs=_outputs(act),
        status=status,
        message=act.message,
        after=act.after,
    )


def finalize(errand: Errand, inputs: Inputs) -> Finalized:
    act = errand.spec.ends
    _fail(act)
    there = not act.awaits or (
        isinstance(inputs, ErrandInputs) and inputs.configmaps.find(act.awaits) is not None
    )
    return Finalized(done=there, outputs=_outputs(act), message=act.message)


def _measure(metrics: Metrics, act: Act) -> float | None:
    """`asks` are parameters, and the `name` of the query."""
    asked = dict(act.asks)
    return metrics.query(asked.pop("name"), **asked).value


def _fail(act: Act) -> None:
    if act.fault == "raise":
        raise RuntimeError("the worker\nwas told to")
    if act.fault == "exit":
        sys.exit(3)
    if act.fault == "hang":
        time.sleep(3600)


def _outputs(act: Act) -> ErrandOutputs:
    if act.fault == "nonsense":
        return ErrandOutputs(configmaps=({"metadata": {"name": "no/name"}},))
    if act.fault == "undeclared":
        return ErrandOutputs(deployments=())
    maps = None
    if act.config_maps is not None:
        where = {"namespace": act.namespace} if act.namespace else {}
        maps = tuple(
            {"metadata": {"name": name, **where}, "data": {"value": value}}
            for name, value in act.config_maps.items()
        )
    marked = tuple(
        OnlyFields({"metadata": {"name": name, "labels": {"mark": mark}}})
        for name, mark in act.marks.items()
    )
    unicorns = ({"metadata": {"name": act.unicorn}},) if act.unicorn else None
    return ErrandOutputs(configmaps=maps, services=marked or None, unicorns=unicorns)


def operator(kind: str) -> Operator[ErrandSpec, ErrandStatus]:
    has_end = kind == "Chore"
    project = Project(
        kind=kind,
        group=GROUP,
        version="v1",
        operator_name=f"{kind.lower()}-operator",
        phases=PHASES,
        enable_finalizer=has_end,
        parameters=(CONFIG_MAPS, SERVICES, MISSING),
        queries=(Query("load", 'load{of="{{ .Of }}"}', ("Of",)),),
    )
    workers = {
        phase.name: Worker(
            partial(sync, phase.name),
            MeasuringInputs
            if "metrics" in phase.inputs
            else ErrandInputs
            if phase.inputs
            else Inputs,
        )
        for phase in PHASES
        if not phase.final
    }
    finalizer = Finalizer(finalize, ErrandInputs) if has_end else None
    return Operator(project, ErrandSpec, ErrandStatus, workers, finalizer)


if __name__ == "__main__":
    from kubervisor.workflow_app import main

    main(operator(sys.argv[1]), sys.argv[2:])
