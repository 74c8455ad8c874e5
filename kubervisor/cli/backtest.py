"""`kubervisor backtest`: what a KubervisorService would have done, by the past of its source."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import click
from pydantic import ValidationError

from kubervisor.cli.manifest import read_policy
from kubervisor.errors import SourceError, SpecError
from kubervisor.replay.backtest import Result
from kubervisor.replay.backtest import backtest as replay
from kubervisor.replay.instants import instant, rfc3339
from kubervisor.replay.page import as_html
from kubervisor.replay.pages import Reader, Stretch
from kubervisor.replay.report import as_json
from kubervisor.replay.timeline import as_text
from kubervisor.settings import Settings
from kubervisor.source_settings import NamedSource
from kubervisor.sources.history import History
from kubervisor.traffic.promql import seconds

SHORTEST_STEP = 0.1
FORMS: dict[str, Callable[[Result], str]] = {
    "text": as_text,
    "json": lambda result: json.dumps(as_json(result), indent=1, ensure_ascii=False) + "\n",
    "html": as_html,
}


T = TypeVar("T")
Convert = Callable[[click.Context, click.Parameter, str | None], T | None]


def _read(parse: Callable[[str], T]) -> Convert[T]:
    """A callback that turns what `parse` complains of into bad usage."""

    def convert(_: click.Context, __: click.Parameter, value: str | None) -> T | None:
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _instant(text: str) -> float:
    return instant(text, time.time())


def _step(text: str) -> float:
    length = seconds(text)
    if length < SHORTEST_STEP:
        raise ValueError(f"{text} is less than {SHORTEST_STEP:g} s")
    return length


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None


@click.command()
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    required=True,
    help="Manifest of the KubervisorService, YAML or JSON.",
)
@click.option("--name", help="Which KubervisorService, where the file holds several.")
@click.option("--namespace", "-n", help="Of its pods; default: the manifest's, else `default`.")
@click.option("--source", required=True, metavar="URL", help="A Prometheus-compatible server.")
@click.option("--token-file", type=click.Path(path_type=Path), help="Bearer token for it (https).")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Authorities to trust instead.")
@click.option(
    "--start",
    metavar="TIME",
    callback=_read(_instant),
    required=True,
    help="RFC 3339, Unix seconds, or -1h.",
)
@click.option(
    "--end",
    metavar="TIME",
    callback=_read(_instant),
    default="now",
    show_default=True,
    help="The same.",
)
@click.option(
    "--step",
    metavar="DURATION",
    callback=_read(_step),
    default="5s",
    show_default=True,
    help="From one evaluation to the next, where a breaker's evaluationPeriod is no longer.",
)
@click.option(
    "--pods",
    metavar="REGEX",
    callback=_read(_pattern),
    help="Only pods whose whole name matches.",
)
@click.option("-o", "--output", type=click.Choice(list(FORMS)), default="text", show_default=True)
def backtest(
    file: Path,
    name: str | None,
    namespace: str | None,
    source: str,
    token_file: Path | None,
    ca_file: Path | None,
    start: float,
    end: float,
    step: float,
    pods: re.Pattern[str] | None,
    output: str,
) -> None:
    """Run a KubervisorService over the past of a Prometheus and tell what it would have done.

    Nothing is written anywhere. Exit code 0: replayed; 1: the source failed or has no samples;
    2: bad usage, which a wrong file is too.
    """
    stretch = Stretch(round(start, 3), round(end, 3), step)
    if stretch.start >= stretch.end:
        raise click.UsageError(f"the end {rfc3339(end)} is not after the start {rfc3339(start)}")
    try:
        key, policy = read_policy(file, name=name, namespace=namespace)
        history = History(
            _source(source, token_file, ca_file),
            max_sample_age=Settings.model_fields["max_sample_age"].default,
        )
        reader = Reader(history, key.namespace, pods)
        with closing(history), _progress(stretch.steps) as told:
            result = replay(key, policy, reader, stretch, told=told)
    except SpecError as error:
        raise click.UsageError(str(error)) from error
    except SourceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(FORMS[output](result), nl=False)


def _source(url: str, token_file: Path | None, ca_file: Path | None) -> NamedSource:
    try:
        return NamedSource(name="backtest", url=url, token_file=token_file, ca_file=ca_file)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise click.UsageError(f"--source {url}: {said}") from None


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[int], None]]:
    """Told how many steps are done; shown on stderr where a person sees it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=steps, label="replaying", file=sys.stderr) as bar:
        yield bar.update
