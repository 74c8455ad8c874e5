"""The page of the command has every command and flag, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from chart_files import values
from kubervisor import __version__
from kubervisor.cli import COMMANDS
from kubervisor.cli.yaml import KEYS
from kubervisor.simulation.scenario import Fault, Memory, Scenario, Scrapes, Traffic
from tests.docs.pages import DOCS

PAGE = (DOCS / "reference" / "cli.md").read_text()
SECTIONS = dict(
    re.findall(r"^## kubervisor (\w+)$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)


def test_every_command_has_a_section() -> None:
    assert SECTIONS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_has_the_flags_of_its_command_and_no_other(name: str) -> None:
    command: click.Command = getattr(import_module(COMMANDS[name]), name)
    options = [one for one in parameters(command) if isinstance(one, click.Option)]
    own = re.sub(r"^    kubectl .*$", "", SECTIONS[name], flags=re.MULTILINE)
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", own))
    ways = [{*one.opts, *one.secondary_opts} for one in options]

    assert [sorted(way) for way in ways if not way & told] == []
    assert sorted(told - set().union(*ways)) == []


def parameters(command: click.Command) -> Iterator[click.Parameter]:
    """Its own and those of its subcommands, but for what is only for tests."""
    yield from (one for one in command.params if not getattr(one, "hidden", False))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from parameters(inner)


def test_every_key_of_the_manifests_is_told_with_its_default() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \|", SECTIONS["yaml"], re.MULTILINE))

    assert told == {name: key.default.replace(__version__, "VERSION") for name, key in KEYS.items()}


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("watchdogs", ("watchdog.settings.",)),
        ("data", ("data.rollout.settings.", "data.repository.settings.")),
    ],
)
def test_every_setting_of_a_capability_is_told_with_its_default(
    name: str, prefixes: tuple[str, ...]
) -> None:
    page = (DOCS / "reference" / f"{name}.md").read_text()
    section = page.partition("## Settings\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+) \|$", section, re.MULTILINE)
    known = (one for one in values() if one.path.startswith(prefixes))

    assert told == [
        (one.path.rpartition(".")[2], _written(one.default), one.comment) for one in known
    ]


def _written(default: object) -> str:
    return ",".join(map(str, default)) if isinstance(default, list) else str(default).lower()


def fields(model: type[BaseModel], before: str = "") -> Iterator[str]:
    yield from (f"{before}{to_camel(name)}" for name in model.model_fields)


def test_every_field_of_a_scenario_is_told() -> None:
    nested: dict[str, type[BaseModel]] = {"traffic": Traffic, "memory": Memory, "scrapes": Scrapes}
    known = {
        *(set(fields(Scenario)) - nested.keys() - {"faults"}),
        *(field for name, model in nested.items() for field in fields(model, f"{name}.")),
        *fields(Fault),
    }
    rows = re.findall(r"^\| (?:… )?((?:`[\w.]+`(?:, )?)+) \|", SECTIONS["simulate"], re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}

    assert told - {"spec"} == known
