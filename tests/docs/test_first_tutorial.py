"""What the first tutorial has a reader type works, and prints what it says.

In a file, and so in a worker, of its own: it has a playground of its own, and takes as long as all
the pages that go on from it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import FIRST, assert_printed, steps
from tests.docs.terminals import playground, type_in


@pytest.mark.timeout(300)
def test_the_first_tutorial(tmp_path: Path) -> None:
    with playground() as variables:
        printed = type_in([one.text for one in steps(FIRST)], variables, tmp_path)

    assert_printed(FIRST, printed)
