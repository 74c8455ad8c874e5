"""Which files are written: the generated ones each time, the user's once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.manifests import MARK
from kubervisor.workflow.scaffold.writing import Deed, Step, planned, read_files, write

NEW, OLD, USERS = MARK + "new\n", MARK + "old\n", "written by hand\n"


@pytest.mark.parametrize(
    ("there", "force", "deed"),
    [
        ({}, False, Deed.CREATE),
        ({"x": OLD}, False, Deed.REWRITE),
        ({"x": NEW}, False, Deed.LEAVE),
        ({"x": NEW}, True, Deed.LEAVE),
        ({"x": USERS}, True, Deed.OVERWRITE),
    ],
)
def test_a_generated_file_becomes_what_it_is_to_be(
    there: dict[str, str], force: bool, deed: Deed
) -> None:
    (step,) = planned({"x": NEW}, {}, there, force=force)
    assert (step.deed, step.text, step.of_generated) == (deed, NEW, True)


@pytest.mark.parametrize(
    ("there", "force", "deed"),
    [
        ({}, False, Deed.CREATE),
        ({"x": "mine"}, False, Deed.KEEP),
        ({"x": OLD}, False, Deed.KEEP),
        ({"x": USERS}, False, Deed.LEAVE),
        ({"x": "mine"}, True, Deed.OVERWRITE),
    ],
)
def test_a_file_of_the_user_is_made_once(there: dict[str, str], force: bool, deed: Deed) -> None:
    (step,) = planned({}, {"x": USERS}, there, force=force)
    assert (step.deed, step.of_generated) == (deed, False)


def test_files_in_the_place_of_generated_ones_are_refused_all_at_once() -> None:
    with pytest.raises(SpecError, match=r"^a, b: would be generated"):
        planned({"b": NEW, "a": NEW, "c": NEW}, {}, {"a": USERS, "b": "", "c": OLD})


def test_what_is_generated_no_more_goes_and_the_users_stays() -> None:
    steps = planned({"x": NEW}, {}, {"x": NEW, "gone": OLD, "mine": USERS})
    assert [(step.path, step.deed) for step in steps] == [
        ("gone", Deed.REMOVE),
        ("x", Deed.LEAVE),
    ]


def test_steps_are_done_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(OLD)
    (tmp_path / "mine").write_text(USERS)
    write(
        tmp_path,
        (
            Step(Deed.CREATE, "new/er", NEW),
            Step(Deed.REMOVE, "old"),
            Step(Deed.KEEP, "mine", "not this"),
        ),
    )
    found = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"er": NEW, "mine": USERS}


def test_a_link_is_replaced_and_what_it_leads_to_is_unharmed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(OLD)
    (tmp_path / "x").symlink_to(elsewhere)
    write(tmp_path, (Step(Deed.REWRITE, "x", NEW),))
    assert elsewhere.read_text() == OLD
    assert (tmp_path / "x").read_text() == NEW


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(USERS)
    with pytest.raises(SpecError, match="file/x: cannot be written"):
        write(tmp_path, (Step(Deed.CREATE, "file/x", NEW),))


def test_read_are_the_users_files_and_those_beside_the_generated(tmp_path: Path) -> None:
    for path in ("package/a.py", "package/b.py", "package/deeper/c.py", "README", "secret"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"\xff")
    found = read_files(tmp_path, ["package/a.py", "absent/x"], ["README", "none"])
    assert sorted(found) == ["README", "package/a.py", "package/b.py"]


def test_nothing_is_written_where_a_folder_is_a_link_out_of_the_project(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "deploy").symlink_to(outside)
    with pytest.raises(SpecError, match="deploy: leads out of the project"):
        read_files(root, ["deploy/crd.yaml"], [])
