"""`kubervisor workflow`: from a project file to an operator, each command imported when called."""

from __future__ import annotations

import click

from kubervisor import __version__
from kubervisor.cli.lazy_group import LazyGroup

COMMANDS = {
    "init": "kubervisor.cli.workflow_init",
    "validate": "kubervisor.cli.workflow_validate",
    "generate": "kubervisor.cli.workflow_generate",
    "run": "kubervisor.cli.workflow_run",
    "build": "kubervisor.cli.workflow_build",
    "deploy": "kubervisor.cli.workflow_deploy",
    "undeploy": "kubervisor.cli.workflow_deploy",
    "logs": "kubervisor.cli.workflow_logs",
    "version": "kubervisor.cli.workflow",
}


@click.group(cls=LazyGroup, modules=COMMANDS)
def workflow() -> None:
    """Phase workflows: describe the phases, write the workers, get an operator."""


@click.command()
def version() -> None:
    """Print the version with which projects are generated and run."""
    click.echo(__version__)
