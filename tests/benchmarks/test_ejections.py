from __future__ import annotations

import pytest

from benchmarks.ejections import Ejection, Fault, after_verdict, paired, read_ejections
from benchmarks.floor import Floor
from playground.controller import Line


def test_the_log_tells_the_verdict_in_monotonic_time() -> None:
    lines: list[Line] = [
        {"event": "Registered CRD", "ts": "1970-01-01T00:01:00Z"},
        {"event": "Ejected pod", "ts": "1970-01-01T00:01:40.500000Z", "pod": "a", "took": 0.25},
        {"event": "a line that is no JSON", "level": "raw"},
    ]
    assert read_ejections(lines, wall_ahead=40.0) == [Ejection("a", decided=60.25, took=0.25)]


def test_each_fault_is_paired_with_the_ejection_that_ended_it() -> None:
    faults = [Fault("a", 10.0, 1.0), Fault("b", 12.0, 1.0), Fault("a", 40.0, 1.0)]
    told = [Ejection("a", 10.5, 0.01), Ejection("b", 12.9, 0.01), Ejection("a", 40.7, 0.01)]
    assert paired(faults, told) == list(zip(faults, told, strict=True))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([], id="no ejection at all"),
        pytest.param([Ejection("b", 10.5, 0.01)], id="another pod's"),
        pytest.param([Ejection("a", 9.9, 0.01)], id="one before the fault began"),
        pytest.param([Ejection("a", 11.1, 0.01)], id="one after the pod had left"),
    ],
)
def test_a_fault_without_an_ejection_of_its_own_is_an_error(told: list[Ejection]) -> None:
    with pytest.raises(LookupError, match="no ejection of a"):
        paired([Fault("a", 10.0, 1.0)], told)


def test_what_comes_after_a_verdict_may_exceed_the_same_by_hand_by_fifty_milliseconds() -> None:
    floor = Floor(acknowledged=[0.004], left=[0.01, 0.02])
    pairs = [(Fault("a", 10.0, 1.0), Ejection("a", decided=10.9375, took=0.03125))]
    of = {f.name: f for f in after_verdict(floor, pairs, acknowledged=0.1)}
    answer = of["verdict → PATCH acknowledged, p99"]
    assert (answer.measured, answer.floor, answer.target) == (31.25, 4.0, 100.0)
    out = of["verdict → EndpointSlice without the pod, p99"]
    assert (out.measured, out.floor) == (62.5, 20.0)
    assert out.target == pytest.approx(70.0)
    assert [f.target for name, f in of.items() if name.endswith("p50")] == [None, None]
