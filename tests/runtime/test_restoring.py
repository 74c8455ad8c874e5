"""What a new leader reads from the status that the last one wrote."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.runtime.ledger import Decision
from kubervisor.runtime.restoring import decisions_in, lost_pods_in

ENTRY = {
    "time": "2027-01-15T08:00:00Z",
    "action": "Ejected",
    "pod": "pricer-1",
    "podUid": "uid-1",
    "breaker": "errors",
    "reason": "Outlier",
    "evidence": "8 %",
}


def test_the_record_is_read_oldest_first() -> None:
    newer = {**ENTRY, "time": "2027-01-15T08:00:05.250000Z", "pod": "pricer-2"}

    decisions = decisions_in({"recent": [newer, ENTRY]})

    assert [decision.pod for decision in decisions] == ["pricer-1", "pricer-2"]
    assert decisions[1].at - decisions[0].at == 5.25


def test_every_field_is_read() -> None:
    assert decisions_in({"recent": [ENTRY]}) == (
        Decision(1_800_000_000.0, "Ejected", "pricer-1", "uid-1", "errors", "Outlier", "8 %"),
    )


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"recent": None},
        {"recent": {}},
        {"recent": ["text", 7, None]},
        {"recent": [{}]},
        {"recent": [{**ENTRY, "time": "yesterday"}]},
        {"recent": [{**ENTRY, "time": None}]},
        {"recent": [{**ENTRY, "time": "0001-01-01T00:00:00"}]},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_left_out(status: dict[str, Any]) -> None:
    assert decisions_in({**status}) == ()
    assert len(decisions_in({"recent": [ENTRY]})) == 1


LOST = {
    "type": "WorkloadSelectsTraffic",
    "status": "True",
    "observedGeneration": 3,
    "message": "its controller let go",
}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        pytest.param(LOST, "its controller let go", id="it is so, for this spec"),
        pytest.param({**LOST, "observedGeneration": 2}, "", id="the spec has changed since"),
        pytest.param({**LOST, "status": "False"}, "", id="it is not so"),
        pytest.param({**LOST, "type": "Ready"}, "", id="another condition"),
    ],
)
def test_why_ejections_stopped(condition: dict[str, Any], said: str) -> None:
    assert lost_pods_in({"conditions": [{"type": "Ready"}, condition]}, 3) == said


@given(
    st.dictionaries(
        st.sampled_from(["recent", "conditions"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=30),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["time", "pod", "type", "status", "observedGeneration"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=10,
        ),
    )
)
def test_no_status_whatever_it_holds_stops_a_new_leader(status: dict[str, Any]) -> None:
    decisions_in(status)
    lost_pods_in(status, 1)
