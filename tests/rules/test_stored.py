"""Where a rule stands goes through the API server and comes back as it was."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.autopilot_rule_object import AutopilotRuleObjectStatus
from kubervisor.rules.controller.naming import (
    approval_name,
    object_label,
    rule_object_name,
)
from kubervisor.rules.controller.stored import as_stored, read_ref, read_standing, status_of
from kubervisor.rules.decision.facts import Transition
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent, Reason, Sizes, Standing, State

REF = ObjectRef("PersistentVolumeClaim", "db", "pg", "u-1")
_instants = st.integers(1, 4_000_000_000).map(float)
_words = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=10)
_maps = st.dictionaries(_words, _words, max_size=3)
_intents = st.builds(Intent, _words, st.text(max_size=10), _maps, _maps)
_standings = st.builds(
    Standing,
    state=st.sampled_from(State),
    since=_instants,
    reason=st.sampled_from(Reason).map(str),
    message=st.text(max_size=10),
    values=st.lists(_words, max_size=3).map(tuple),
    met_since=st.none() | _instants,
    intents=st.lists(st.builds(Intent, _words, st.text(max_size=10), _maps, _maps), max_size=2).map(
        tuple
    ),
    digest=_words,
    attempts=st.integers(0, 99),
    not_before=st.just(0.0) | _instants,
    acted=st.lists(_instants, max_size=5, unique=True).map(sorted).map(tuple),
    generation=st.integers(0, 99),
    measured=st.none() | st.builds(Sizes, st.integers(1, 2**62), st.integers(1, 2**62)),
)


@given(_standings)
def test_what_is_stored_is_what_is_read(standing: Standing) -> None:
    stored = status_of({}, REF, standing, (), approval="", now=0.0)
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(stored))
    assert read_standing(sent) == as_stored(standing)
    assert as_stored(as_stored(standing)) == as_stored(standing)
    assert read_ref(sent) == REF
    AutopilotRuleObjectStatus.model_validate(sent)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from([*AutopilotRuleObjectStatus.model_fields, "metSince"]), _json)
)
def test_what_people_write_is_read_in_its_other_parts(status: dict[str, Any]) -> None:
    assert read_standing(status) is None or isinstance(read_standing(status), Standing)
    found = read_standing({**status, "state": "Normal", "since": "1970-01-01T00:00:07Z"})
    assert found is not None
    assert (found.state, found.since) == (State.NORMAL, 7.0)
    read_ref(status)


def test_the_last_ten_states_are_kept_the_newest_last() -> None:
    stored: dict[str, Any] = {}
    for number in range(12):
        passed = [Transition(State.NORMAL, State.TRIGGERED, Reason.CONDITION_MET, f"{number}")]
        standing = Standing(State.TRIGGERED, 0.0)
        stored = status_of(stored, REF, standing, passed, approval="grow-pg", now=float(number))
    assert [item["message"] for item in stored["items"]] == [str(n) for n in range(2, 12)]
    assert stored["items"][-1] == {
        "lastProcessTimestamp": "1970-01-01T00:00:11Z",
        "state": "Triggered",
        "message": "11",
        "actionApprovalName": "grow-pg",
    }


def test_names_fit_and_stay_apart() -> None:
    long, other = "r" * 62 + "a", "r" * 62 + "b"
    uid = object_label("PersistentVolumeClaim", "6f1e")
    assert rule_object_name("volume-resize", uid) == "volume-resize-pvc-6f1e"
    assert approval_name("volume-resize", "pg") == "volume-resize-pg"
    names = {approval_name(rule, "p" * 253) for rule in (long, other)}
    assert len(names) == 2
    assert max(map(len, names)) == 253
