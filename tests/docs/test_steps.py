"""What the pages after the first tutorial have a reader type works, and prints what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kubervisor.sources.custom import read_pod_list
from tests.docs.pages import CANARY, DOCS, FIRST, assert_printed, blocks, missing, shown, steps
from tests.docs.terminals import playground, type_in

CUSTOM = DOCS / "tutorials" / "custom-detector.md"
AFTER_THE_FIRST = [
    CUSTOM,
    *(DOCS / "how-to" / f"{name}.md" for name in ("dry-run", "stop", "tune")),
]
"""Pages that begin where a Service is enabled."""
FORGOTTEN = "kubectl delete kubervisorservices --all --namespace=shop --timeout=60s"
"""What the page before left."""


def name_of(page: Path) -> str:
    return page.stem


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The variables of a playground in which Kubervisor is installed: one for all pages."""
    with playground() as variables:
        type_in(of_the_first("12"), variables, tmp_path_factory.mktemp("home"))
        yield variables


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", AFTER_THE_FIRST, ids=name_of)
def test_a_page_that_goes_on_from_there(
    page: Path, installed: Mapping[str, str], tmp_path: Path
) -> None:
    before = [*of_the_first("1"), FORGOTTEN, *of_the_first("3")]
    typed = [*before, *(one.text for one in steps(page))]
    printed = type_in(typed, installed, tmp_path)[len(before) :]

    assert_printed(page, printed)


def of_the_first(sections: str) -> list[str]:
    """What a reader types in these sections of the first tutorial."""
    return [one.text for one in steps(FIRST) if one.section[0] in sections]


@pytest.mark.parametrize("page", [FIRST, *AFTER_THE_FIRST], ids=name_of)
def test_every_block_of_a_page_is_held_against_something(page: Path) -> None:
    languages = {one.language for one in blocks(page) if not one.title}
    assert languages <= {"sh", "text"}, f"{page.name} has blocks that nothing checks"


def test_every_tutorial_is_typed_by_a_test() -> None:
    typed = {FIRST, CUSTOM, CANARY}
    assert set(DOCS.glob("tutorials/*.md")) == typed


def test_files_that_pages_show_are_the_files() -> None:
    showing = list(shown(sorted(DOCS.rglob("*.md"))))
    assert showing
    for page, one in showing:
        content = (DOCS.parent / one.title).read_text()
        assert one.text in content, f"{page.name} shows another {one.title}"


def test_the_answer_of_a_detector_that_is_shown_is_one_that_is_understood() -> None:
    (shown_answer,) = [b.text for b in blocks(CUSTOM) if b.title == "answer"]
    (pod,) = read_pod_list("the page", shown_answer.encode())
    assert (pod.name, pod.namespace) == ("shop-59d976b94f-d8gbx", "shop")


@pytest.mark.parametrize(
    ("wanted", "printed", "lacking"),
    [
        pytest.param("4 of 5", "3 of 7", [], id="numbers may be others"),
        pytest.param("shop-59d976b94f-d8gbx  yes", "shop-1234567-aaaaa yes", [], id="pods too"),
        pytest.param("in 21s", "in 1m3s", [], id="and spans"),
        pytest.param("a\nb", "b\na", ["b"], id="the order may not"),
        pytest.param("a …", "a thing", [], id="dots stand for anything"),
        pytest.param("STATE Guarding", "STATE Inactive", ["STATE Guarding"], id="words may not"),
    ],
)
def test_what_is_printed_is_compared(wanted: str, printed: str, lacking: list[str]) -> None:
    assert missing(wanted, printed) == lacking
