"""Outputs on a real API server, whatever the watch has shown by then."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.errors import LeadershipLost
from kubervisor.workflow.objects import OnlyFields
from kubervisor.workflow.scheduler.facts import Reason
from tests.workflow.engine.desk import Desk
from tests.workflow.engine.scene import OWNER


def a(value: str = "1", **meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **meta}, "data": {"value": value}}


def test_what_is_as_it_was_applied_takes_no_request(desk: Desk) -> None:
    assert desk.apply(configmaps=[a()]) is None
    asked = len(desk.requests)
    assert desk.apply(configmaps=[a()]) is None
    desk.show("a")
    assert desk.apply(configmaps=[a()]) is None
    assert len(desk.requests) == asked


def test_what_a_worker_says_otherwise_is_applied(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    assert desk.apply(configmaps=[a("2")]) is None
    assert desk.stored("a")["data"] == {"value": "2"}


def test_a_field_that_is_not_said_any_more_goes(desk: Desk) -> None:
    desk.apply(configmaps=[{"metadata": {"name": "a"}, "data": {"x": "1", "y": "1"}}])
    assert desk.apply(configmaps=[{"metadata": {"name": "a"}, "data": {"x": "1"}}]) is None
    assert desk.stored("a")["data"] == {"x": "1"}


def test_what_was_written_before_a_crash_is_written_no_second_time(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    before = desk.stored("a")["metadata"]
    desk.restart()
    assert desk.apply(configmaps=[a()]) is None
    after = desk.stored("a")["metadata"]
    assert (after["uid"], after["resourceVersion"]) == (before["uid"], before["resourceVersion"])


def test_what_is_anothers_is_refused_before_any_watch_has_shown_it(desk: Desk) -> None:
    desk.scene.config_map("a", "theirs")
    failure = desk.apply(configmaps=[a()])
    assert failure is not None
    assert failure.reason is Reason.OUTPUT_REFUSED
    meta = desk.stored("a")["metadata"]
    assert OWNER not in meta.get("labels", {})
    assert {one["manager"] for one in meta["managedFields"]} == {"playground"}


def test_one_that_took_the_place_of_ours_is_refused(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    desk.show("a")
    desk.scene.api.delete(desk.path("a"))
    desk.scene.config_map("a", "theirs")
    failure = desk.apply(configmaps=[a("2")])
    assert failure is not None
    assert failure.reason is Reason.OUTPUT_REFUSED
    assert desk.stored("a")["data"] == {"value": "theirs"}


def test_what_went_since_a_watch_showed_it_is_made_anew(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    before = desk.show("a")
    desk.scene.api.delete(desk.path("a"))
    assert desk.apply(configmaps=[a("2")]) is None
    assert desk.stored("a")["metadata"]["uid"] != before.uid


def test_what_is_being_deleted_is_awaited(desk: Desk) -> None:
    desk.apply(configmaps=[a(finalizers=["example.io/held"])])
    desk.scene.api.delete(desk.path("a"))
    desk.show("a")
    failure = desk.apply(configmaps=[a(finalizers=["example.io/held"])])
    assert failure is not None
    assert failure.reason is Reason.OUTPUT_FAILED
    assert "being deleted" in failure.message
    desk.scene.api.merge(desk.path("a"), {"metadata": {"finalizers": None}})


def test_the_first_output_that_fails_ends_it(desk: Desk) -> None:
    wrong = {"metadata": {"name": "b"}, "dada": {"value": "1"}}
    late = {"metadata": {"name": "c"}, "data": {}}
    failure = desk.apply(configmaps=[a(), wrong, late])
    assert failure is not None
    assert failure.reason is Reason.OUTPUT_FAILED
    assert "dada" in failure.message
    assert desk.scene.api.exists(desk.path("a"))
    assert not desk.scene.api.exists(desk.path("c"))


def test_fields_that_were_said_of_anothers_object_stay_when_others_are_said(desk: Desk) -> None:
    desk.scene.config_map("a", "theirs", app="shop")

    def label(key: str, value: str) -> OnlyFields:
        return OnlyFields({"metadata": {"name": "a", "labels": {key: value}}})

    assert desk.apply(configmaps=[label("red", "1")]) is None
    assert desk.apply(configmaps=[label("blue", "1")]) is None
    assert desk.apply(configmaps=[label("blue", "2")]) is None
    assert desk.stored("a")["metadata"]["labels"] == {"app": "shop", "red": "1", "blue": "2"}
    assert desk.stored("a")["data"] == {"value": "theirs"}


def test_fields_of_what_is_not_there_are_told_and_make_nothing(desk: Desk) -> None:
    failure = desk.apply(configmaps=[OnlyFields({"metadata": {"name": "a"}, "data": {"k": "v"}})])
    assert failure is not None
    assert failure.reason is Reason.OUTPUT_FAILED
    assert not desk.scene.api.exists(desk.path("a"))


def test_nothing_is_written_by_who_does_not_lead(desk: Desk) -> None:
    desk.leads = False
    with pytest.raises(LeadershipLost):
        desk.apply(configmaps=[a()])
    assert not desk.scene.api.exists(desk.path("a"))
