"""The observer's rules see what they are there to see; no cluster is needed to know that."""

from __future__ import annotations

import copy

import pytest

from playground.fleet_api import Json
from tests.e2e import invariants as rules

SPEC: Json = {"service": "shop", "breakers": [{"name": "oracle", "minPodsAvailableRatio": 50}]}
SELECTOR = {"app": "shop", rules.TRAFFIC: "yes"}


def a_pod(name: str = "a", traffic: str = "yes", **notes: str) -> Json:
    return {
        "metadata": {
            "name": name,
            "labels": {"app": "shop", rules.NAME: "shop", rules.TRAFFIC: traffic},
            "annotations": dict(notes),
        },
        "spec": {},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def ejected(body: Json, ejection: str = "1", retries: int = 1) -> Json:
    """The pod as an ejection of ours leaves it."""
    after = copy.deepcopy(body)
    after["metadata"]["labels"] |= {rules.TRAFFIC: "no", rules.STRATEGY: "oracle"}
    after["metadata"]["annotations"] = {
        **dict.fromkeys((*rules.WHO_AND_WHY, rules.EJECTED_UNTIL), "said"),
        rules.EJECTION_ID: ejection,
        rules.RETRY_COUNT: str(retries),
    }
    return after


def around(*pods: Json, spec: Json | None = SPEC) -> rules.Surroundings:
    return rules.Surroundings(pods, {"shop": SELECTOR}, spec)


def test_a_proper_ejection_is_no_breach() -> None:
    before = a_pod()
    after = ejected(before)
    others = [a_pod(name) for name in "bcd"]
    assert not [*rules.breaches_of_change(before, after)]
    assert not [*rules.breaches_of_state(after, by_hand=False)]
    assert not [*rules.breaches_of_ejection(before, after, around(after, *others))]


def test_an_ejection_below_the_floor_is_one() -> None:
    before = a_pod()
    after = ejected(before)
    (breach,) = rules.breaches_of_ejection(
        before, after, around(after, a_pod("b"), ejected(before))
    )
    assert breach.startswith("I1: oracle left 1 of 3 serving, its floor is 2")


def test_an_ejection_that_leaves_another_service_nobody_is_one() -> None:
    before = a_pod()
    before["metadata"]["labels"]["tier"] = "gold"
    after = ejected(before)
    place = rules.Surroundings(
        [after, *(a_pod(name) for name in "bcd")],
        {"shop": SELECTOR, "gold": {"tier": "gold", rules.TRAFFIC: "yes"}},
        SPEC,
    )
    assert [*rules.breaches_of_ejection(before, after, place)] == [
        "I1: nobody serves Service gold any more"
    ]


@pytest.mark.parametrize("key", [*rules.WHO_AND_WHY, rules.EJECTED_UNTIL])
def test_an_ejection_that_does_not_say_all_is_one(key: str) -> None:
    after = ejected(a_pod())
    del after["metadata"]["annotations"][key]
    assert [*rules.breaches_of_state(after, by_hand=False)]
    assert not [*rules.breaches_of_state(after, by_hand=True)]


def test_a_foreign_field_of_our_field_manager_is_one() -> None:
    after = a_pod()
    owned: Json = {"f:metadata": {"f:labels": {".": {}, "f:kubervisor/traffic": {}, "f:app": {}}}}
    after["metadata"]["managedFields"] = [{"manager": rules.FIELD_MANAGER, "fieldsV1": owned}]
    assert [*rules.breaches_of_change(None, after)] == [
        "I3: our field manager owns /metadata/labels/app"
    ]


def test_a_foreign_key_taken_away_together_with_ours_is_one() -> None:
    before = a_pod(mine="1")
    after = ejected(before)
    assert any(breach.startswith("I3") for breach in rules.breaches_of_change(before, after))
    legacy = a_pod(**{"breaker/breakAt": "1"})
    assert not [*rules.breaches_of_change(legacy, ejected(legacy))]


def test_retries_that_grow_by_more_than_ejections_are_one() -> None:
    once = ejected(a_pod())
    assert [*rules.breaches_of_change(a_pod(), ejected(a_pod(), retries=2))]
    assert [*rules.breaches_of_change(once, ejected(a_pod(), retries=2))]
