"""The story of watchdogs plays, and prints what the page about them says."""

from __future__ import annotations

import pytest

from playground import watchdog_story
from tests.docs.conftest import Play
from tests.docs.pages import DOCS, missing, printed_of

PAGE = DOCS / "how-to" / "watchdogs.md"


@pytest.mark.timeout(300)
def test_the_story_prints_what_the_page_says(play: Play) -> None:
    printed = play(watchdog_story.tell)

    shown = printed_of(PAGE)
    assert len(shown) == 4
    assert missing("".join(shown), printed) == [], printed
    assert "never were fewer than 3 of 4 Ready" in printed
