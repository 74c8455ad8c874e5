"""The action that has a Breaker take a pod out of traffic: who listens, and what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.kube.watchdog_notes import read_statuses
from kubervisor.rules.actions.action import Done, Patch, Refusal, Step, Target, Wait
from kubervisor.rules.actions.eject import Eject, watchdog_of
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import DictWorld, Json, go_on, previewed, ref_of, refusal

NOW = 1_700_000_000.0
EJECT = Eject()
LISTENING = {"name": "rules", "watchdog": {"trust": "posted"}}
WORD = "status.autocrane.io/rule-slow"


def pod(*, traffic: str = "yes", guard: str = "web", ready: bool = True, **metadata: Any) -> Json:
    labels = {"kubervisor/traffic": traffic} | ({"kubervisor/name": guard} if guard else {})
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": "shop",
            "name": "web-1",
            "uid": "u1",
            "labels": labels,
            **metadata,
        },
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def guard(*breakers: Json, notes: Json | None = None, **spec: Any) -> Json:
    return {
        "kind": "KubervisorService",
        "metadata": {"namespace": "shop", "name": "web", "uid": "kvs", "annotations": notes or {}},
        "spec": {"breakers": list(breakers or (LISTENING,)), **spec},
        "status": {"conditions": [{"type": "Active", "status": "True"}]},
    }


def about(rule: str = "slow") -> Target:
    return Target(ref_of(pod()), rule)


def stored(world: DictWorld) -> Json:
    return world.there("Pod", "shop", "web-1")


def said_on(world: DictWorld) -> tuple[DictWorld, Intent]:
    intent = previewed(EJECT, world, about(), {}, NOW)
    found, intent = go_on(EJECT, world, about().ref, intent, NOW)
    assert isinstance(found, Wait), found
    return world, intent


def step(world: DictWorld, intent: Intent, now: float) -> Step:
    return go_on(EJECT, world, about().ref, intent, now)[0]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"expiry": "9"}, "expiry is '9'; write for how many seconds the Breaker is told, from 10"),
        ({"expiry": "5m"}, "expiry is '5m'"),
        ({"seconds": "60"}, "seconds is no parameter of this action; it takes expiry"),
    ],
)
def test_each_wrong_parameter_is_named_with_its_remedy(
    params: dict[str, str], problem: str
) -> None:
    (found,) = EJECT.problems(params)
    assert problem in found
    assert not EJECT.problems({"expiry": "60"})
    assert not EJECT.problems({})


def test_long_names_of_rules_stay_apart_as_names_of_watchdogs() -> None:
    one, other = watchdog_of("r" * 100), watchdog_of("r" * 101)
    assert one != other
    assert {len(one), len(other)} == {63}


def test_a_preview_says_who_is_asked_and_not_what_changes_with_each_poll() -> None:
    world = DictWorld(pod(), guard())
    intent = previewed(EJECT, world, about(), {"expiry": "60"}, NOW)
    assert intent.summary == "ask KubervisorService shop/web to eject Pod shop/web-1"
    seen = Target(about().ref, "slow", values=("0.7",))
    assert previewed(EJECT, world, seen, {"expiry": "60"}, NOW + 9).goal == intent.goal


@pytest.mark.parametrize(
    ("there", "reason", "is_final"),
    [
        (pod(traffic="no"), "OutOfTraffic", False),
        (pod(traffic="pause"), "OutOfTraffic", False),
        (pod(ready=False), "NotReady", False),
        (pod(guard=""), "NotGuarded", True),
        (pod(guard="deleted"), "NotGuarded", True),
        (pod(uid="another"), "ObjectGone", True),
        (pod(deletionTimestamp="2023-11-14T22:13:20Z"), "ObjectGone", True),
    ],
)
def test_a_pod_without_traffic_to_lose_is_refused(there: Json, reason: str, is_final: bool) -> None:
    found = refusal(EJECT, DictWorld(there, guard()), about(), {}, NOW)
    assert (found.reason, found.is_final) == (reason, is_final)


@pytest.mark.parametrize(
    "breaker",
    [
        {"name": "oracle", "customService": "oracle:80"},
        {"name": "rules", "watchdog": {}},
        {"name": "rules", "watchdog": {"trust": "probed"}},
        {"name": "rules", "watchdog": {"trust": "posted", "names": ["disk"]}},
    ],
)
def test_where_no_breaker_listens_it_says_what_to_write(breaker: Json) -> None:
    found = refusal(EJECT, DictWorld(pod(), guard(breaker)), about(), {}, NOW)
    assert (found.reason, found.is_final) == ("NobodyListens", True)
    assert found.message.endswith("watchdog: {names: [rule-slow], trust: posted}")


@pytest.mark.parametrize("names", [None, [], ["disk", "rule-slow"]])
def test_any_breaker_may_listen(names: list[str] | None) -> None:
    listening = {"name": "b", "watchdog": {"trust": "posted", "names": names}}
    world = DictWorld(pod(), guard({"name": "a", "customService": "oracle:80"}, listening))
    previewed(EJECT, world, about(), {}, NOW)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (guard(dryRun=True), "it is a dry run"),
        (guard(notes={"kubervisor/pause": "true"}), "it is paused"),
    ],
)
def test_a_guard_that_ejects_nothing_is_not_told(there: Json, why: str) -> None:
    found = refusal(EJECT, DictWorld(pod(), there), about(), {}, NOW)
    assert (found.reason, found.is_final) == ("EjectsNothing", False)
    assert found.message.endswith(why)


@pytest.mark.parametrize("kind", ["Ready", "Active"])
def test_a_guard_that_cannot_eject_is_quoted(kind: str) -> None:
    there = guard()
    there["status"]["conditions"] = [{"type": kind, "status": "False", "message": "no selector"}]
    found = refusal(EJECT, DictWorld(pod(), there), about(), {}, NOW)
    assert found.message == "KubervisorService shop/web ejects nothing now: no selector"


def test_its_word_is_one_that_a_breaker_reads() -> None:
    world, _ = said_on(DictWorld(pod(), guard()))
    (word,) = read_statuses(stored(world)["metadata"]["annotations"])
    assert (word.name, word.level, word.at) == ("rule-slow", "error", NOW)
    assert word.expires == NOW + 300
    assert word.message == "the condition of AutopilotRule slow is met"
    assert not word.is_probed


def test_it_speaks_once_and_waits_for_the_breaker() -> None:
    world, intent = said_on(DictWorld(pod(), guard()))
    assert isinstance(step(world, intent, NOW + 299), Wait)
    (deed,) = world.deeds
    assert isinstance(deed, Patch)
    stored(world)["metadata"]["labels"]["kubervisor/traffic"] = "no"
    assert isinstance(step(world, intent, NOW + 299), Done)


def test_a_word_of_an_earlier_time_is_replaced() -> None:
    notes = {WORD: "error/2001-09-09T01:46:40Z/x", "expiry.autocrane.io/rule-slow": "nonsense"}
    world, _ = said_on(DictWorld(pod(annotations=notes), guard()))
    (word,) = read_statuses(stored(world)["metadata"]["annotations"])
    assert word.counts(NOW)


def test_a_pod_that_was_out_and_has_its_traffic_back_counts_as_ejected() -> None:
    world, intent = said_on(DictWorld(pod(), guard()))
    stored(world)["metadata"]["annotations"]["kubervisor/returned-at"] = "2023-11-14T22:13:21Z"
    assert isinstance(step(world, intent, NOW + 5), Done)


def test_a_return_before_the_word_counts_for_nothing() -> None:
    notes = {"kubervisor/returned-at": "2023-11-14T22:13:19Z"}
    world, intent = said_on(DictWorld(pod(annotations=notes), guard()))
    assert isinstance(step(world, intent, NOW + 5), Wait)


def test_a_breaker_that_does_not_eject_in_time_is_no_failure() -> None:
    world, intent = said_on(DictWorld(pod(), guard()))
    found = step(world, intent, NOW + 300)
    assert isinstance(found, Refusal)
    assert (found.reason, found.is_final) == ("NotEjected", False)
    assert len(world.deeds) == 1


def test_a_pod_that_was_replaced_is_not_spoken_of() -> None:
    world = DictWorld(pod(), guard())
    intent = previewed(EJECT, world, about(), {}, NOW)
    stored(world)["metadata"]["uid"] = "another"
    assert isinstance(step(world, intent, NOW), Refusal)
    assert not world.deeds
