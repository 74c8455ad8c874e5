"""The same fields have the same holder, others another."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.workflow.engine.field_sets import digest_of_fields

ONE = {"metadata": {"name": "a"}, "spec": {"replicas": 1}}


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({"metadata": {"name": "b"}, "spec": {"replicas": 0}}, True),
        ({"spec": {"replicas": None}, "metadata": {"name": "a"}}, True),
        ({"metadata": {"name": "a"}, "spec": {"replicas": 1, "paused": True}}, False),
        ({"metadata": {"name": "a"}, "spec": {}}, False),
    ],
)
def test_values_make_no_difference_and_fields_do(other: dict[str, Any], is_same: bool) -> None:
    assert (digest_of_fields(other) == digest_of_fields(ONE)) is is_same


def test_entries_of_lists_are_told_apart_by_what_names_them() -> None:
    def containers(*pairs: tuple[str, str]) -> str:
        return digest_of_fields([{"name": name, "image": image} for name, image in pairs])

    assert containers(("a", "1"), ("b", "1")) == containers(("b", "2"), ("a", "2"))
    assert containers(("a", "1")) != containers(("b", "1"))
    assert digest_of_fields(["x"]) == digest_of_fields(["y"])
