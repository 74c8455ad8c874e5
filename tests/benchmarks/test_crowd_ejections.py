"""Who of a crowd begins to fail: pods that count at once, one of each Service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.crowd_ejections import one_each
from playground.fleet_pod import TRAFFIC, Pod

ABLE = Pod(
    namespace="crowd-0",
    name="shop-0-a",
    uid="old",
    labels={"app": "shop-0", TRAFFIC: "yes"},
    annotations={},
    phase="Running",
    ready=True,
    deleting=False,
    node="node-0",
)
OLD = frozenset({"old", "of another Service"})


def test_one_pod_of_each_service_is_chosen() -> None:
    others = [replace(ABLE, name="shop-0-b"), replace(ABLE, labels={"app": "x", TRAFFIC: "yes"})]
    chosen = one_each([ABLE, *others], OLD, 5)
    assert sorted(pod.labels["app"] for pod in chosen) == ["shop-0", "x"]


def test_no_more_are_chosen_than_are_asked_for() -> None:
    many = [replace(ABLE, labels={"app": f"shop-{i}", TRAFFIC: "yes"}) for i in range(9)]
    assert len(one_each(many, OLD, 4)) == 4


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(replace(ABLE, uid="new"), id="it has just replaced another"),
        pytest.param(replace(ABLE, ready=False), id="not ready"),
        pytest.param(replace(ABLE, deleting=True), id="about to go"),
        pytest.param(replace(ABLE, labels={"app": "shop-0", TRAFFIC: "no"}), id="out already"),
    ],
)
def test_a_pod_that_cannot_be_ejected_soon_is_not_chosen(pod: Pod) -> None:
    assert one_each([pod], OLD, 5) == []
