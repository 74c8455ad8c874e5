"""The story of the canary plays, and prints what the page about workflows says; what the pages list
is what there is.
"""

from __future__ import annotations

import re
import shlex

import click
import pytest

from kubervisor.cli import main
from kubervisor.workflow.project import operator_config, reading, reading_kinds, reading_phases
from kubervisor.workflow.project.parameters import BUILT_IN
from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.scheduler.facts import Reason
from kubervisor.workflow.scheduler.status import RESERVED
from playground import workflow_story
from tests.docs.conftest import Play
from tests.docs.pages import DOCS, missing, printed_of

HOW_TO = DOCS / "how-to" / "workflows.md"
REFERENCE = (DOCS / "reference" / "workflows.md").read_text()
OF_NEWS = {"PhaseChanged", "PhaseTimedOut", "PhaseGivenUp", "Pruned"}
OF_HEALTH = {"Synced", "Resting", "AtWork"}
FAILURES = {str(reason) for reason in Reason} - OF_NEWS - OF_HEALTH


@pytest.mark.timeout(300)
def test_the_story_prints_what_the_page_says(play: Play) -> None:
    printed = play(workflow_story.tell)

    (shown,) = printed_of(HOW_TO)
    # Line by line: what the mesh, the operator and kubectl tell comes each in its own time.
    assert [line for line in shown.splitlines() if missing(line, printed)] == [], printed


COMMANDS = re.findall(r"^    kubervisor (workflow .+)$", HOW_TO.read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command: str) -> None:
    words = shlex.split(command)
    found: click.Command = main
    while isinstance(found, click.Group):
        inner = found.get_command(click.Context(found), words.pop(0))
        assert inner is not None, command
        found = inner

    found.make_context(found.name, words)  # raises where a flag or an argument is unknown


def test_the_page_has_such_commands() -> None:
    assert len(COMMANDS) == 7


def told(section: str) -> set[str]:
    """What the first cells of the tables in a section name."""
    text = re.split(rf"^###? {re.escape(section)}$", REFERENCE, flags=re.MULTILINE)[1]
    rows = re.findall(r"^\| (.*?) \|", re.split(r"^###? ", text, flags=re.MULTILINE)[0], re.M)
    return {name for row in rows for name in re.findall(r"`([\w.-]+)`", row)}


def test_the_reference_tells_of_the_kinds_that_are_built_in() -> None:
    section = REFERENCE.partition("### Kinds\n")[2].partition("|")[0]
    assert set(re.findall(r"`(\w+)`", section)) - {"metrics", "customParameters"} == set(BUILT_IN)


def test_the_reference_tells_of_every_event() -> None:
    section = REFERENCE.partition("## Events\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", section)) - {"Ready"} == OF_NEWS


@pytest.mark.parametrize(
    ("section", "known"),
    [
        ("`autopilot.yaml`", {*reading._FIELDS, *reading_phases._FIELDS}),
        ("Kinds", set(reading_kinds._FIELDS)),
        ("Queries", set(BUILT_IN_QUERIES)),
        ("`autopilot-operator.yaml`", set(operator_config._FIELDS)),
        ("Status", {*RESERVED, *FAILURES}),
    ],
)
def test_the_reference_tells_of_all_that_there_is(section: str, known: set[str]) -> None:
    assert told(section) - {"+"} == known
