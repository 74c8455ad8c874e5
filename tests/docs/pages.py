"""The code blocks of a page, and whether what was printed is what the page says is printed.

A block is one of: `sh`, which is run; `text`, what the block before it prints; any language with
the title of a file, which is that file's content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FIRST = DOCS / "tutorials" / "first-ejection.md"
CANARY = DOCS / "tutorials" / "canary-workflow.md"

_FENCE = re.compile(
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?[ ]*\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
# What differs from run to run. Instants before spans, spans before numbers.
_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "UID"),
    (re.compile(r"\b[a-z]+-[0-9a-f]{7,10}-[a-z0-9]{5}\b"), "POD"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "INSTANT"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\b(?:\d+[dhms])+\b"), "SPAN"),
    (re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block and the heading it stands under."""

    section: str
    language: str
    title: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = page.read_text()
    for found in _FENCE.finditer(text):
        headings = re.findall(r"^##? (.+)$", text[: found.start()], re.MULTILINE)
        yield Block(headings[-1], found["language"], found["title"] or "", found["text"])


def steps(page: Path) -> list[Block]:
    """The blocks of a page that a shell runs."""
    return [one for one in blocks(page) if one.language == "sh" and not one.title]


def printed_of(page: Path) -> list[str]:
    """What a page says is printed, block by block."""
    return [one.text for one in blocks(page) if one.language == "text"]


def expected(page: Path) -> list[str]:
    """For each step of a page what it prints, empty where the page does not say."""
    found: list[str] = []
    for one in blocks(page):
        if one.language == "sh" and not one.title:
            found.append("")
        elif one.language == "text":
            assert found, f"{page.name}: nothing was run before this is printed:\n{one.text}"
            found[-1] = one.text
    return found


def missing(wanted: str, printed: str) -> list[str]:
    """The lines that were wanted and not printed, in this order; `…` is any text.

    Pods, instants, addresses, spans of time and numbers may be others.
    """
    lines = iter([_masked(line) for line in printed.splitlines()])
    lacking = []
    for line in filter(str.strip, wanted.splitlines()):
        pattern = re.compile(".*".join(re.escape(_masked(part)) for part in line.split("…")))
        if not any(pattern.fullmatch(other) for other in lines):
            lacking.append(line)
    return lacking


def assert_printed(page: Path, printed: list[str]) -> None:
    """Hold what each step of a page printed against what the page says."""
    for step, wanted, output in zip(steps(page), expected(page), printed, strict=True):
        lacking = missing(wanted, output)
        assert not lacking, f"{page.name}, after\n{step.text}\nwas not printed: {lacking}\n{output}"


def shown(pages: Sequence[Path]) -> Iterator[tuple[Path, Block]]:
    """The blocks of these pages that show a file of the repository."""
    for page in pages:
        for one in blocks(page):
            if "/" in one.title:
                yield page, one


def _masked(line: str) -> str:
    for pattern, mask in _MASKS:
        line = pattern.sub(mask, line)
    return line.strip()
