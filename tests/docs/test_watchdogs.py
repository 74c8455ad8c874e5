"""The story of watchdogs plays, and prints what the page about them says."""

from __future__ import annotations

import pytest

from playground import watchdog_story
from playground.story import Story
from tests.docs.pages import DOCS, blocks, missing

PAGE = DOCS / "how-to" / "watchdogs.md"


@pytest.mark.timeout(300)
def test_the_story_prints_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONCE", "1")
    watchdog_story.tell(Story())
    printed = capsys.readouterr().out

    shown = [one.text for one in blocks(PAGE) if one.language == "text"]
    assert len(shown) == 4
    assert missing("".join(shown), printed) == [], printed
    assert "never were fewer than 3 of 4 Ready" in printed
