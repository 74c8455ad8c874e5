"""`kubervisor check`: is this installation well? `helm test` runs it, as a controller is run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from kubervisor import data_app
from kubervisor.assembly import connect_api, find_lease_name, find_lease_namespace
from kubervisor.cli.run import (
    CAPABILITIES,
    read_data_settings,
    read_rules_settings,
    read_settings,
    read_watchdog_settings,
)
from kubervisor.data_settings import DataSettings
from kubervisor.errors import KubervisorError, SourceError
from kubervisor.kube import access, paths
from kubervisor.rules_settings import RulesSettings
from kubervisor.runtime.checking import (
    Finding,
    find_definition,
    find_leader,
    find_rights,
    find_sources,
)
from kubervisor.settings import Settings
from kubervisor.watchdog_settings import WatchdogSettings


@click.command()
@click.option(
    "--capability",
    type=click.Choice(list(CAPABILITIES)),
    default="traffic",
    show_default=True,
    help="Whose settings and account these are.",
)
@click.option("--config", metavar="FILE", help="The controller's YAML file with settings.")
@click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account.")
@click.option("--namespace", "namespaces", multiple=True, help="One that is guarded; repeatable.")
@click.option("--source", "sources", multiple=True, metavar="NAME=URL", help="A named source.")
@click.option("--lease-namespace", help="Namespace of the controllers' Lease.")
def check(capability: str, **given: object) -> None:
    """Look whether everything a controller needs is there, with its settings and its account.

    Exit code 0: it is; 1: something is missing, lines that begin with `not ok` say what; 2: bad
    usage.
    """
    given = {name: value for name, value in given.items() if value not in (None, ())}
    match capability:
        case "watchdog":
            found = find_all_of_watchdogs(read_watchdog_settings(given))
        case "datarollout":
            found = find_all_of_data(read_data_settings(given))
        case "rules":
            found = find_all_of_rules(read_rules_settings(given))
        case _:
            found = find_all(read_settings(given))
    try:
        findings = list(_told(found))
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from error
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(0 if all(finding.well for finding in findings) else 1)


def find_all(settings: Settings) -> Iterator[Finding]:
    """Everything that is looked at, in the order in which one thing rests on another.

    Raises ApiError where no kubeconfig or account can be read.
    """
    api = connect_api(settings.kubeconfig)
    where = find_lease_namespace(settings, api)
    namespaces = settings.namespaces
    yield from find_definition(api, namespaces)
    yield from find_rights(api, access.TRAFFIC, namespaces, "the controller's account")
    if settings.allow_termination:
        ending = settings.termination_kubeconfig
        account = connect_api(ending) if ending else api
        yield from find_rights(
            account, access.TERMINATION, namespaces, "the account that ends pods"
        )
    if settings.leader_elect:
        yield from find_rights(api, access.LEASE, (where,), "the controller's account")
        duration = settings.lease_duration
        yield from find_leader(api, where, find_lease_name(settings), duration, time.sleep)
    yield from find_sources(settings.sources)


def find_all_of_watchdogs(settings: WatchdogSettings) -> Iterator[Finding]:
    """The same for what probes watchdogs and evicts."""
    api = connect_api(settings.kubeconfig)
    where = find_lease_namespace(settings, api)
    rights, who = access.WATCHDOG, "the account of watchdogs"
    if settings.evict and not settings.dry_run:
        rights += access.EVICTION
    yield from find_rights(api, rights, settings.namespaces, who)
    if settings.leader_elect:
        yield from find_rights(api, access.LEASE, (where,), who)
        name, duration = find_lease_name(settings), settings.lease_duration
        yield from find_leader(api, where, name, duration, time.sleep)


def find_all_of_data(settings: DataSettings) -> Iterator[Finding]:
    """The same for what rolls data out."""
    api = connect_api(settings.kubeconfig)
    where = find_lease_namespace(settings, api)
    namespaces, who = settings.namespaces, "the account of data rollouts"
    yield from find_definition(api, namespaces, paths.DATA_ROLLOUTS, "DataRollouts")
    yield from find_rights(api, access.DATAROLLOUT, namespaces, who)
    if settings.leader_elect:
        yield from find_rights(api, access.LEASE, (where,), who)
        name, duration = find_lease_name(settings), settings.lease_duration
        yield from find_leader(api, where, name, duration, time.sleep)
    try:
        data_app.connect_repository(settings).read()
    except SourceError as error:
        yield Finding(False, str(error))
    else:
        yield Finding(True, f"the data repository {settings.repository} answers")


def find_all_of_rules(settings: RulesSettings) -> Iterator[Finding]:
    """The same for what follows rules."""
    api = connect_api(settings.kubeconfig)
    where = find_lease_namespace(settings, api)
    who = "the account of rules"
    yield from find_definition(api, (), paths.AUTOPILOT_RULES, "AutopilotRules")
    rights, of_cluster = access.rights_of_rules(settings.actions)
    yield from find_rights(api, rights, settings.namespaces, who)
    yield from find_rights(api, of_cluster, (), who)
    if "job" in settings.actions:
        yield from find_rights(api, access.JOBS, (settings.job_namespace or where,), who)
    if settings.leader_elect:
        yield from find_rights(api, access.LEASE, (where,), who)
        name, duration = find_lease_name(settings), settings.lease_duration
        yield from find_leader(api, where, name, duration, time.sleep)
    yield from find_sources(settings.sources)


def _told(findings: Iterator[Finding]) -> Iterator[Finding]:
    for finding in findings:
        click.echo(f"{'ok    ' if finding.well else 'not ok'}  {finding.text}")
        yield finding
