"""`kubervisor release`: every pod back into traffic, by label, also without any
KubervisorService.
"""

from __future__ import annotations

import sys
import time

import click

from kubervisor.assembly import connect_api, find_lease_namespace
from kubervisor.errors import KubervisorError
from kubervisor.runtime.releasing import Scope, end_stop
from kubervisor.runtime.releasing import release as release_all
from kubervisor.settings import Settings


@click.command()
@click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account.")
@click.option(
    "--namespace", "-n", "namespaces", multiple=True, help="Release its pods; repeatable."
)
@click.option("--all", "everywhere", is_flag=True, help="Release the pods of all namespaces.")
@click.option(
    "--disable",
    is_flag=True,
    help="First remove kubervisor/traffic from the selectors of Services: deactivates Kubervisor.",
)
@click.option("--end", is_flag=True, help="Let controllers act again after an earlier release.")
@click.option("--lease-namespace", default="", help="Namespace of the controllers' Lease.")
def release(
    kubeconfig: str | None,
    namespaces: tuple[str, ...],
    everywhere: bool,
    disable: bool,
    end: bool,
    lease_namespace: str,
) -> None:
    """Give all pods their traffic back and tell controllers to write nothing until `--end`.

    Exit code 0: no pod is out of traffic; 1: some still are, and they are named; 2: bad usage.
    """
    if bool(namespaces) == everywhere:
        raise click.UsageError("say either --namespace NS or --all")
    if end and disable:
        raise click.UsageError("--end and --disable exclude each other")
    try:
        api = connect_api(kubeconfig)
        where = find_lease_namespace(Settings(lease_namespace=lease_namespace), api)
        scope = Scope(namespaces, where)
        if end:
            end_stop(api, scope)
            click.echo("controllers act again")
            return
        left = release_all(
            api, scope, disable=disable, now=time.time, wait=time.sleep, say=click.echo
        )
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    click.echo("no pod is out of traffic" if not left else f"{left} pods are out of traffic")
    sys.exit(1 if left else 0)
