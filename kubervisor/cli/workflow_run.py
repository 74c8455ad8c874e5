"""`kubervisor workflow run`: the operator of the project in this folder, on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kubervisor.errors import SpecError
from kubervisor.workflow.project.operator_config import CONFIG_FILE
from kubervisor.workflow.project.reading import read_project
from kubervisor.workflow.scaffold import generating
from kubervisor.workflow.scaffold.naming import names_of

LEASE_NAMESPACE = "default"
"""Where the Lease is that an operator outside of pods holds, unless its settings say."""


@click.command()
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False),
    help="The cluster to work on; default: $KUBECONFIG.",
)
@click.option("-n", "--namespace", help="Look after this one only; default: as the settings say.")
def run(kubeconfig: str | None, namespace: str | None) -> None:
    """Run the operator of this folder's project until Ctrl-C, with the rights of the kubeconfig.

    The cluster must know the kind: kubectl apply --server-side -f deploy/crd.yaml. Undeploy an
    operator of the project first: the two would not know of each other.

    Exit code as the operator's; 1: the project cannot be run; 2: bad usage.
    """
    root = Path()
    try:
        package = names_of(read_project(generating.project_text(root))).package
        if stale := generating.out_of_date(root):
            raise SpecError(f"{'; '.join(stale)}: run `kubervisor workflow generate` first")
    except SpecError as error:
        raise click.ClickException(str(error)) from error
    command = [sys.executable, "-m", package]
    if kubeconfig:
        command.append(f"--kubeconfig={kubeconfig}")
    if (root / CONFIG_FILE).exists():
        command.append(f"--config={CONFIG_FILE}")
    environment = {"POD_NAMESPACE": LEASE_NAMESPACE, **os.environ}
    if namespace:
        environment["WATCH_NAMESPACE"] = namespace
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)
