"""Which pods go, which stay, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.evicting import EvictionPlan, EvictionPolicy, Wait, plan_evictions
from kubervisor.watchdog.limits import Ledger, Limits
from kubervisor.watchdog.scans import Scans
from tests.watchdog.pods_in_error import evicted, in_error, kept

NOW = 10_000.0


def plan(
    *pods: WatchedPod,
    failing: Collection[WatchedPod] | None = None,
    scans: dict[str, int] | None = None,
    ledger: Ledger | None = None,
    policy: EvictionPolicy | None = None,
    waits: Mapping[PodUid, Wait] | None = None,
) -> EvictionPlan:
    """The plan where all pods, or the `failing` ones, are in error in 4 scans unless said."""
    known = {pod.uid: (scans or {}).get(pod.name, 4) for pod in pods}
    return plan_evictions(
        {pod.uid: ("disk",) for pod in (pods if failing is None else failing)},
        pods,
        Scans(known, 4, NOW),
        ledger or Ledger(),
        policy or EvictionPolicy(),
        waits=waits or {},
        now=NOW,
    )


def a_policy(**limits: int) -> EvictionPolicy:
    return EvictionPolicy(limits=Limits(**{"at_once": 100, **limits}))


@pytest.mark.parametrize(
    ("scans", "goes"), [(0, False), (1, False), (3, False), (4, True), (9, True)]
)
def test_a_pod_goes_after_so_many_scans_in_error(scans: int, goes: bool) -> None:
    assert bool(evicted(plan(in_error("a"), scans={"a": scans}))) is goes


def test_the_number_of_scans_is_a_setting() -> None:
    assert evicted(plan(in_error("a"), scans={"a": 1}, policy=EvictionPolicy(scans=1))) == ["a"]


@pytest.mark.parametrize(
    "pod",
    [
        in_error("a", deleting=True),
        in_error("a", phase="Pending"),
        in_error("a", phase="Failed"),
    ],
    ids=["being deleted", "Pending", "ended"],
)
def test_a_pod_that_is_not_up_is_left_alone(pod: WatchedPod) -> None:
    assert plan(pod) == EvictionPlan()


def test_a_pod_that_recovered_is_left_alone_whatever_was_counted() -> None:
    assert plan(in_error("a"), failing=()) == EvictionPlan()


def test_a_pod_that_the_watch_has_not_shown_is_left_alone() -> None:
    assert plan(failing=[in_error("a")]) == EvictionPlan()


@pytest.mark.parametrize(
    ("kind", "goes"),
    [
        ("ReplicaSet", True),
        ("StatefulSet", True),
        ("DaemonSet", True),
        ("ReplicationController", True),
        ("Job", False),
        ("Node", False),
        (None, False),
    ],
)
def test_only_pods_that_a_controller_replaces_go_unless_asked(kind: str | None, goes: bool) -> None:
    pod = in_error("a", "x", kind=kind) if kind else in_error("a", None)
    found = plan(pod)
    assert evicted(found) == (["a"] if goes else [])
    assert kept(found) == ({} if goes else {"a": "NOBODY_REPLACES"})
    assert evicted(plan(pod, policy=EvictionPolicy(unowned=True))) == ["a"]


def test_of_one_owner_as_many_go_at_once_as_allowed() -> None:
    pods = [in_error(name) for name in "abc"]
    found = plan(*pods, in_error("z", "other"))
    assert evicted(found) == ["a", "z"]
    assert kept(found) == {"b": "OWNER_BUSY", "c": "OWNER_BUSY"}
    assert evicted(plan(*pods, policy=EvictionPolicy(limits=Limits(at_once=2)))) == ["a", "b"]


def test_none_goes_while_one_is_not_replaced() -> None:
    ledger = Ledger()
    ledger.add(in_error("gone"), [in_error("a")], NOW - 60)
    assert kept(plan(in_error("a"), ledger=ledger)) == {"a": "OWNER_BUSY"}
    assert evicted(plan(in_error("a", "other"), ledger=ledger)) == ["a"]


def test_the_longest_in_error_go_first() -> None:
    pods = [in_error("a"), in_error("b")]
    assert evicted(plan(*pods, scans={"a": 4, "b": 5})) == ["b"]


def test_an_owner_loses_no_more_within_an_hour_than_it_may() -> None:
    found = plan(*map(in_error, "abc"), policy=a_policy(owner_hourly=2))
    assert (evicted(found), kept(found)) == (["a", "b"], {"c": "OWNER_HOUR"})


def test_a_namespace_loses_no_more_within_an_hour_than_it_may() -> None:
    pods = [in_error(name, name) for name in "abc"]
    found = plan(*pods, in_error("z", namespace="other"), policy=a_policy(namespace_hourly=2))
    assert (evicted(found), kept(found)) == (["a", "b", "z"], {"c": "NAMESPACE_HOUR"})


def test_a_pod_that_may_not_go_takes_no_ones_place() -> None:
    found = plan(in_error("a", None), in_error("b"), policy=a_policy(namespace_hourly=1))
    assert evicted(found) == ["b"]


def test_what_was_refused_a_moment_ago_waits_and_lets_others_go() -> None:
    a, b = in_error("a"), in_error("b")
    assert evicted(plan(a, b, waits={a.uid: Wait(1, until=5)})) == ["b"]


def test_what_was_refused_comes_last_when_it_is_its_turn_again() -> None:
    a, b = in_error("a"), in_error("b", "other")
    assert evicted(plan(a, b, waits={a.uid: Wait(1, until=4)})) == ["b", "a"]


def test_waits_grow_up_to_four_scans_and_last_as_long_as_the_server_asks() -> None:
    wait, policy, until = Wait(), EvictionPolicy(period=60), []
    for _ in range(5):
        wait = wait.longer(10, policy)
        until.append(wait.until)
    assert until == [11, 12, 14, 14, 14]
    assert Wait().longer(10, policy, at_least=300).until == 15
