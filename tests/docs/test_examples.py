"""Each story of examples/ is applied as a whole, on a real API server."""

from __future__ import annotations

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


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_a_story_applies(taught: Cluster, story: Path) -> None:
    # Each story is told of the shop of the first one, in its namespace.
    taught.kubectl("apply", f"--filename={FIRST / 'shop.yaml'}")
    try:
        for manifest in objects(story):
            applied = taught.kubectl("apply", f"--filename={manifest}")
            assert applied, f"{manifest.name} has no object"
    finally:
        taught.kubectl("delete", "namespace", "shop")


def test_a_story_is_told_in_a_page() -> None:
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    told = "".join(page.read_text() for page in pages)
    assert [story.name for story in STORIES if f"examples/{story.name}/" not in told] == []
