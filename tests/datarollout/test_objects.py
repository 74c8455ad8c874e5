"""From a DataRollout to the decision and back: nothing is lost, and nothing that people write can
stop it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.data_rollout_crd import DEFINITION
from kubervisor.datarollout.controller.conditions import Finding
from kubervisor.datarollout.controller.objects import name_for, read_policy, read_state, source_of
from kubervisor.datarollout.controller.statuses import refused, status_of
from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    Phase,
    Quarantined,
    Reason,
    RolloutPolicy,
    RolloutState,
    View,
)
from kubervisor.errors import SpecError
from kubervisor.kube.records import SpecRecord, packed
from tests.datarollout.builders import NOW, A, B, C, fleet, user

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def record(spec: dict[str, Any] | None = None, name: str = "prices") -> SpecRecord:
    return SpecRecord(
        namespace="shop",
        name=name,
        uid="1",
        resource_version="7",
        generation=3,
        created_at=0.0,
        deleting=False,
        finalizers=(),
        annotations={},
        spec=spec or {},
        stored_status=packed(b"null"),
    )


def status(state: RolloutState, **more: Any) -> dict[str, Any]:
    view = View(state, RolloutPolicy(), (A, B), fleet(4))
    plan = plan_rollout(view, NOW)
    plan = replace(plan, state=state)
    return status_of({}, 3, plan, view, repository="", finding=None, now=NOW, **more)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_state_is_read_back_as_it_was_stored(phase: Phase) -> None:
    moves = phase in (Phase.ROLLING_OUT, Phase.ROLLING_BACK)
    state = RolloutState(
        phase=phase,
        last_known_good=A,
        candidate=B if moves else None,
        stage=1 if moves else 0,
        stage_at=NOW if moves else 0.0,
        # Of a version that is not to be brought nobody needs the size.
        quarantine=(Quarantined(replace(C, size=0), Reason.CANDIDATE_FAILING, NOW - 60, 2),),
        failures=1,
        not_before=NOW + 60,
    )
    found = read_state(status(state))
    assert replace(found, reason=None) == state
    assert found.reason is not None


def test_a_state_that_nobody_stored_is_the_first() -> None:
    assert read_state({}) == RolloutState()


@given(st.dictionaries(st.sampled_from(list(status(RolloutState()))), json_values))
def test_whatever_a_status_holds_it_is_read(written: dict[str, Any]) -> None:
    read_state(written)


@given(st.fixed_dictionaries({"lastKnownGood": st.fixed_dictionaries({"path": json_values})}))
def test_a_version_that_cannot_be_one_is_none(written: dict[str, Any]) -> None:
    assert read_state(written).last_known_good is None


def test_a_status_is_what_the_definition_describes() -> None:
    described = DEFINITION.schema()["properties"]["status"]["properties"]
    state = RolloutState(
        Phase.ROLLING_OUT, A, B, 0, NOW, (Quarantined(C, Reason.STALLED, NOW),), 1, NOW
    )
    found = status(state)
    assert set(found) <= set(described)
    for name, value in found.items():
        fields = described[name].get("properties") or described[name].get("items", {}).get(
            "properties"
        )
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            assert not isinstance(entry, dict) or set(entry) <= set(fields)


def test_the_same_facts_make_the_same_status() -> None:
    view = View(RolloutState(Phase.SETTLED, A), RolloutPolicy(), (A,), fleet(3))
    first = plan_rollout(view, NOW)
    made = status_of({}, 3, first, view, repository="", finding=None, now=NOW)
    view = replace(view, state=read_state(made))
    later = plan_rollout(view, NOW + 60)
    again = status_of(made, 3, later, view, repository="", finding=None, now=NOW + 60)
    assert again == made


def test_a_condition_keeps_its_instant_until_it_changes() -> None:
    view = View(RolloutState(Phase.SETTLED, A), RolloutPolicy(), None, fleet(3))
    plan = plan_rollout(view, NOW)
    down = status_of({}, 3, plan, view, repository="refused", finding=None, now=NOW)
    still = status_of(down, 3, plan, view, repository="cut off", finding=None, now=NOW + 60)
    instants = [
        {one["type"]: one["lastTransitionTime"] for one in found["conditions"]}
        for found in (down, still)
    ]
    assert instants[0] == instants[1]
    up = status_of(still, 3, plan, view, repository="", finding=None, now=NOW + 120)
    changed = {one["type"]: one["lastTransitionTime"] for one in up["conditions"]}
    assert changed["RepositoryAvailable"] != instants[0]["RepositoryAvailable"]


def test_what_deployers_say_is_counted_by_bytes_the_most_first() -> None:
    users = (*fleet(3), user("x", B), user("y", B, has=A))
    view = View(RolloutState(Phase.SETTLED, A), RolloutPolicy(), (A,), users)
    plan = plan_rollout(view, NOW)
    found = status_of({}, 3, plan, view, repository="", finding=None, now=NOW)
    assert [(one["path"], one["users"]) for one in found["versions"]] == [(A.path, 4), (B.path, 1)]


def test_a_refusal_keeps_what_is_stored() -> None:
    stored = status(RolloutState(Phase.SETTLED, A))
    found = refused(stored, 4, Finding("Duplicate", "another is older"), NOW)
    assert read_state(found).last_known_good == A
    ready = next(one for one in found["conditions"] if one["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "Duplicate")
    assert refused(found, 4, Finding("Duplicate", "another is older"), NOW + 60) == found


def test_a_policy_is_the_settings_but_for_what_the_spec_says() -> None:
    default = RolloutPolicy(probation=5.0, failure_percent=10)
    assert read_policy(record(), default) == replace(default, generation=3)
    spec = {"stages": [10, 100], "probation": "2m", "paused": True, "pin": "abcdef"}
    assert read_policy(record(spec), default) == RolloutPolicy(
        stages=(10, 100),
        probation=120.0,
        failure_percent=10,
        paused=True,
        pin="abcdef",
        generation=3,
    )


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"stages": [100, 25]}, "spec"),
        ({"stages": "all"}, "spec.stages"),
        ({"probation": 600}, "spec.probation"),
        ({"failurePercent": "25"}, "spec.failurePercent"),
        ({"paused": "yes"}, "spec.paused"),
        ({"pin": "abc"}, "spec.pin"),
    ],
)
def test_a_spec_that_is_older_than_its_schema_is_refused_in_words(
    spec: dict[str, Any], field: str
) -> None:
    with pytest.raises(SpecError, match=rf"^{field}: "):
        read_policy(record(spec), RolloutPolicy())


@given(st.dictionaries(st.sampled_from(["source", "stages", "probation", "pin"]), json_values))
def test_whatever_a_spec_holds_it_is_read_or_refused(spec: dict[str, Any]) -> None:
    source_of(record(spec))
    try:
        policy = read_policy(record(spec), RolloutPolicy())
    except SpecError:
        return
    assert policy.stages[-1] == 100


def test_the_source_is_the_objects_name_unless_it_says_another() -> None:
    assert source_of(record()) == "prices"
    assert source_of(record({"source": "Prices_v2"})) == "Prices_v2"
    assert source_of(record({"source": "../etc"})) is None
    assert source_of(record(name="a" * 200)) is None


def test_names_of_objects_are_valid_and_apart() -> None:
    names = [name_for(source, ()) for source in ("a_b", "a.b", "A.b", "a-b", "x" * 63, "X" * 63)]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for name in names)
    assert name_for("prices", {"prices"}).startswith("prices-")
