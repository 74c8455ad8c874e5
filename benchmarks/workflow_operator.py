"""The operator whose resources are measured: each has one ConfigMap, and reads another.

`python -m benchmarks.workflow_operator --config FILE --kubeconfig FILE` runs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from kubervisor.workflow import (
    Inputs,
    Json,
    Objects,
    Operator,
    Outcome,
    Outputs,
    Parameter,
    Phase,
    Project,
    Resource,
    Worker,
)

PHASE = "Tending"


class PlotSpec(BaseModel):
    """What grows there."""

    seeds: str = ""
    beds: int = 1


class PlotStatus(BaseModel):
    """What was seen."""

    watered: str = ""


@dataclass(frozen=True, slots=True)
class TendingInputs(Inputs):
    """All ConfigMaps."""

    configmaps: Objects


@dataclass(frozen=True, slots=True)
class TendingOutputs(Outputs):
    """The ConfigMap of a plot."""

    configmaps: tuple[Json, ...] | None = None


def tend(plot: Resource[PlotSpec, PlotStatus], inputs: TendingInputs) -> Outcome[PlotStatus]:
    """Have the plot's ConfigMap say what its spec and the weather say."""
    weather = inputs.configmaps.find("weather")
    water = "no" if weather is None else str(weather.body["data"]["water"])
    said = {
        "metadata": {"name": plot.name, "labels": {"plot": plot.name}},
        "data": {"seeds": plot.spec.seeds, "beds": str(plot.spec.beds), "water": water},
    }
    return Outcome(PHASE, TendingOutputs((said,)), PlotStatus(watered=water), "tended")


OPERATOR = Operator(
    Project(
        kind="Plot",
        group="garden.example.io",
        version="v1",
        operator_name="garden-operator",
        phases=(Phase(PHASE, initial=True, inputs=("configmaps",), outputs=("configmaps",)),),
        parameters=(Parameter("configmaps", "ConfigMap", "", "v1"),),
    ),
    PlotSpec,
    PlotStatus,
    {PHASE: Worker(tend, TendingInputs)},
)

if __name__ == "__main__":
    from kubervisor.workflow_app import main

    main(OPERATOR)
