"""`kubervisor yaml`: all manifests of an installation, without helm.

What is printed is what the chart renders: `install/` is made from it, by `hack/install_files.py`.
The keys are those of AutoCrane's `yaml`, as far as there is something here that they could mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

import click

from kubervisor import __version__
from kubervisor.api.definitions import DEFINITIONS
from kubervisor.cli.crds import crd_yaml

_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What may be set: its default, the pattern of its values, and what it means."""

    default: str
    pattern: str
    meaning: str


_SOURCE = r"[A-Za-z0-9][\w.-]{0,62}:[^;\s\"\\]{1,1024}"

KEYS: Mapping[str, Key] = {
    "namespace": Key("kubervisor", r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "where it is installed"),
    "image": Key(f"kubervisor:{__version__}", r"[a-z0-9][\w./:@-]{0,1023}", "with its tag"),
    "pull": Key("IfNotPresent", "Always|IfNotPresent|Never", "when a node pulls the image"),
    "cpu": Key("100m", r"[0-9]{1,6}(\.[0-9]{1,3}|m)?", "that each container asks for"),
    "traffic_replicas": Key("1", "[0-9]{1,3}", "of the controller that moves traffic"),
    "use_watchdogprober": Key("1", "[01]", "1: probe watchdogs and evict pods in error"),
    "watchdogprober_replicas": Key("1", "[0-9]{1,3}", "of that"),
    "use_datarepo": Key("0", "[01]", "1: roll out data, and serve it from a repository"),
    "datarepo_sources": Key("", rf"({_SOURCE}(;{_SOURCE})*)?", "NAME:SPEC;… that it serves"),
    "datarepo_replicas": Key("1", "[0-9]{1,3}", "of the repository"),
    "datarepo_memory": Key("512Mi", r"[0-9]{1,12}(\.[0-9]{1,3})?([kMGT]|[KMGT]i)?", "its limit"),
    "autocrane_replicas": Key("1", "[0-9]{1,3}", "of what evicts, and of what rolls out data"),
    "use_rules": Key("0", "[01]", "1: follow AutopilotRules"),
    "rules_source": Key("", r"(https?://[\w.:/-]{1,1024})?", "URL of the Prometheus that they ask"),
    "rules_replicas": Key("1", "[0-9]{1,3}", "of what follows them"),
    "use_testworkload": Key("0", "[01]", "1: a Deployment whose watchdog can be made to fail"),
    "testworkload_replicas": Key("2", "[0-9]{1,3}", "of that"),
}


class UnusableKey(ValueError):
    """A setting that cannot be used, in words for whoever wrote it."""


def _help() -> str:
    keys = "\n".join(
        f"    {f'{name}={key.default}':<28}{key.meaning}" for name, key in KEYS.items()
    )
    return (
        "Print all manifests of an installation, ready for `kubectl apply -f -`.\n\n"
        "They are those of the chart, but for what its hooks do before it is uninstalled: run "
        "`kubervisor release` by hand then. Exit code 1: a key that is none, or a value that it "
        f"cannot have.\n\n\b\nKeys and their defaults:\n{keys}"
    )


@click.command(help=_help())
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
def yaml(settings: tuple[str, ...]) -> None:
    try:
        asked = read_keys(settings)
    except UnusableKey as error:
        raise click.ClickException(str(error)) from None
    click.echo("---\n".join(manifests(asked)), nl=False)


def read_keys(settings: Sequence[str]) -> dict[str, str]:
    """Every key with what is set for it, else its default; the last one wins.

    Raises UnusableKey where one is unknown or has a value that it cannot have.
    """
    values = {name: key.default for name, key in KEYS.items()}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if name not in KEYS or not equals:
            known = ", ".join(KEYS)
            raise UnusableKey(f"{setting!r:.80}: write KEY=VALUE with a key of {known}")
        if not re.fullmatch(KEYS[name].pattern, value, re.ASCII):
            raise UnusableKey(f"{name} cannot be {value!r:.80}; it must match {KEYS[name].pattern}")
        values[name] = value
    if values["datarepo_sources"] and values["use_datarepo"] == "0":
        raise UnusableKey("datarepo_sources needs use_datarepo=1: nothing would serve them")
    if (values["use_rules"] == "1") != bool(values["rules_source"]):
        raise UnusableKey("use_rules=1 and rules_source go together: rules ask a Prometheus")
    return values


def manifests(values: Mapping[str, str]) -> Iterator[str]:
    """The documents of an installation; `values` has every key."""
    yield Template(_NAMESPACE).substitute(values)
    yield from map(crd_yaml, DEFINITIONS)
    yield from _part("traffic", values, replicas=int(values["traffic_replicas"]))
    if values["use_watchdogprober"] == "1":
        asked = max(int(values[f"{of}_replicas"]) for of in ("watchdogprober", "autocrane"))
        yield from _part("watchdog", values, replicas=asked)
    if values["use_datarepo"] == "1":
        yield from _part("datarollout", values, replicas=int(values["autocrane_replicas"]))
        yield from _part("datarepo", values, replicas=int(values["datarepo_replicas"]))
    if values["use_rules"] == "1":
        yield from _part("rules", values, replicas=int(values["rules_replicas"]))
    if values["use_testworkload"] == "1":
        yield from _part("testworkload", values, replicas=int(values["testworkload_replicas"]))


def _part(name: str, values: Mapping[str, str], *, replicas: int) -> Iterator[str]:
    text = files("kubervisor.cli").joinpath("install", f"{name}.yaml").read_text("utf-8")
    for document in text.split("---\n")[1:]:
        # A budget for the only one of its kind would keep its node from being drained.
        if replicas > 1 or "\nkind: PodDisruptionBudget\n" not in document:
            yield Template(document).substitute(values, replicas=replicas)
