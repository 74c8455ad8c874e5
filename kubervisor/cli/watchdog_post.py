"""`kubervisor watchdog post`: a program or a person says how a pod is."""

from __future__ import annotations

import re
import time

import click

from kubervisor import __version__
from kubervisor.api.fields import seconds_of
from kubervisor.cli.pod_options import of_a_pod
from kubervisor.cli.watchdog_output import FORMATS, show
from kubervisor.errors import KubervisorError
from kubervisor.kube.client import connect
from kubervisor.kube.noted_pods import post_status
from kubervisor.kube.watchdog_notes import LONGEST_MESSAGE
from kubervisor.traffic.watchdogs import Level, WatchdogStatus

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)


def _name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r:.80} cannot be part of an annotation's name; write at most 63 letters, "
            "digits, dots, dashes and underscores such as disk-full"
        )
    return name


def _seconds(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float:
    """Seconds; 0 where the word does not expire."""
    if text is None:
        return 0.0
    try:
        seconds = seconds_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if seconds < 1:
        raise click.BadParameter("must be 1s or longer")
    return seconds


@click.command()
@of_a_pod
@click.option(
    "--name",
    "--Watchdog:Name",
    "name",
    required=True,
    envvar="Watchdog__Name",
    callback=_name,
    help="The watchdog, such as disk-full.",
)
@click.option(
    "--level",
    "--Watchdog:Level",
    "level",
    required=True,
    envvar="Watchdog__Level",
    type=click.Choice([level.value for level in Level], case_sensitive=False),
    help="Only `error` is a failure.",
)
@click.option(
    "--message",
    "--Watchdog:Message",
    "message",
    required=True,
    envvar="Watchdog__Message",
    help=f"What happened, for people; {LONGEST_MESSAGE} characters of it are kept.",
)
@click.option(
    "--expires",
    metavar="DURATION",
    callback=_seconds,
    help="The word counts for so long, such as 10m; default: until another follows.",
)
@click.option(
    "-o", "--output", type=click.Choice(FORMATS), help="Print all watchdogs of the pod thereafter."
)
def post(
    pod: str,
    namespace: str | None,
    kubeconfig: str | None,
    name: str,
    level: str,
    message: str,
    expires: float,
    output: str | None,
) -> None:
    """Write what a watchdog says on its pod, and the pod's health label with it.

    Needs the rights to get and patch pods. Exit code 0: written; 1: it was not, or nobody knows;
    then the same post may be repeated; 2: bad usage.
    """
    now = time.time()
    until = now + expires if expires else None
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        status = WatchdogStatus(name, level, now, message, until)
        written = post_status(api, namespace or api.namespace, pod, status)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    if output:
        click.echo(show(written, output, now), nl=False)
    else:
        where = f"pod {written.namespace}/{written.name}"
        click.echo(f"{where}: watchdog {name} says {level}; health is {written.health}")
