"""kill -9 at every step: links always lead to complete versions, and the next start goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubervisor.datarollout.versions import Version
from tests.datarollout.deploying import Repository, file, folder, link, packed, repository

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def remote() -> Iterator[Repository]:
    with repository() as running:
        yield running


class Scenario:
    """What was deployed in which order, and what is deployed while it is killed."""

    def __init__(self, remote: Repository, place: Path) -> None:
        self._remote, self._place = remote, place

    def steps(
        self,
        before: list[dict[str, str]],
        asked: dict[str, str],
        *,
        kept: set[str],
        damage: tuple[str, ...] = (),
    ) -> int:
        """How many steps it was killed at; names and versions are given by what their text is."""
        told = {
            "url": self._remote.url,
            "before": [self._named(one) for one in before],
            "asked": self._named(asked),
            "texts": (before[-1] if before else {}) | asked,
            "kept": [self._version("a", text).sha256 for text in kept],
            "damage": damage,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.datarollout.killed", str(self._place)],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=170,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def _named(self, texts: dict[str, str]) -> dict[str, list[str]]:
        versions = {name: self._version(name, text) for name, text in texts.items()}
        return {name: [one.path, one.sha256] for name, one in versions.items()}

    def _version(self, source: str, text: str) -> Version:
        more = file("sub/more", f"more {text}".encode())
        entries = (folder("sub"), more, file("text", text.encode()), link("sub/l", "../text"))
        return self._remote.publish(source, packed(*entries))


@pytest.fixture
def scenario(remote: Repository, tmp_path: Path) -> Scenario:
    return Scenario(remote, tmp_path)


def test_the_first_deployment(scenario: Scenario) -> None:
    assert scenario.steps([], {"a": "1"}, kept={"1"}) > 20


def test_a_new_version_and_the_end_of_an_old_one(scenario: Scenario) -> None:
    before = [{"a": "1"}, {"a": "2"}]
    assert scenario.steps(before, {"a": "3"}, kept={"2", "3"}) > 20


def test_the_way_back(scenario: Scenario) -> None:
    assert scenario.steps([{"a": "1"}, {"a": "2"}], {"a": "1"}, kept={"1", "2"}) > 3


def test_the_repair_of_a_version_in_use(scenario: Scenario) -> None:
    before = [{"a": "1"}, {"a": "2"}]
    assert scenario.steps(before, {"a": "2"}, kept={"1", "2"}, damage=("a",)) > 20


def test_two_names_one_of_which_stays(scenario: Scenario) -> None:
    before = [{"a": "1", "b": "1"}]
    assert scenario.steps(before, {"a": "2", "b": "1"}, kept={"1", "2"}) > 20
