"""`kubervisor rules status`: how the rules stand, for scripts and for a pod's shell."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from kubervisor import __version__
from kubervisor.cli.tables import table_of
from kubervisor.errors import KubervisorError, NotFound
from kubervisor.kube.client import connect
from kubervisor.kube.rule_contents import Rule, RuleObject
from kubervisor.kube.rule_reading import list_rule_objects, list_rules
from kubervisor.text import printable

RULES = ("RULE", "READY", "REASON", "OBJECTS", "TRIGGERED", "ACTING", "MESSAGE")
OBJECTS = ("NAMESPACE", "RULE", "KIND", "OBJECT", "STATE", "SINCE", "REASON", "VALUES")
NOT_INSTALLED = (
    "the API server does not know AutopilotRules: apply the CRDs (`kubervisor crds`), or run the "
    "controller with `kubervisor run --capability rules`"
)


@click.command()
@click.option("-n", "--namespace", help="Of the objects; default: the pod's, or the kubeconfig's.")
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
    """Print each AutopilotRule, and where it stands about each object of the namespace.

    Exit code 0: printed, also where there are none; 1: they cannot be read; 2: bad usage.
    """
    if namespace and everywhere:
        raise click.UsageError("--namespace and --all-namespaces exclude each other")
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        rules = list(list_rules(api))
        where = None if everywhere else namespace or api.namespace
        objects = list(list_rule_objects(api, where))
    except NotFound as error:
        raise click.ClickException(NOT_INSTALLED) from error
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(as_json(rules, objects) if output == "json" else as_tables(rules, objects))


def as_json(rules: Sequence[Rule], objects: Sequence[RuleObject]) -> str:
    """A JSON object with the lists `rules` and `objects`."""
    document = {"rules": rules, "objects": objects}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def as_tables(rules: Sequence[Rule], objects: Sequence[RuleObject]) -> str:
    """One line for each, under `RULES` and `OBJECTS`."""
    told = _table(RULES, [_rule(one) for one in rules])
    if not objects:
        return told
    rows = sorted(_object(one) for one in objects)
    return f"{told}\n\n{_table(OBJECTS, rows)}"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table_of([headers, *([printable(cell) for cell in row] for row in rows)])


def _rule(one: Rule) -> list[str]:
    ready, status = one.condition("Ready"), one.status
    if not one.readable:
        return [one.name, "Unreadable", *["-"] * (len(RULES) - 2)]
    counts = (status.objects, status.triggered, status.acting)
    return [
        one.name,
        ready.status if ready else "Unknown",
        (ready.reason if ready else "") or "-",
        *("-" if count is None else str(count) for count in counts),
        (ready.message if ready else "") or "-",
    ]


def _object(one: RuleObject) -> list[str]:
    status = one.status
    return [
        one.namespace,
        one.rule or "-",
        status.object.kind or "-",
        status.object.name or one.name,
        status.state if one.readable else "Unreadable",
        status.since or "-",
        status.reason or "-",
        ", ".join(status.values) or "-",
    ]
