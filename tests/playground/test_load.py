"""The load goes to exactly the pods that a real endpoint controller names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from playground.faults import Fault
from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.load import MAX_RATE, Load
from playground.load_members import Members, Passage, ready_pods
from playground.load_senders import DirectSender, HttpSender, Sender
from playground.workload import PodName, Workload
from playground.workload_server import WorkloadServer

WITHIN = 30.0

SENDERS: list[Callable[[WorkloadServer], Sender]] = [
    lambda server: HttpSender(server.url),
    lambda server: DirectSender(server.workload),
]


def await_sent(load: Load, count: int, *pods: PodName) -> None:
    """Return once each pod got `count` more requests than it has now."""
    goals = {pod: load.sent_to(pod) + count for pod in pods}
    deadline = time.monotonic() + WITHIN
    while any(load.sent_to(pod) < goal for pod, goal in goals.items()):
        assert time.monotonic() < deadline, f"the load sent only {load.counts}"
        threading.Event().wait(0.02)


@pytest.mark.parametrize("sender", SENDERS, ids=["over HTTP", "by a call"])
def test_requests_spread_evenly_over_the_members(
    api: Api, namespace: str, server: WorkloadServer, sender: Callable[[WorkloadServer], Sender]
) -> None:
    with Fleet(api, "shop", size=4, namespace=namespace) as fleet:
        pods = [pod.id for pod in fleet.pods()]
        server.workload.wait(pods, WITHIN)
        with Load(fleet.members, sender(server), rate=400) as load:
            await_sent(load, 50, *pods)
        sent = [load.sent_to(pod) for pod in pods]

    assert max(sent) - min(sent) <= 5
    assert {outcome for _, outcome in load.counts} == {"200"}


def test_a_relabelled_pod_leaves_the_slices_and_the_load_and_comes_back(
    api: Api, namespace: str, server: WorkloadServer
) -> None:
    with (
        Fleet(api, "shop", size=4, namespace=namespace, selects_traffic=True) as fleet,
        Load(fleet.members, HttpSender(server.url), rate=200) as load,
    ):
        pods = [pod.id for pod in fleet.pods()]
        await_sent(load, 5, *pods)

        since = time.monotonic()
        fleet.label(fleet.pods()[0], "kubervisor/traffic", "no")
        left = fleet.members.wait(pods[0], entered=False, since=since, timeout=WITHIN)
        # Requests that were on their way when it left still come to an end.
        await_sent(load, 5, *pods[1:])
        before = load.sent_to(pods[0])
        await_sent(load, 20, *pods[1:])

        assert left.at > since
        assert load.sent_to(pods[0]) == before
        fleet.wait(lambda f: [pod.id for pod in f.out()] == pods[:1], WITHIN, "it alone is out")

        fleet.label(fleet.pods()[0], "kubervisor/traffic", "yes")
        fleet.members.wait(pods[0], entered=True, since=left.at, timeout=WITHIN)
        await_sent(load, 5, *pods)


def test_a_hanging_pod_times_out_and_the_others_get_their_share(
    api: Api, namespace: str, server: WorkloadServer
) -> None:
    with (
        Fleet(api, "shop", size=2, namespace=namespace) as fleet,
        Load(fleet.members, HttpSender(server.url), rate=50) as load,
    ):
        hanging, other = (pod.id for pod in fleet.pods())
        server.workload.wait([hanging, other], WITHIN)
        server.workload.set_fault(hanging, Fault(hang=True))
        await_sent(load, 20, hanging, other)

        assert load.counts[hanging, "timeout"] > 0
        assert load.counts[other, "timeout"] == 0


def test_all_passages_are_told_in_order_and_without_members_nothing_is_sent(
    api: Api, namespace: str, server: WorkloadServer
) -> None:
    told: list[Passage] = []
    with (
        Fleet(api, "shop", size=2, namespace=namespace) as fleet,
        Members(api, namespace, "shop", told.append) as members,
        Load(members, HttpSender(server.url), rate=200) as load,
    ):
        fleet.scale(0)
        fleet.wait(lambda f: not f.pods() and not f.in_slices(), WITHIN, "the fleet is empty")
        for pod in {passage.pod for passage in told}:
            members.wait(pod, entered=False, since=0, timeout=WITHIN)

        assert members.now == ()
        assert tuple(told) == members.log
        assert [passage.entered for passage in told] == [True, True, False, False]
        assert {outcome for _, outcome in load.counts} <= {"200", "no-pod"}


@pytest.mark.parametrize("rate", [0, -1, MAX_RATE + 1])
def test_the_rate_is_bounded(api: Api, namespace: str, rate: float) -> None:
    with Members(api, namespace, "shop") as members, pytest.raises(ValueError, match="rate is"):
        Load(members, DirectSender(Workload()), rate)


@pytest.mark.parametrize("url", ["http://192.0.2.1:80", "http://localhost:80", "http://127.0.0.1"])
def test_the_load_goes_to_loopback_only(url: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:PORT only"):
        HttpSender(url)


@pytest.mark.parametrize(
    ("endpoint", "named"),
    [
        pytest.param({"conditions": {"ready": True}}, True, id="ready"),
        pytest.param({"conditions": {"ready": False}}, False, id="not ready"),
        pytest.param({"conditions": {}}, True, id="an unknown readiness counts as ready"),
        pytest.param({}, True, id="no conditions count as ready"),
    ],
)
def test_an_endpoint_gets_traffic_by_its_ready_condition(
    endpoint: dict[str, object], named: bool
) -> None:
    target = {"kind": "Pod", "namespace": "shop", "name": "shop-1"}
    pods = ready_pods({"endpoints": [endpoint | {"targetRef": target}]})

    assert pods == (frozenset({PodName("shop", "shop-1")}) if named else frozenset())


@pytest.mark.parametrize(
    "endpoint_slice",
    [
        pytest.param({"endpoints": None}, id="no endpoints"),
        pytest.param({"endpoints": [{"addresses": ["10.0.0.1"]}]}, id="an address without a pod"),
    ],
)
def test_a_slice_without_pods_names_nobody(endpoint_slice: dict[str, object]) -> None:
    assert ready_pods(endpoint_slice) == frozenset()
