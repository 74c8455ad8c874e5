"""Hints are told once for each change, however often the evaluation sees the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kubervisor.runtime.hints import Hints
from kubervisor.telemetry import logs, registry, traffic_metrics
from kubervisor.traffic.hints import CLIENTS_LEAVE
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Finding, Judgement, Verdict
from tests.builders import KEY, NOW, a_pod, a_verdict, fleet_of

OF_SERVICE = {"namespace": KEY.namespace, "service": KEY.name}
OUT = fleet_of(a_pod("a"), a_pod("b").ejected(at=NOW - CLIENTS_LEAVE))
BACK = fleet_of(a_pod("a"), a_pod("b"))
NODES = fleet_of(
    *(replace(a_pod(f"{node}-{n}"), node_address=f"node-{node}") for node in "abc" for n in (1, 2))
)


class Bench:
    """Hints, and what they told of since the last look."""

    def __init__(self) -> None:
        self.told: list[tuple[Reason, str]] = []
        self.hints = Hints(KEY, logs.get("test"), lambda *what: self.told.append(what))

    def look(self, breaker: str, fleet: Fleet, verdict: Verdict) -> list[tuple[Reason, str]]:
        self.told.clear()
        self.hints.look(breaker, verdict, fleet)
        return list(self.told)


def busy(fleet: Fleet) -> Verdict:
    """Every pod gets ten requests a second."""
    findings = (Finding(p.uid, p.name, Judgement.FINE, activity=10.0) for p in fleet.pods)
    return Verdict("errors", NOW, 0.0, tuple(findings))


def gauge(name: str, **labels: str) -> float | None:
    return registry.REGISTRY.get_sample_value(f"kubervisor_{name}", {**OF_SERVICE, **labels})


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    traffic_metrics.forget_service(KEY.namespace, KEY.name)


def test_an_ejection_without_effect_is_told_once_until_it_ends() -> None:
    bench = Bench()

    ((reason, note),) = bench.look("errors", OUT, busy(OUT))
    assert reason is Reason.STILL_RECEIVING
    assert note.startswith("Pod b: is out of traffic and still gets 10 requests a second")
    assert gauge("ejected_receiving_pods") == 1
    assert bench.look("errors", OUT, busy(OUT)) == []

    assert bench.look("errors", BACK, busy(BACK)) == []
    assert gauge("ejected_receiving_pods") == 0
    assert len(bench.look("errors", OUT, busy(OUT))) == 1, "it began anew"


def test_what_two_breakers_see_is_told_once_and_counted_once() -> None:
    bench = Bench()

    assert len(bench.look("errors", OUT, busy(OUT))) == 1
    assert bench.look("latency", OUT, busy(OUT)) == []
    assert gauge("ejected_receiving_pods") == 1

    bench.hints.forget("errors")
    assert gauge("ejected_receiving_pods") == 1, "the other still sees it"
    bench.hints.forget("latency")
    assert gauge("ejected_receiving_pods") == 0


def test_a_node_is_told_once_and_another_node_again() -> None:
    bench = Bench()

    ((reason, note),) = bench.look("errors", NODES, a_verdict(NODES, ["b-1", "b-2"]))
    assert reason is Reason.OUTLIERS_ON_ONE_NODE
    assert "are on node node-b" in note
    assert gauge("outliers_on_one_node", breaker="errors") == 1
    assert bench.look("errors", NODES, a_verdict(NODES, ["b-2", "b-1"])) == []

    assert bench.look("errors", NODES, a_verdict(NODES, ["a-1", "b-1"])) == []
    assert gauge("outliers_on_one_node", breaker="errors") == 0

    ((_, note),) = bench.look("errors", NODES, a_verdict(NODES, ["c-1", "c-2"]))
    assert "are on node node-c" in note
