"""A line that is read at once says what it says to a reader who takes his time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubervisor.errors import ApiError
from kubervisor.kube.records import decode_pod, decode_pod_event
from kubervisor.kube.unreadable import Unreadable, or_unreadable
from kubervisor.kube.watch_events import Bookmark, WatchEvent, read_event
from kubervisor.traffic.model import Pod

PATH = "/api/v1/pods"
METADATA = {"name": "cart-1", "namespace": "shop", "uid": "u1", "resourceVersion": "7"}
POD = {"metadata": METADATA, "status": {"phase": "Running"}}
STATUS = {"kind": "Status", "code": 410, "message": "too old"}

wrong: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.just([]) | st.just({"app": 7})
)
metadata = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("cart-1") | wrong,
        "uid": st.just("u1") | wrong,
        "resourceVersion": st.sampled_from(["7", "8"]) | wrong,
        "labels": st.just({"app": "cart", "kubervisor/traffic": "no"}) | wrong,
        "annotations": st.just({"kubervisor/ejection-id": "e1"}) | wrong,
        "creationTimestamp": st.just("2024-05-01T10:00:00Z") | wrong,
        "ownerReferences": st.just([{"kind": "Job", "controller": True}]) | wrong,
    },
)
objects = st.one_of(
    wrong,
    st.just(STATUS),
    st.fixed_dictionaries(
        {"metadata": metadata.map(lambda some: METADATA | some) | metadata | wrong},
        optional={"status": st.just({"phase": "Running"}) | wrong},
    ),
)
types = st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "LATER"])
lines = st.fixed_dictionaries({}, optional={"type": types | wrong, "object": objects})


def told(line: bytes, *at_once: Any) -> Any:
    """What a line tells, or the kind of error that it is."""
    try:
        return read_event(PATH, line, or_unreadable(decode_pod), *at_once)
    except ApiError as error:
        return type(error)


@given(lines.map(lambda line: json.dumps(line).encode()) | st.binary())
@example(b"null")
@example(b'{"type":"ADDED","object":' + b"[" * 100_000)
def test_reading_at_once_changes_nothing(line: bytes) -> None:
    assert told(line, decode_pod_event) == told(line)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        pytest.param("ADDED", POD, WatchEvent, id="a pod"),
        pytest.param("BOOKMARK", {"metadata": {"resourceVersion": "7"}}, Bookmark, id="a bookmark"),
        pytest.param("LATER", POD, Bookmark, id="a type of a later API"),
    ],
)
def test_what_is_told_moves_the_version_on(
    kind: str, body: dict[str, Any], expected: type[WatchEvent[Pod]] | type[Bookmark]
) -> None:
    event = told(json.dumps({"type": kind, "object": body}).encode(), decode_pod_event)
    assert isinstance(event, expected)
    assert event.version == "7"


@pytest.mark.parametrize(
    ("changed", "expected"), [({}, Pod), ({"labels": {"app": 7}}, Unreadable)], ids=["good", "bad"]
)
def test_a_pod_that_cannot_be_read_is_told_too(
    changed: dict[str, Any], expected: type[object]
) -> None:
    body = {"metadata": METADATA | changed}
    event = told(json.dumps({"type": "MODIFIED", "object": body}).encode(), decode_pod_event)
    assert isinstance(event.record, expected)
