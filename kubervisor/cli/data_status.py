"""`kubervisor data status`: how the rollouts of data stand, for scripts and for a pod's shell."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from kubervisor import __version__
from kubervisor.cli.tables import table_of
from kubervisor.errors import KubervisorError, NotFound
from kubervisor.kube.client import connect
from kubervisor.kube.rollout_reading import Rollout, Version, list_rollouts
from kubervisor.text import printable

COLUMNS = (
    "NAMESPACE",
    "SOURCE",
    "PHASE",
    "REASON",
    "LAST-KNOWN-GOOD",
    "CANDIDATE",
    "STAGE",
    "PROVEN",
    "USERS",
    "ON-GOOD",
    "ON-CANDIDATE",
    "FAILING",
    "QUARANTINED",
)
NOT_INSTALLED = (
    "the API server does not know DataRollouts: apply the CRDs (`kubervisor crds`), or run the "
    "controller with `kubervisor run --capability datarollout`"
)


@click.command()
@click.option("-n", "--namespace", help="Default: the pod's own, or the kubeconfig's.")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Of all namespaces.")
@click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="`json` has all that is stored of each.",
)
def status(namespace: str | None, everywhere: bool, kubeconfig: str | None, output: str) -> None:
    """Print each source's last known good version, its candidate and how far that is.

    Exit code 0: printed, also where there are none; 1: they cannot be read; 2: bad usage.
    """
    if namespace and everywhere:
        raise click.UsageError("--namespace and --all-namespaces exclude each other")
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        where = None if everywhere else namespace or api.namespace
        found = list(list_rollouts(api, where))
    except NotFound as error:
        raise click.ClickException(NOT_INSTALLED) from error
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(as_json(found) if output == "json" else as_table(found))


def as_json(rollouts: Sequence[Rollout]) -> str:
    """A JSON object with the list `rollouts`; each has its source, its spec and its status."""
    documents = [{"source": one.source, **msgspec.to_builtins(one)} for one in rollouts]
    return msgspec.json.format(msgspec.json.encode({"rollouts": documents}), indent=2).decode()


def as_table(rollouts: Sequence[Rollout]) -> str:
    """One line for each, under `COLUMNS`."""
    rows = [list(COLUMNS), *([printable(cell) for cell in _row(one)] for one in rollouts)]
    return table_of(rows)


def _row(one: Rollout) -> list[str]:
    status, stage, needed = one.status, one.status.stage_now(), one.status.needed()
    if not one.readable:
        return [one.namespace, one.source, "Unreadable", *["-"] * (len(COLUMNS) - 3)]
    counts = (status.users, status.on_last_known_good, status.on_candidate, status.failing)
    return [
        one.namespace,
        one.source,
        status.phase or "-",
        status.reason or "-",
        _path(status.last_known_good),
        _path(status.candidate),
        "-" if stage is None else f"{stage.percent}%",
        "-" if needed is None else f"{status.proven or 0}/{needed}",
        *("-" if count is None else str(count) for count in counts),
        str(len(status.quarantine)),
    ]


def _path(version: Version | None) -> str:
    return version.path if version and version.path else "-"
