"""Hints: an ejection without effect is noticed, and outliers that share a node."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.hints import CLIENTS_LEAVE, shared_node, still_receiving
from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.verdict import Finding, Judgement, Verdict
from tests.builders import BREAKER, NOW, a_pod, a_verdict, fleet_of

WINDOW = 30.0
LONG_AGO = NOW - WINDOW - CLIENTS_LEAVE


def counted(fleet: Fleet, activity: dict[str, float]) -> Verdict:
    """A verdict whose detector counts so many requests a second."""
    findings = tuple(
        Finding(pod.uid, pod.name, Judgement.FINE, activity=activity[pod.name])
        for pod in fleet.pods
        if pod.name in activity
    )
    return Verdict(BREAKER, NOW, WINDOW, findings)


@pytest.mark.parametrize(
    ("pod", "activity", "told"),
    [
        pytest.param(a_pod("c").ejected(at=LONG_AGO), 5.0, True, id="clients go on"),
        pytest.param(a_pod("c").ejected(at=LONG_AGO), 0.0, False, id="no client is left"),
        pytest.param(a_pod("c").ejected(at=LONG_AGO), 0.9, False, id="health checks alone"),
        pytest.param(
            a_pod("c").ejected(at=LONG_AGO + 1), 5.0, False, id="the window is from before it"
        ),
        pytest.param(a_pod("c").ejected(at=None), 5.0, False, id="nobody knows since when"),
        pytest.param(a_pod("c").held_by_hand(), 5.0, False, id="a person holds it"),
        pytest.param(a_pod("c").ejected(at=LONG_AGO).claimed("other"), 5.0, False, id="another's"),
        pytest.param(a_pod("c"), 5.0, False, id="it serves"),
    ],
)
def test_an_ejected_pod_that_gets_requests_is_told(pod: Pod, activity: float, told: bool) -> None:
    fleet = fleet_of(a_pod("a"), a_pod("b"), pod)

    found = still_receiving(fleet, counted(fleet, {"a": 8.0, "b": 12.0, "c": activity}))

    assert [one.pod.name for one in found] == (["c"] if told else [])
    if told:
        assert "5 requests a second (a serving pod 10)" in str(found[0])


def test_where_nobody_counts_requests_nothing_is_told() -> None:
    fleet = fleet_of(a_pod("a"), a_pod("b").ejected(at=LONG_AGO))

    assert still_receiving(fleet, a_verdict(fleet, [])) == ()


def test_a_paused_pod_should_get_no_requests_either() -> None:
    paused = replace(a_pod("b").paused(), ejection=a_pod("b").ejected(at=LONG_AGO).ejection)
    fleet = fleet_of(a_pod("a"), paused)

    assert len(still_receiving(fleet, counted(fleet, {"a": 10.0, "b": 10.0}))) == 1


def on_nodes(*sizes: int) -> Fleet:
    """Pods named NODE-NUMBER on nodes of these sizes, which are called a, b, c …"""
    return fleet_of(
        *(
            replace(a_pod(f"{node}-{number}"), node_address=f"node-{node}")
            for node, size in zip("abcdefghij", sizes, strict=False)
            for number in range(size)
        )
    )


@pytest.mark.parametrize(
    ("sizes", "outliers", "node"),
    [
        pytest.param((3, 3, 3), ["b-0", "b-1", "b-2"], "node-b", id="three of three nodes"),
        pytest.param((2, 2, 2), ["b-0", "b-1"], "node-b", id="both pods of one of three nodes"),
        pytest.param((3, 3, 3), ["b-0"], None, id="one pod tells nothing"),
        pytest.param((3, 3, 3), ["a-0", "b-1", "b-2"], None, id="on two nodes"),
        pytest.param((5, 5), ["b-0", "b-1"], None, id="as likely as not"),
        pytest.param((9,), ["a-0", "a-1", "a-2"], None, id="there is one node only"),
        pytest.param((3, 3, 3), [], None, id="no outlier"),
    ],
)
def test_outliers_that_share_a_node_are_told_unless_chance_explains_it(
    sizes: tuple[int, ...], outliers: list[str], node: str | None
) -> None:
    fleet = on_nodes(*sizes)

    found = shared_node(fleet, a_verdict(fleet, outliers))

    assert (found.address if found else None) == node


def test_pods_that_are_out_already_count_too() -> None:
    pods = [replace(p, node_address=p.node_address) for p in on_nodes(3, 3, 3).pods]
    out = [replace(a_pod(f"b-{n}").ejected(), node_address="node-b") for n in range(2)]
    fleet = fleet_of(*(p for p in pods if p.name not in ("b-0", "b-1")), *out)

    found = shared_node(fleet, a_verdict(fleet, ["b-2"]))

    assert found is not None
    assert found.pods == ("b-0", "b-1", "b-2")
    assert "all 3 outliers (b-0, b-1, b-2) are on node node-b; by chance so in 3.6 %" in str(found)


def test_pods_whose_node_is_not_known_share_none() -> None:
    fleet = fleet_of(*(a_pod(f"p-{n}") for n in range(9)))

    assert shared_node(fleet, a_verdict(fleet, ["p-0", "p-1", "p-2"])) is None
