"""`kubervisor data repository`: crawls sources of data and serves their versions to the cluster."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubervisor import __version__
from kubervisor.cli.addresses import cannot_listen, listening
from kubervisor.cli.data_sources import PREFIX, allowed, configured
from kubervisor.datarollout.repository.crawler import Rules
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.repository.process import Settings, run
from kubervisor.datarollout.repository.retention import Retention
from kubervisor.datarollout.repository.token import Token
from kubervisor.datarollout.specs import Kind
from kubervisor.errors import KubervisorError
from kubervisor.telemetry import logs

if TYPE_CHECKING:
    from kubervisor.datarollout.repository.kube_objects import Cluster

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _option(flag: str, *names: str, original: str = "", **how: Any) -> Callable[..., Any]:
    """An option that a variable stands for too, and AutoCrane's where it had one."""
    variable = PREFIX + flag.removeprefix("--").replace("-", "_").upper()
    envvar = [variable, original] if original else [variable]
    return click.option(flag, *names, envvar=envvar, show_envvar=True, **how)


@click.command()
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME:SPEC",
    help="Where the data NAME come from: git:https://…, git+ssh://…, archive:https://… or "
    "configmap:NAMESPACE/NAME, then #branch=…&tag=…&path=…&credential=… as needed. Several also "
    f"with ; between them, and in {PREFIX}SOURCES or DataRepo__Sources.",
)
@click.option(
    "--credentials",
    multiple=True,
    metavar="NAME=DIR",
    help="The credential of source NAME, a mounted Secret: username and password, token, or "
    "ssh-privatekey and known_hosts; ca.crt beside any.",
)
@_option(
    "--folder",
    type=_FOLDER,
    required=True,
    original="DataRepo__ArchivePath",
    help="Keeps the archives; one repository has it at a time.",
)
@_option(
    "--scratch",
    type=_FOLDER,
    original="DataRepo__SourcePath",
    help="Where sources are fetched to; default: below the folder.",
)
@listening("Where manifest, archives, /ping, /livez, /readyz and /metrics are.")
@_option(
    "--period",
    type=click.FloatRange(min=0.1),
    default=210.0,
    show_default=True,
    metavar="SECONDS",
    help="From one look at a source to the next.",
)
@_option(
    "--keep",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="The newest N versions of each source stay.",
)
@_option(
    "--keep-for",
    type=click.FloatRange(min=0),
    default=86_400.0,
    show_default=True,
    metavar="SECONDS",
    help="And so do younger ones.",
)
@_option(
    "--in-use",
    is_flag=True,
    help="And those that DataRollouts name: needs the right to list them.",
)
@_option(
    "--max-archive",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    metavar="MIB",
    help="What is fetched, and what is packed, may have so much.",
)
@_option(
    "--max-unpacked",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    metavar="MIB",
    help="The files of a version may have so much.",
)
@_option(
    "--max-source",
    type=click.IntRange(min=1),
    default=10_240,
    show_default=True,
    metavar="MIB",
    help="All versions of a source may have so much.",
)
@_option(
    "--fetch-timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Fetching a source may take so long.",
)
@_option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Callers must show the token in it, or in {PREFIX}TOKEN; default: nobody must.",
)
@_option(
    "--annotated-sources",
    multiple=True,
    metavar="PATTERN",
    help="Pods may set up sources below these URLs, such as https://git.example.com/team or "
    "https://*.example.com; default: none.",
)
@_option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NS",
    help="Only pods and DataRollouts of these; default: of all.",
)
@click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account.")
@_option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error")),
    default="info",
    show_default=True,
    help="The least that is logged.",
)
@_option(
    "--log-format",
    type=click.Choice(("auto", "json", "console")),
    default="auto",
    show_default=True,
    help="auto: console on a terminal.",
)
@_option("--local-sources", is_flag=True, hidden=True)
def repository(
    sources: tuple[str, ...],
    credentials: tuple[str, ...],
    folder: Path,
    scratch: Path | None,
    listen: tuple[str, int],
    period: float,
    keep: int,
    keep_for: float,
    in_use: bool,
    max_archive: int,
    max_unpacked: int,
    max_source: int,
    fetch_timeout: float,
    token_file: Path | None,
    annotated_sources: tuple[str, ...],
    namespaces: tuple[str, ...],
    kubeconfig: str | None,
    log_level: str,
    log_format: str,
    local_sources: bool,
) -> None:
    """Fetch data from their sources, keep their versions, and serve them to deployers.

    A source that cannot be used or fetched is its own trouble: /readyz, /metrics and the log name
    it. Runs until SIGTERM. Exit code 0: asked to stop; 1: the folder cannot be used, or there is no
    account; 2: bad usage.
    """
    logs.set_up(level=log_level, form=log_format)
    token = Token(token_file, os.environ.get(f"{PREFIX}TOKEN", "").strip())
    if token() == "":
        raise click.UsageError(f"--token-file {token_file} holds no token of printable ASCII")
    limits = Limits(max_archive * MIB, max_unpacked * MIB, max_source * MIB, fetch_timeout)
    settings = Settings(
        read=configured(sources, credentials, local=local_sources),
        folder=folder,
        scratch=scratch or folder / ".scratch",
        rules=Rules(period, limits, Retention(keep, keep_for)),
        token=token,
        patterns=allowed(annotated_sources, local=local_sources),
        keep_in_use=in_use,
        local=local_sources,
    )
    if not (settings.read.sources or settings.read.problems or settings.patterns):
        raise click.UsageError("there is nothing to serve; name a --source")
    with _bound(*listen) as server:
        try:
            cluster = _cluster(settings, kubeconfig, namespaces)
            code = run(settings, cluster, server, logs.get("repository"))
        except (KubervisorError, OSError) as error:
            raise click.ClickException(str(error)) from error
    raise SystemExit(code)


def _cluster(
    settings: Settings, kubeconfig: str | None, namespaces: Sequence[str]
) -> Cluster | None:
    """The API server, where something needs it. Raises ApiError where there is no account."""
    needs_it = any(
        spec.kind is Kind.CONFIGMAP or spec.credential.startswith("secret:")
        for spec in settings.read.sources
    )
    if not (needs_it or settings.patterns or settings.keep_in_use):
        return None
    # Here, because half of a repository's memory would else be for nothing.
    from kubervisor.datarollout.repository.kube_objects import Cluster  # noqa: PLC0415
    from kubervisor.kube.client import connect  # noqa: PLC0415

    return Cluster(connect(kubeconfig, user_agent=f"kubervisor/{__version__}"), namespaces)


def _bound(host: str, port: int) -> socket.socket:
    name = host.strip("[]")
    try:
        family = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((name, port), family=family, backlog=256)
    except OSError as error:
        raise cannot_listen(host, port, error) from error
