"""`kubervisor rules test`: what rules would do, and what they would have done; nothing is done."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import click

from kubervisor import __version__
from kubervisor.cli.documents import read_objects
from kubervisor.cli.rules_sources import asked
from kubervisor.cli.rules_written import read_written
from kubervisor.errors import KubervisorError, SpecError
from kubervisor.instants import render
from kubervisor.kube.client import connect
from kubervisor.replay.instants import instant
from kubervisor.rules.actions.action import Object, World
from kubervisor.rules.actions.registry import make_actions
from kubervisor.rules.controller.world import Cluster
from kubervisor.rules.trial.answers import Stretch
from kubervisor.rules.trial.report import as_json, as_text
from kubervisor.rules.trial.trying import Stage, try_rule
from kubervisor.rules.trial.verdict import Verdict, code_of, in_turn
from kubervisor.traffic.promql import seconds

MOST_STEPS = 2_880
"""Looks at the past where no step is given: a day every 30 s."""
LEAST_STEP = 1.0

T = TypeVar("T")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _read(parse: Callable[[str], T]) -> Callable[..., T | None]:
    """A callback that turns what `parse` complains of into bad usage."""

    def convert(_: click.Context, __: click.Parameter, value: str | None) -> T | None:
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _step(text: str) -> float:
    length = seconds(text)
    if length < LEAST_STEP:
        raise ValueError(f"{text} is less than {LEAST_STEP:g} s")
    return length


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option("-f", "--config", type=_FILE, help="Where rules find their sources: providers.")
@click.option("--source", metavar="URL", help="A Prometheus-compatible server, for all rules.")
@click.option("--data", type=_FILE, help="A page of metrics instead: Prometheus text format.")
@click.option(
    "--objects",
    "objects",
    multiple=True,
    type=_FILE,
    help="Objects that rules are about, YAML or JSON; repeatable.",
)
@click.option("--kubeconfig", type=_FILE, help="Take objects from this cluster; only reads.")
@click.option(
    "--start",
    metavar="TIME",
    callback=_read(lambda text: instant(text, time.time())),
    help="Also tell what would have been done since: RFC 3339, Unix seconds, or -1d.",
)
@click.option(
    "--end",
    metavar="TIME",
    callback=_read(lambda text: instant(text, time.time())),
    help="Until when; default: now, or the last instant in --data.",
)
@click.option(
    "--step",
    metavar="DURATION",
    callback=_read(_step),
    help=f"From one look to the next; default: 10s, and no more than {MOST_STEPS} looks.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def test(
    files: Sequence[Path],
    config: Path | None,
    source: str | None,
    data: Path | None,
    objects: Sequence[Path],
    kubeconfig: Path | None,
    start: float | None,
    end: float | None,
    step: float | None,
    output: str,
) -> None:
    """Tell what the AutopilotRules in FILEs would do about which objects. Nothing is written.

    Without --objects and --kubeconfig objects are those that the metrics name. A StoragePolicy is
    converted first.

    Exit code 0: the rules are valid and would do nothing; 10: something would be done; 1: a rule is
    not valid, or there is no answer; 2: bad usage.
    """
    if (start is None) and (end is not None or step is not None):
        raise click.UsageError("--end and --step need --start")
    if objects and kubeconfig:
        raise click.UsageError("--objects and --kubeconfig exclude each other")
    try:
        with ExitStack() as opened:
            source_of = asked(config, source, data, end, opened)
            stretch = _stretch(start, source_of.now, step)
            if stretch is not None and not source_of.is_somebody:
                raise click.UsageError("--start needs --source, --data or --config")
            stage = Stage(
                actions=make_actions(),
                answers=source_of.answers,
                objects=_objects(objects),
                cluster=_cluster(kubeconfig),
                now=source_of.now,
                stretch=stretch,
            )
            tried = [one for file in files for one in _tried(file, stage)]
            verdicts = in_turn(tried, stage.now)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    if output == "json":
        click.echo(json.dumps(as_json(verdicts, stretch), indent=2, ensure_ascii=False))
    else:
        click.echo(as_text(verdicts, stretch))
    raise SystemExit(code_of(verdicts))


def _tried(file: Path, stage: Stage) -> list[Verdict]:
    """What came of each rule of a file; one without any is not valid."""
    try:
        written = read_written(file)
    except SpecError as error:
        return [Verdict(str(file), "?", problems=(str(error),))]
    return [try_rule(one, stage) for one in written]


def _stretch(start: float | None, end: float, step: float | None) -> Stretch | None:
    if start is None:
        return None
    if start >= end:
        raise click.UsageError(
            f"the end {render(end, 'seconds')} is not after the start {render(start, 'seconds')}"
        )
    least = max(10.0, math.ceil((end - start) / MOST_STEPS))
    return Stretch(round(start, 3), round(end, 3), step or least)


def _objects(paths: Sequence[Path]) -> tuple[Object, ...] | None:
    if not paths:
        return None
    return tuple(_named(path, one) for path in paths for one in read_objects(path))


def _named(path: Path, one: Object) -> Object:
    """The object, which has a kind and a name and labels that are texts. Raises SpecError."""
    meta = one.get("metadata")
    kind, name = one.get("kind"), meta.get("name") if isinstance(meta, Mapping) else None
    if not (isinstance(kind, str) and isinstance(name, str) and kind and name):
        raise SpecError(f"{path}: each object needs kind and metadata.name")
    labels = meta.get("labels") if isinstance(meta, Mapping) else None
    for part in (labels, one.get("spec"), one.get("status")):
        if not isinstance(part, Mapping | None):
            raise SpecError(f"{path}: {kind} {name}: labels, spec and status must be mappings")
    return one


def _cluster(kubeconfig: Path | None) -> World | None:
    if kubeconfig is None:
        return None
    return Cluster(connect(str(kubeconfig), user_agent=f"kubervisor/{__version__}"))
