"""`kubervisor workflow logs`: what the pods of an operator say."""

from __future__ import annotations

from pathlib import Path

import click

from kubervisor import __version__
from kubervisor.cli.workflow_deploy import in_namespace, kubeconfig_option
from kubervisor.cli.workflow_project import project_in
from kubervisor.errors import KubervisorError
from kubervisor.kube.client import connect
from kubervisor.workflow.deploying.logs import print_logs


@click.command()
@in_namespace
@click.option("-f", "--follow", is_flag=True, help="Go on with what they say, until Ctrl-C.")
@kubeconfig_option
def logs(namespace: str | None, follow: bool, kubeconfig: str | None) -> None:
    """Print the logs of the operator's pods; where there are several, each line says of which.

    Exit code 0: printed; 1: there are none, or one cannot be read.
    """
    name = project_in(Path()).operator_name
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        print_logs(api, name, namespace or name, follow=follow, say=click.echo)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
