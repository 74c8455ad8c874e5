"""What the canary's tutorial has a reader type works, and prints what it says.

In a file, and so in a worker, of its own: it has a playground of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import CANARY, assert_printed, blocks, steps
from tests.docs.terminals import playground, type_in


@pytest.mark.timeout(400)
def test_the_tutorial_ends_with_a_canary_that_promotes_and_rolls_back(tmp_path: Path) -> None:
    with playground("canary_playground", "METRICS_SERVER") as variables:
        printed = type_in([one.text for one in steps(CANARY)], variables, tmp_path)

    assert_printed(CANARY, printed)


def test_every_block_of_the_page_is_held_against_something() -> None:
    languages = {one.language for one in blocks(CANARY) if not one.title}
    assert languages <= {"sh", "text"}
