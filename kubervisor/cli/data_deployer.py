"""`kubervisor data init` and `kubervisor data sidecar`: the data of the pod that they run in."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import click

from kubervisor.cli.addresses import cannot_listen, listening
from kubervisor.cli.pod_options import of_a_pod
from kubervisor.datarollout.deployer import main
from kubervisor.datarollout.deployer.address import checked_url
from kubervisor.datarollout.deployer.limits import MIB, Limits
from kubervisor.datarollout.deployer.notify import Notify, by_request, by_signal, checked_loopback
from kubervisor.datarollout.deployer.problems import VersionRefused
from kubervisor.errors import KubervisorError
from kubervisor.telemetry import logs

Command = Callable[..., Any]
TOKEN = "KUBERVISOR_DATA_REPOSITORY_TOKEN"


def _url(_context: click.Context, _parameter: click.Parameter, url: str) -> str:
    try:
        return checked_url(url) if url else ""
    except VersionRefused as error:
        raise click.BadParameter(str(error)) from error


def _loopback(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    try:
        return url and checked_loopback(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _signal(
    _context: click.Context, _parameter: click.Parameter, name: str | None
) -> signal.Signals | None:
    try:
        return None if name is None else signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"]
    except KeyError:
        raise click.BadParameter(f"must be a signal such as HUP, is {name!r:.40}") from None


def _of_a_deployer(command: Command) -> Command:
    """Give `command` one parameter `settings` in place of the options that both have."""

    def with_settings(
        pod: str,
        namespace: str | None,
        kubeconfig: str | None,
        repository: str,
        token_file: str | None,
        location: str,
        period: float,
        max_archive: int,
        max_unpacked: int,
        max_entries: int,
        **own: object,
    ) -> object:
        limits = Limits(max_archive * MIB, max_unpacked * MIB, max_entries)
        token = os.environ.get(TOKEN, "")
        settings = main.DeployerSettings(
            pod, namespace, kubeconfig, repository, token, token_file, location, limits, period
        )
        logs.set_up(level="info", form="auto")
        try:
            return command(settings, **own)
        except KubervisorError as error:
            raise click.ClickException(str(error)) from error

    with_settings.__name__, with_settings.__doc__ = command.__name__, command.__doc__
    for option in reversed(_OPTIONS):
        with_settings = option(with_settings)
    return of_a_pod(with_settings)


_OPTIONS = (
    click.option(
        "--repository",
        metavar="URL",
        default="",
        envvar="KUBERVISOR_DATA_REPOSITORY",
        show_envvar=True,
        callback=_url,
        help="The data repository; default: the pod's store.autocrane.io/url, or http://datarepo.",
    ),
    click.option(
        "--token-file",
        metavar="FILE",
        help=f"Has the token for --repository, and for no other; default: ${TOKEN}.",
    ),
    click.option(
        "--location",
        metavar="FOLDER",
        default="",
        help="The folder for data of a pod without store.autocrane.io/location.",
    ),
    click.option(
        "--period",
        type=click.FloatRange(min=0.1),
        default=main.PERIOD,
        show_default=True,
        help="Seconds between two looks at the pod where the account may not watch pods.",
    ),
    click.option(
        "--max-archive",
        type=click.IntRange(min=1),
        default=Limits().archive_bytes // MIB,
        show_default=True,
        metavar="MIB",
        help="A larger archive is refused.",
    ),
    click.option(
        "--max-unpacked",
        type=click.IntRange(min=1),
        default=Limits().unpacked_bytes // MIB,
        show_default=True,
        metavar="MIB",
        help="An archive that unpacks to more is refused.",
    ),
    click.option(
        "--max-entries",
        type=click.IntRange(min=1),
        default=Limits().entries,
        show_default=True,
        help="An archive of more files, folders and links is refused.",
    ),
)


@click.command()
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=main.PATIENCE,
    show_default=True,
    help="Seconds to wait for requests, and to repeat what fails.",
)
@_of_a_deployer
def init(settings: main.DeployerSettings, patience: float) -> None:
    """Bring the pod the data that it is asked to have, once: an init container.

    Needs the rights to get (or watch) and patch pods. Exit code 0: all is there, or the pod uses
    none; 1: something did not come within --patience, and what the log says of it; 2: bad usage.
    """
    raise SystemExit(main.init(settings, patience=patience))


@click.command()
@click.option("--signal", metavar="NAME", callback=_signal, help="Sent after each switch.")
@click.option(
    "--signal-process",
    metavar="NAME",
    help="The process that --signal goes to; the pod must set shareProcessNamespace.",
)
@click.option(
    "--notify-url",
    metavar="URL",
    callback=_loopback,
    help="http://127.0.0.1:PORT/PATH, which is sent a POST after each switch.",
)
@listening("Where /watchdog, /ping and /metrics are; a kubelet comes by the pod's address.")
@_of_a_deployer
def sidecar(
    settings: main.DeployerSettings,
    signal: signal.Signals | None,
    signal_process: str | None,
    notify_url: str | None,
    listen: tuple[str, int],
) -> None:
    """Keep the pod at the data that it is asked to have: a container beside the application.

    Runs until SIGTERM. Needs the rights to get (or watch) and patch pods. Exit code 0: asked to
    stop; 1: there is no account; 2: bad usage.
    """
    notify = _notify(signal, signal_process, notify_url)
    try:
        main.sidecar(settings, listen=listen, notify=notify)
    except OSError as error:
        raise cannot_listen(*listen, error) from error


def _notify(number: signal.Signals | None, process: str | None, url: str | None) -> Notify | None:
    if (number is None) != (process is None):
        raise click.UsageError("--signal and --signal-process go together")
    if number is not None and url is not None:
        raise click.UsageError("give --signal or --notify-url, not both")
    if url is not None:
        return by_request(url)
    return None if number is None or process is None else by_signal(number, process)
