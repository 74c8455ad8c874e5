"""The story of rules plays, and prints what the page about it says; its commands are real."""

from __future__ import annotations

import re
import shlex

import pytest
from click.testing import CliRunner

from kubervisor.cli import main
from playground import rules_story
from tests.docs.conftest import Play
from tests.docs.pages import DOCS, ROOT, missing, printed_of

PAGE = DOCS / "how-to" / "rules.md"


@pytest.mark.timeout(300)
def test_the_story_prints_what_the_page_says(play: Play) -> None:
    printed = play(rules_story.tell)

    shown = printed_of(PAGE)
    assert len(shown) == 5
    # Line by line: what happened, Events and kubectl tell of it each in their own time.
    lines = "".join(shown).splitlines()
    assert [line for line in lines if missing(line, printed)] == [], printed


COMMANDS = re.findall(r"^    kubervisor (.+)$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, shlex.split(command.replace("monitoring:9090", "invalid")))

    assert done.exit_code in (0, 1), done.output  # 1: nobody answers under that name


def test_the_page_has_such_commands() -> None:
    assert len(COMMANDS) == 2
