"""Files of objects are read as kubectl reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubervisor.cli.documents import read_objects
from kubervisor.errors import SpecError


def test_what_looks_like_a_time_or_a_date_is_a_text(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: 22:00\nb: 2026-01-01\nc: 10:30:15.5\nd: 7\ne: 0.5\nf: 1_000\n")

    assert read_objects(file) == [
        {"a": "22:00", "b": "2026-01-01", "c": "10:30:15.5", "d": 7, "e": 0.5, "f": 1000}
    ]


def test_objects_of_lists_are_read_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("---\n---\nkind: A\n---\nkind: List\nitems: [{kind: B}, {kind: C}, 3]\n--- 4\n")

    assert [one["kind"] for one in read_objects(file)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a: [", "is neither YAML nor JSON"), (b"\xff", "is neither YAML nor JSON")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError, match=rf"x\.yaml: {says}"):
        read_objects(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        read_objects(tmp_path / "absent.yaml")
