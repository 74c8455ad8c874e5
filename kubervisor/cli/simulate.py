"""`kubervisor simulate`: what a specification would do with a fleet, before there is one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kubervisor.errors import KubervisorError
from kubervisor.simulation.assessment import Trio, avoided_percent, delays, rightness, trio
from kubervisor.simulation.file import Plot, read_plots
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.record import Action, Did


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file with scenarios, see examples/simulations/.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same run.")
def simulate(path: Path, output: str, seed: int) -> None:
    """Run the scenarios of a file in closed loop: a timeline of what is done, and what it is worth.

    Traffic follows ejections, load shifts to the pods that serve, queues grow. The decisions are
    those of `kubervisor run`.
    """
    try:
        plots = read_plots(path.read_text(encoding="utf-8"))
        played = [(plot, _play(plot, seed)) for plot in plots]
    except KubervisorError as error:
        raise click.ClickException(f"{path}: {error}") from error
    if output == "json":
        click.echo(json.dumps([_as_json(plot, runs) for plot, runs in played], indent=1))
        return
    for plot, runs in played:
        click.echo("\n".join(_lines(plot, runs)))


def _play(plot: Plot, seed: int) -> Trio:
    return trio(plot.scenario, guarded_by(plot.policy), seed=seed)


def _lines(plot: Plot, runs: Trio) -> Iterator[str]:
    scenario = plot.scenario
    yield f"{scenario.name}: {scenario.pods} pods, {scenario.duration:g} s"
    for fault in scenario.faults:
        until = f" for {fault.duration:g} s" if fault.duration < scenario.duration else ""
        whom = ", ".join(f"pod-{pod}" for pod in fault.members(scenario.pods))
        yield f"{fault.start:8.0f} s  fault       {fault.name or 'begins'}: {whom}{until}"
    for action in runs.run.actions:
        yield _line(action)
    yield ""
    for name, value in _summary(runs).items():
        yield f"  {name.replace('_', ' '):<26} {'-' if value is None else value}"
    yield ""


def _line(action: Action) -> str:
    said = ": ".join(part for part in (action.reason, action.evidence) if part)
    return f"{action.at:8.1f} s  {action.did:<10}  pod-{action.pod}  {said}".rstrip()


def _summary(runs: Trio) -> dict[str, Any]:
    """Figures of the run in plain units: seconds, percent, counts."""
    found, right = delays(runs.run), rightness(runs.run)
    hit = [delay for delay in found if delay is not None]
    avoided = avoided_percent([runs])
    out = sum(action.did is Did.EJECTED for action in runs.run.actions)
    return {
        "faulty_pods_ejected": f"{len(hit)} of {len(found)}",
        "seconds_to_eject": [round(delay, 1) for delay in hit] or None,
        "ejections": out,
        "ejections_of_healthy_pods": len(right) - sum(right),
        "fewest_pods_serving": runs.run.fewest_serving,
        "healthy_pod_seconds_lost": round(runs.run.lost_capacity),
        "requests": round(runs.run.requests),
        "requests_failed": round(runs.run.failures),
        "spoilt_by_faults": round(runs.run.spoilt),
        "spoilt_without_breaker": round(runs.nothing.spoilt),
        "spoilt_with_an_oracle": round(runs.oracle.spoilt),
        "avoided_percent": None if math.isnan(avoided) else round(avoided, 1),
    }


def _as_json(plot: Plot, runs: Trio) -> dict[str, Any]:
    return {
        "scenario": plot.scenario.name,
        "actions": [
            {
                "at": action.at,
                "pod": f"pod-{action.pod}",
                "did": str(action.did),
                "breaker": action.breaker,
                "reason": action.reason,
                "evidence": action.evidence,
            }
            for action in runs.run.actions
        ],
        "summary": _summary(runs),
    }
