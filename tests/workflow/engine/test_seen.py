"""What is kept of an object, and what counts as a change of it."""

from __future__ import annotations

import json

import msgspec
import pytest

from kubervisor.workflow.engine.seen import decoder_of
from tests.workflow.engine.seen_objects import PARAMETER, seen


def test_an_object_has_all_of_its_body_but_the_bookkeeping_of_its_fields() -> None:
    found = seen("a", data={"k": "v"}, meta={"managedFields": [{"manager": "x"}]})
    assert found.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "namespace": "shop",
            "name": "a",
            "uid": "uid-a",
            "resourceVersion": "1",
        },
        "data": {"k": "v"},
    }


def test_each_reader_has_a_body_of_its_own() -> None:
    found = seen("a", data={"k": "v"})
    found.body["data"]["k"] = "spoilt"
    assert found.object.body["data"] == {"k": "v"}


@pytest.mark.parametrize(
    ("changed", "is_change"),
    [
        (seen("a", 2, data={"k": "v"}), False),
        (seen("a", 2, data={"k": "v"}, status={"ready": 1}), False),
        (seen("a", 2, data={"k": "v"}, meta={"generation": 7}), False),
        (seen("a", 2, data={"k": "v"}, meta={"managedFields": [{}]}), False),
        (seen("a", 2, data={"k": "w"}), True),
        (seen("a", 2, data={"k": "v"}, meta={"labels": {"a": "b"}}), True),
        (seen("a", 2, data={"k": "v"}, meta={"uid": "another"}), True),
        (seen("a", 2, data={"k": "v"}, meta={"deletionTimestamp": "2026-01-01T00:00:00Z"}), True),
    ],
)
def test_a_change_is_all_but_status_and_bookkeeping(changed: object, is_change: bool) -> None:
    before = seen("a", 1, data={"k": "v"})
    assert (getattr(changed, "substance") != before.substance) is is_change  # noqa: B009


def test_what_nobody_reads_is_not_kept() -> None:
    raw = json.dumps({"metadata": {"name": "a", "uid": "u"}, "data": {"k": "v"}}).encode()
    found = decoder_of(PARAMETER, is_read=False)(raw)
    assert (found.name, found.namespace, found.stored) == ("a", "", b"")


@pytest.mark.parametrize("raw", [b"{}", b"[]", b'{"metadata": {"name": "a"}}', b"null"])
def test_what_is_no_object_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder_of(PARAMETER, is_read=True)(raw)
