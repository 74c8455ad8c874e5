"""A line of the list says the worst that is so, on a leader and on a standby."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.kube.records import SpecRecord
from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.documents import LONGEST_LINE, ServiceRow
from kubervisor.ui.members import MOST_OUT
from tests.builders import KEY, NOW, PodDraft, a_pod, an_activator
from tests.ui.stage import Stage, a_judging_policy, a_status

UID = f"uid-of-{KEY}"


def row(stage: Stage, key: ServiceKey = KEY) -> ServiceRow:
    return stage.view().rows()[f"uid-of-{key}"]


@pytest.mark.parametrize(
    ("wrong", "level", "headline"),
    [
        ({}, "ok", "Guarding"),
        ({"Ready": ("SpecInvalid", "spec.service: write one")}, "alarm", "SpecInvalid"),
        ({"Ready": ("Unlabelled", "3 pods")}, "notice", "Unlabelled"),
        ({"SourcesAvailable": ("SourceTimeout", "no answer")}, "alarm", "SourceTimeout"),
        ({"BudgetExhausted": ("BudgetExhausted", "web-1")}, "alarm", "BudgetExhausted"),
        ({"DryRun": ("DryRun", "writes nothing")}, "notice", "DryRun"),
        ({"Active": ("SelectorWithoutTraffic", "add it")}, "notice", "NotActive"),
        (
            {"DryRun": ("DryRun", ""), "Panicking": ("Panicking", "errors")},
            "alarm",
            "Panicking",
        ),
        (
            {"BelowFloor": ("BelowFloor", "1 of 3"), "BudgetExhausted": ("BudgetExhausted", "")},
            "alarm",
            "BelowFloor",
        ),
    ],
)
def test_the_headline_is_the_worst_condition(
    wrong: dict[str, tuple[str, str]], level: str, headline: str
) -> None:
    stage = Stage()
    stage.add(status=a_status(wrong=wrong))
    found = row(stage)
    assert (found.level, found.headline) == (level, headline)
    assert [one.type for one in found.conditions if not one.good] == [
        one.type for one in found.conditions
    ]


@pytest.mark.parametrize(
    ("counts", "headline"),
    [({"ejected": 1}, "Ejected"), ({"ejected": 2, "paused": 1}, "PodsPaused")],
)
def test_pods_that_are_out_are_a_notice(counts: dict[str, Any], headline: str) -> None:
    stage = Stage()
    stage.add(status=a_status(**counts))
    found = row(stage)
    assert (found.level, found.headline) == ("notice", headline)


@pytest.mark.parametrize(
    ("out", "headline"),
    [(a_pod("p0").ejected(), "Ejected"), (a_pod("p0").paused(), "PodsPaused")],
)
def test_who_is_out_weighs_more_than_who_returned_before_a_status_tells_of_it(
    out: PodDraft, headline: str
) -> None:
    stage = Stage()
    policy = a_judging_policy(activator=an_activator(probation=60.0))
    stage.add(pods=[out, a_pod("p1").returned(NOW - 5)], policy=policy)
    found = row(stage)
    assert (found.headline, found.probation) == (headline, 1)


def test_the_list_waits_for_no_service_that_is_held_up() -> None:
    stage = Stage()
    desk = stage.add(pods=[a_pod("p0").ejected(), a_pod("p1")])
    with desk.lock:
        assert [one.pod for one in row(stage).out] == ["p0"]


def test_without_a_status_nothing_is_known() -> None:
    stage = Stage()
    stage.add(status={})
    found = row(stage)
    assert (found.level, found.headline, found.members) == ("unknown", "Starting", None)


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": "none"},
        {"conditions": [{"type": 7}]},
        {"fleet": {"members": "ten"}},
        {"recent": [{"time": 4}]},
    ],
)
def test_a_status_that_nobody_can_read_is_none(status: dict[str, Any]) -> None:
    stage = Stage()
    stage.add(status=status)
    assert row(stage).level == "unknown"


def test_who_is_out_is_named_newest_first_and_cut_short() -> None:
    stage = Stage()
    pods = [a_pod(f"pricer-{n}").ejected(at=NOW - n) for n in range(MOST_OUT + 2)]
    stage.add(pods=[*pods, a_pod("serves")])
    out = row(stage).out
    assert [one.pod for one in out] == [f"pricer-{n}" for n in range(MOST_OUT)]
    assert {one.state for one in out} == {"ejected"}


def test_a_pod_on_probation_is_counted_until_that_is_over() -> None:
    stage = Stage()
    policy = a_judging_policy(activator=an_activator(probation=60.0))
    stage.add(pods=[a_pod("p0").returned(NOW - 50), a_pod("p1")], policy=policy)
    view = stage.view()
    assert view.rows()[UID].probation == 1
    stage.now += 20
    found = view.rows()[UID]
    assert (found.probation, found.level) == (0, "ok")


def test_a_row_that_says_the_same_is_the_same_object() -> None:
    stage = Stage()
    stage.add(pods=[a_pod("p0").ejected(), a_pod("p1")])
    view = stage.view()
    first = view.rows()[UID]
    stage.now += 1
    assert view.rows()[UID] is first
    stage.put(KEY, status=a_status(serving=9))
    assert view.rows()[UID].serving == 9


def test_a_standby_shows_the_statuses_of_the_leader() -> None:
    stage = Stage()
    stage.add(pods=[a_pod("p0").ejected(), a_pod("p1")], status=a_status(ejected=1))
    stage.desks.clear()
    found = row(stage)
    assert (found.headline, [one.pod for one in found.out]) == ("Ejected", ["p0"])


def test_long_and_hostile_texts_stay_texts_and_are_cut() -> None:
    hostile = "<script>alert(1)</script>" + "x" * 10_000
    stage = Stage()
    stage.add(
        status=a_status(wrong={"BelowFloor": ("BelowFloor", hostile)}),
        spec={"service": ["not", "text"]},
    )
    found = row(stage)
    assert found.message.startswith("<script>")
    assert len(found.message) == LONGEST_LINE
    assert found.service == ""


def test_rows_are_in_order_of_namespace_and_name() -> None:
    stage = Stage()
    keys = [ServiceKey("b", "a"), ServiceKey("a", "b"), ServiceKey("a", "a")]
    for key in keys:
        stage.add(key, pods=0)
    found = stage.view().rows().values()
    assert [ServiceKey(one.namespace, one.name) for one in found] == sorted(keys)


def test_pods_of_which_nothing_is_new_are_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    stage.add(pods=20)
    view = stage.view()
    view.rows()
    asked: list[SpecRecord] = []
    monkeypatch.setattr(view, "_fleet", lambda _, record, __, **___: asked.append(record))
    view.rows()
    assert asked == []
