"""The matrix is whole: each fault has a case, and the page lists the cases that there are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.matrix import NOTES, NUMBERS
from tests.faults.report import CASE, case_of

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/reference/faults.md"
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+?)(?: \(\d+ cases\))? \|", re.MULTILINE)


def cases() -> set[tuple[int, str]]:
    """Every case that the files of this folder name."""
    texts = [path.read_text() for path in HERE.glob("test_*.py") if path != Path(__file__)]
    found = (case_of(match[0]) for text in texts for match in CASE.finditer(text))
    return {case for case in found if case is not None}


def test_the_faults_are_numbered_without_a_gap() -> None:
    assert frozenset(range(1, 69)) == NUMBERS
    assert NOTES.keys() <= NUMBERS


def test_each_fault_has_a_case() -> None:
    assert {number for number, _ in cases()} == NUMBERS


def test_the_page_lists_the_cases_that_there_are() -> None:
    """Where it does not: `make faults`."""
    listed = {(int(number), words) for number, words in ROW.findall(PAGE.read_text())}
    assert listed == cases()
