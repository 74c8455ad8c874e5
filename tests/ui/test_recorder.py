"""What Breakers judge is remembered: a step a minute, outliers, decisions with their numbers."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from kubervisor.runtime.ledger import KeptOutlier
from kubervisor.traffic.measurement import Measurement, NamedPod
from kubervisor.traffic.model import Pod, ServiceKey
from kubervisor.ui.memory import MINUTE
from kubervisor.ui.recorder import FOUND, Recorder
from kubervisor.ui.ring import JUDGED, TRAFFIC, Ring
from tests.builders import BREAKER, KEY, NOW, a_breaker, a_pod, a_policy
from tests.replay.inmemory import Runtime
from tests.ui.stage import Stage


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.add(pods=3)
    return made


def ring(stage: Stage) -> Ring:
    return stage.recorder.read(KEY).rings[BREAKER]


def told(ring: Ring, pod: str) -> list[tuple[float | None, str, str]]:
    """Value, judgement and traffic of a pod, minute by minute."""
    whose = next(one for one in ring.pods if one.name == pod)
    return [
        (
            None if isnan(cell.value) else cell.value,
            JUDGED[cell.judged],
            TRAFFIC[cell.traffic],
        )
        for cell in ring.column(whose)
    ]


def test_the_first_of_many_steps_is_not_kept_unless_it_finds_somebody(stage: Stage) -> None:
    desk = stage.desks[KEY]
    often = replace(desk.assignment.policy.breakers[0], period=5.0)
    policy = replace(desk.assignment.policy, breakers=(often,))
    desk.assign(replace(desk.assignment, policy=policy))
    stage.judge()
    assert stage.recorder.version(KEY) == 0
    stage.now += 5
    stage.judge({"pricer-0": 2.0})
    assert told(ring(stage), "pricer-0") == [(2.0, "f", "s")]
    other = ServiceKey("shop", "other")
    stage.add(other, pods=1, policy=policy)
    stage.judge({"other-0": 90.0}, key=other)
    (kept,) = stage.recorder.read(other).rings.values()
    assert told(kept, "other-0") == [(90.0, "o", "s")]


def test_each_service_is_sampled_at_a_second_of_its_own() -> None:
    stage = Stage()
    stage.recorder = Recorder(spread=iter([0.25, 0.75]).__next__)
    keys = [ServiceKey("shop", name) for name in ("early", "late")]
    stage.now = NOW // MINUTE * MINUTE
    for key in keys:
        stage.add(key, pods=1)
        stage.judge(key=key)
    before, changed = [1, 1], []
    for second in range(1, 2 * MINUTE):
        stage.now += 1
        for key in keys:
            stage.judge(key=key)
        versions = [stage.recorder.version(key) for key in keys]
        changed += [second] * (versions != before)
        before = versions
    assert changed == [MINUTE + 15, MINUTE + 45]


def test_the_first_step_of_a_minute_is_kept(stage: Stage) -> None:
    for share in (1.0, 2.0, 3.0):
        stage.judge({"pricer-0": share})
        stage.now += MINUTE / 2
    assert told(ring(stage), "pricer-0") == [(1.0, "f", "s"), (3.0, "f", "s")]


def test_an_outlier_takes_the_place_of_what_its_pod_was_earlier_in_the_minute(
    stage: Stage,
) -> None:
    stage.judge()
    stage.now += 5
    stage.judge({"pricer-1": 90.0})
    stage.now += 5
    stage.judge()
    assert told(ring(stage), "pricer-1") == [(90.0, "o", "s")]
    assert told(ring(stage), "pricer-0") == [(1.0, "f", "s")]


def test_the_budget_and_what_pods_do_are_kept_beside(stage: Stage) -> None:
    stage.put_pod(KEY, a_pod("pricer-1").ejected())
    stage.put_pod(KEY, a_pod("pricer-2").not_ready())
    stage.put_pod(KEY, a_pod("pricer-3").paused())
    stage.put_pod(KEY, a_pod("pricer-4").held_by_hand())
    stage.judge()
    memory = stage.recorder.read(KEY)
    traffic = [told(memory.rings[BREAKER], f"pricer-{n}")[0][2] for n in range(5)]
    assert traffic == ["s", "e", "w", "p", "h"]
    assert memory.tally is not None
    minute = int(NOW) // MINUTE
    counts = {
        name: next(memory.tally.column(name, minute, 1))
        for name in ("members", "serving", "ejected", "paused")
    }
    assert counts == {"members": 5, "serving": 1, "ejected": 2, "paused": 1}


def test_a_decision_is_told_with_the_finding_that_led_to_it(stage: Stage) -> None:
    stage.judge({"pricer-2": 80.0})
    stage.decide("pricer-2", "Ejected", "80 %")
    stage.now += 5
    stage.judge({"pricer-2": 99.0})
    stage.decide("pricer-2", "Returned")
    ejected, returned = stage.recorder.read(KEY).told
    assert ejected.finding is not None
    assert (ejected.finding.value, ejected.decision.evidence) == (80.0, "80 %")
    assert returned.finding is None


def test_an_outlier_that_a_rule_keeps_in_traffic_is_told_until_it_ceases_to_be_one(
    stage: Stage,
) -> None:
    stage.judge({"pricer-2": 80.0})
    refused = KeptOutlier("pricer-2", "uid-of-pricer-2", BREAKER, NOW, "BudgetExhausted", "80 %")
    stage.desks[KEY].ledger.kept[BREAKER] = (refused,)
    stage.now += 5
    stage.judge({"pricer-2": 81.0})
    (one,) = stage.recorder.read(KEY).told
    assert (one.decision.action, one.decision.reason) == ("Refused", "BudgetExhausted")
    assert one.finding is not None
    assert one.finding.value == 80.0
    assert one.until is None
    del stage.desks[KEY].ledger.kept[BREAKER]
    stage.now += 5
    stage.judge()
    (one,) = stage.recorder.read(KEY).told
    assert one.until == stage.now


def test_only_where_somebody_looks_the_newest_findings_are_kept(stage: Stage) -> None:
    stage.judge()
    assert stage.recorder.read(KEY).looks == {}
    stage.recorder.watch([KEY])
    stage.now += 5
    stage.judge({"pricer-0": 7.0})
    look = stage.recorder.read(KEY).looks[BREAKER]
    assert (look.at, look.findings[0].value) == (stage.now, 7.0)
    stage.recorder.watch([])
    assert stage.recorder.read(KEY).looks == {}


def test_the_version_changes_with_the_samples_and_with_nothing_else(stage: Stage) -> None:
    versions = [stage.recorder.version(KEY)]
    for shares in ({}, {}, {"pricer-0": 90.0}):
        stage.judge(shares)
        versions.append(stage.recorder.version(KEY))
    assert versions == [0, 1, 1, 2]


def test_a_service_that_is_gone_is_forgotten_and_one_that_comes_again_begins_anew(
    stage: Stage,
) -> None:
    other = ServiceKey("shop", "other")
    stage.add(other, pods=1)
    stage.judge()
    stage.judge(key=other)
    stage.decide("pricer-0", "Ejected")
    stage.remove(KEY)
    stage.now += MINUTE
    stage.judge(key=other)
    gone = stage.recorder.read(KEY)
    assert (gone.rings, gone.tally, gone.told) == ({}, None, ())
    stage.add(pods=1)
    stage.judge()
    assert ring(stage).minutes == 1


def test_what_a_breaker_no_longer_in_the_policy_judged_is_forgotten(stage: Stage) -> None:
    stage.judge()
    desk = stage.desks[KEY]
    other = replace(desk.assignment.policy.breakers[0], name="latency")
    policy = replace(desk.assignment.policy, breakers=(other,))
    desk.assign(replace(desk.assignment, policy=policy))
    stage.now += MINUTE
    stage.judge()
    assert set(stage.recorder.read(KEY).rings) == {"latency"}


def test_trouble_of_its_own_is_told_once_and_never_the_breaker_s(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(stage.desks[KEY], "log", _Log(said))
    monkeypatch.setattr(Recorder, "_sample", lambda *_: 1 / 0)
    stage.judge()
    stage.judge()
    assert said == ["Could not keep a sample"]


class _Log:
    def __init__(self, said: list[str]) -> None:
        self._said = said

    def exception(self, event: str, **_: object) -> None:
        self._said.append(event)


def test_a_breaker_tells_of_each_of_its_judgements() -> None:
    pods: list[Pod] = [a_pod(f"p{number}") for number in range(4)]
    breaker = a_breaker("oracle", count=2)
    named = Measurement(named=(NamedPod("p0"),), taken_at=NOW)
    runtime = Runtime(KEY, a_policy(breaker), pods, lambda _: named)
    recorder = Recorder()
    object.__setattr__(runtime._desk.shared, "recorder", recorder)
    assert [write[0] for write in runtime.evaluate(breaker, NOW)] == ["eject"]
    memory = recorder.read(KEY)
    assert told(memory.rings["oracle"], "p0") == [(None, "o", "s")]
    (ejection,) = memory.told
    assert (ejection.decision.action, ejection.decision.pod) == ("Ejected", "p0")
    assert ejection.finding is not None


def test_of_a_thousand_outliers_kept_in_traffic_a_handful_is_told(stage: Stage) -> None:
    everyone = tuple(
        KeptOutlier(f"p{number}", f"u{number}", BREAKER, NOW - number % 7, "Panicking", "")
        for number in range(1000)
    )
    stage.desks[KEY].ledger.kept[BREAKER] = everyone
    for order in (everyone, everyone[::-1]):
        stage.desks[KEY].ledger.kept[BREAKER] = order
        stage.judge()
    told = stage.recorder.read(KEY).told
    assert len(told) == FOUND
    assert {one.until for one in told} == {None}
