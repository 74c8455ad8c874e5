"""`kubervisor run`: the controller of one capability."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import Any, TypeAlias, TypeVar

import click
from pydantic import ValidationError

from kubervisor.cli.setting_flags import setting_flags
from kubervisor.data_settings import DataSettings
from kubervisor.errors import KubervisorError
from kubervisor.rules_settings import RulesSettings
from kubervisor.runtime.process import Process
from kubervisor.settings import Settings
from kubervisor.telemetry import logs
from kubervisor.watchdog_settings import WatchdogSettings

S = TypeVar("S", Settings, WatchdogSettings, DataSettings, RulesSettings)
AnySettings: TypeAlias = Settings | WatchdogSettings | DataSettings | RulesSettings
CAPABILITIES: dict[str, type[AnySettings]] = {
    "traffic": Settings,
    "watchdog": WatchdogSettings,
    "datarollout": DataSettings,
    "rules": RulesSettings,
}


@click.command()
@click.option(
    "--capability",
    type=click.Choice(list(CAPABILITIES)),
    default="traffic",
    show_default=True,
    help="What this process does: move traffic, probe watchdogs and evict, bring data to pods, or "
    "follow rules of remediation.",
)
@click.option("--config", metavar="FILE", help="YAML file with settings; flags win over it.")
@click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account.")
@click.option(
    "--termination-kubeconfig",
    metavar="FILE",
    help="Kubeconfig of the account that evicts and deletes pods; default: the same account.",
)
@click.option("--namespace", "namespaces", multiple=True, help="Guard this one; repeatable.")
@click.option("--listen", help="host:port of /metrics, /livez, /readyz  [default: 127.0.0.1:8086]")
@click.option("--dashboard-listen", help="host:port of the dashboard  [default: 127.0.0.1:8087]")
@click.option("--source", "sources", multiple=True, metavar="NAME=URL", help="A named source.")
@click.option(
    "--allow-source",
    "allow_sources",
    multiple=True,
    metavar="PATTERN",
    help="Pattern host[:port] that specs may name; repeatable. Adds to in-cluster names.",
)
@click.option("--scrape-proxy", metavar="HOST:PORT", help="HTTP proxy to pods' metrics pages.")
@click.option("--leader-elect/--no-leader-elect", default=None)
@click.option("--register-crds/--no-register-crds", default=None)
@click.option("--dry-run", is_flag=True, default=None, help="Judge and report, never eject.")
@click.option("--min-evaluation-period", type=float, metavar="SECONDS")
@click.option(
    "--min-floor-percent", type=int, metavar="N", help="Every KubervisorService leaves N % serving."
)
@click.option(
    "--allow-termination/--no-allow-termination",
    default=None,
    help="Whether pods may be evicted or deleted at all; otherwise they are paused at most.",
)
@click.option("--max-services", type=int)
@click.option("--lease-namespace")
@click.option("--lease-name")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--log-format", type=click.Choice(["auto", "json", "console"]))
@setting_flags("watchdog", WatchdogSettings, Settings)
@setting_flags("datarollout", DataSettings, Settings, WatchdogSettings)
@setting_flags("rules", RulesSettings, Settings, WatchdogSettings, DataSettings)
@click.pass_context
def run(context: click.Context, /, capability: str, **given: object) -> None:
    """Run the controller until SIGTERM. Exit code 0: asked to stop; 1: lease lost; 2: bad usage."""
    given = {name: value for name, value in given.items() if value not in (None, ())}
    _refuse_flags_of_others(context.command, capability, given.keys())
    settings = _READERS[capability](given)
    logs.set_up(level=settings.log_level, form=settings.log_format)
    try:
        process = _build(settings)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from error
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(process.run())


def read_settings(given: dict[str, object]) -> Settings:
    """Flags over environment over file over defaults."""
    values = {name: value for name, value in given.items() if value not in (None, ())}
    if "sources" in values:
        values["sources"] = _named(given["sources"])
    if "allow_sources" in values:
        default = Settings.model_fields["allow_sources"].default
        values["allow_sources"] = (*default, *_strings(given["allow_sources"]))
    return _checked(Settings, values)


def read_watchdog_settings(given: dict[str, object]) -> WatchdogSettings:
    """Flags over environment over defaults."""
    return _checked(WatchdogSettings, given)


def _refuse_flags_of_others(command: click.Command, name: str, given: Collection[str]) -> None:
    known = CAPABILITIES[name].model_fields
    for flag in command.params:
        if flag.name in given and flag.name not in known:
            raise click.UsageError(f"{flag.opts[0]} is no flag of --capability {name}")


def read_data_settings(given: dict[str, object]) -> DataSettings:
    """Flags over environment over defaults."""
    return _checked(DataSettings, given)


def read_rules_settings(given: dict[str, object]) -> RulesSettings:
    """Flags over environment over file over defaults."""
    values = dict(given)
    if "sources" in values:
        values["sources"] = _named(given["sources"])
    if "provider_cool_down" in values:
        pairs = (pair.partition("=") for pair in _strings(given["provider_cool_down"]))
        values["provider_cool_down"] = {name: seconds for name, _, seconds in pairs}
    return _checked(RulesSettings, values)


_READERS: dict[str, Callable[[dict[str, object]], AnySettings]] = {
    "traffic": read_settings,
    "watchdog": read_watchdog_settings,
    "datarollout": read_data_settings,
    "rules": read_rules_settings,
}


def _build(settings: AnySettings) -> Process:
    """Imported here: the parts of one capability are no part of another's memory."""
    if isinstance(settings, WatchdogSettings):
        from kubervisor import watchdog_app  # noqa: PLC0415

        return watchdog_app.build(settings)
    if isinstance(settings, DataSettings):
        from kubervisor import data_app  # noqa: PLC0415

        return data_app.build(settings)
    if isinstance(settings, RulesSettings):
        from kubervisor import rules_app  # noqa: PLC0415

        return rules_app.build(settings)
    from kubervisor import app  # noqa: PLC0415

    return app.build(settings)


def _checked(kind: type[S], values: dict[str, Any]) -> S:
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise click.UsageError(f"{field}: {first['msg']}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _strings(values: object) -> tuple[str, ...]:
    return tuple(values) if isinstance(values, tuple) else ()


def _named(pairs: object) -> tuple[dict[str, str], ...]:
    named = {}
    for pair in _strings(pairs):
        name, separator, url = pair.partition("=")
        if not separator or not name or not url:
            raise click.UsageError(f"--source {pair}: write NAME=URL")
        named[name] = url
    return tuple({"name": name, "url": url} for name, url in named.items())
