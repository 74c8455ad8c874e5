"""`kubervisor watchdog get`: what the watchdogs of a pod say."""

from __future__ import annotations

import time

import click

from kubervisor import __version__
from kubervisor.cli.pod_options import of_a_pod
from kubervisor.cli.watchdog_output import FORMATS, show
from kubervisor.errors import KubervisorError
from kubervisor.kube.client import connect
from kubervisor.kube.noted_pods import read_noted_pod


@click.command()
@of_a_pod
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="lines",
    show_default=True,
    help="`lines` are NAME,LEVEL,TIMESTAMP/MESSAGE.",
)
def get(pod: str, namespace: str | None, kubeconfig: str | None, output: str) -> None:
    """Print what the watchdogs of a pod said last.

    Exit code 0: printed, also where none has said anything; 1: the pod cannot be read; 2: bad
    usage.
    """
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        found = read_noted_pod(api, namespace or api.namespace, pod)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(show(found, output, time.time()), nl=False)
