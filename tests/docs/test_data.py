"""The story of data plays, and prints what the page about it says."""

from __future__ import annotations

import pytest

from playground import data_story
from tests.docs.conftest import Play
from tests.docs.pages import DOCS, missing, printed_of

PAGE = DOCS / "how-to" / "data.md"


@pytest.mark.timeout(300)
def test_the_story_prints_what_the_page_says(play: Play) -> None:
    printed = play(data_story.tell)

    shown = printed_of(PAGE)
    assert len(shown) == 6
    # Line by line: who writes, who watches and who asks tell of it each in their own time.
    lines = "".join(shown).splitlines()
    assert [line for line in lines if missing(line, printed)] == [], printed
    (last,) = (line for line in printed.splitlines() if line.endswith("requests failed in all"))
    assert " 0 of" in last, "a request failed"
