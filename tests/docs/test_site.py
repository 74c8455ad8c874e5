"""The site builds without a warning, can be read from disk, and has every page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, ROOT

FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=["']?(?P<src>[^"'\s>]+)
    |<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon|modulepreload))[^>]*
     \bhref=["']?(?P<href>[^"'\s>]+)""",
    re.VERBOSE,
)
"""What a browser fetches by itself to show a page."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. Raises AssertionError, with the warnings, where there are any."""
    folder = tmp_path_factory.mktemp("docs")
    # A copy: it builds into its own folder only, and keeps a cache there.
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "build" / "site"


def test_the_site_is_built_of_all_pages_in_its_navigation(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in in_navigation()}
    assert [str(page) for page in sorted(pages) if not (site / page).is_file()] == []


def test_every_page_is_in_the_navigation() -> None:
    # Each alert links to its runbook.
    pages = {page for page in DOCS.rglob("*.md") if page.parent != DOCS / "runbooks"}
    assert sorted(pages - in_navigation()) == []


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        fetched = [found["src"] or found["href"] for found in FETCHED.finditer(page.read_text())]
        assert fetched, f"{page.name} has no style: the pattern is out of date"
        assert [one for one in fetched if re.match(r"(https?:)?//", one)] == [], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text()), style.name


BESIDE = sorted(
    [*ROOT.glob("*.md"), ROOT / "examples/README.md", ROOT / "charts/kubervisor/README.md"]
)


@pytest.mark.parametrize("page", BESIDE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_beside_the_sources_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def in_navigation() -> set[Path]:
    entries = yaml.safe_load(ROOT.joinpath("mkdocs.yml").read_text())["nav"]
    return {DOCS / page for page in leaves(entries)}


def leaves(entry: object) -> list[str]:
    match entry:
        case str():
            return [entry]
        case list():
            return [leaf for one in entry for leaf in leaves(one)]
        case dict():
            return [leaf for one in entry.values() for leaf in leaves(one)]
    raise TypeError(f"no entry of a navigation: {entry!r}")
