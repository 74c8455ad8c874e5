"""The page of the command has every command and flag, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from kubervisor.cli import COMMANDS
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
    options = [one for one in command.params if isinstance(one, click.Option)]
    own = re.sub(r"^    kubectl .*$", "", SECTIONS[name], flags=re.MULTILINE)
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", own))
    ways = [{*one.opts, *one.secondary_opts} for one in options]

    assert [sorted(way) for way in ways if not way & told] == []
    assert sorted(told - set().union(*ways)) == []


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
