"""Each story of examples/ is applied as a whole, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.access import Cluster
from tests.docs.pages import ROOT

STORIES = sorted(path for path in ROOT.joinpath("examples").iterdir() if path.is_dir())
FIRST = ROOT / "examples" / "first-ejection"


def objects(story: Path) -> list[Path]:
    """The manifests of a story, in the order in which they are applied."""
    found = [path for path in story.glob("*.yaml") if "\nkind: " in path.read_text()]
    return sorted(found, key=lambda path: path.name != "shop.yaml")


@pytest.fixture(scope="module")
def shop(taught: Cluster) -> Iterator[Cluster]:
    """Each story is told of the shop of the first one, in its namespace."""
    taught.kubectl("apply", f"--filename={FIRST / 'shop.yaml'}")
    yield taught
    taught.kubectl("delete", "namespace", "shop", "--wait=false")


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_a_story_applies(shop: Cluster, story: Path) -> None:
    applied: list[Path] = []
    try:
        for manifest in objects(story):
            applied.append(manifest)
            assert shop.kubectl("apply", f"--filename={manifest}"), f"{manifest} has no object"
    finally:
        for manifest in applied:
            if manifest.name != "shop.yaml":  # which has the namespace too
                shop.kubectl("delete", "--ignore-not-found", f"--filename={manifest}")


def test_a_story_is_told_in_a_page() -> None:
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    told = "".join(page.read_text() for page in pages)
    assert [story.name for story in STORIES if f"examples/{story.name}/" not in told] == []
