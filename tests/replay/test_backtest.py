from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.errors import SourceAnswerUnusable, SourceRejected, SpecError
from kubervisor.replay import pages
from kubervisor.replay.guard import Guard
from kubervisor.replay.outcomes import Returned, Terminated
from kubervisor.replay.rerun import Rerun
from kubervisor.traffic.detector_policy import (
    CustomPolicy,
    DetectorPolicy,
    Direction,
    NoData,
    Query,
    RatioPolicy,
    WatchdogPolicy,
)
from kubervisor.traffic.model import Pod
from kubervisor.traffic.policy import ActivatorMode, BudgetPolicy, Matches, ServicePolicy
from kubervisor.traffic.reasons import Reason
from tests.replay.recorded import Record
from tests.replay.shop import (
    BUSY_DEVIATION,
    DEVIATION,
    DISCRETE,
    KEY,
    RATIO,
    SELECTOR,
    SHARE,
    SOURCE,
    STEP,
    T0,
    THRESHOLD,
    Fault,
    cut,
    events,
    led,
    pod_name,
    policy_with,
    recorded_shop,
    replayed,
)

EACH = pytest.mark.parametrize(
    "detector", [pytest.param(DISCRETE, id="discrete"), pytest.param(RATIO, id="ratio")]
)


@EACH
def test_it_finds_the_fault_that_was_and_nothing_else(detector: DetectorPolicy) -> None:
    result = replayed(recorded_shop((3, 1200, 1500, 0.5)), policy_with(detector))

    ejected = [(one.pod, one.enforced) for one in result.tally.ejections]
    assert set(ejected) == {(pod_name(3), True)}
    first = result.tally.ejections[0]
    assert T0 + 1200 < first.at <= T0 + 1230
    assert "10 of 10 serving" in first.evidence
    assert len(result.pods) == 10
    # Out, back for as long as it takes to see the fault again, out; the last return is for good.
    assert [type(one) for one in result.tally.returns] == [Returned] * len(ejected)
    assert result.tally.returns[-1].at < T0 + 1600


def test_the_samples_of_a_pod_count_neither_while_it_is_out_nor_for_its_return() -> None:
    result = replayed(recorded_shop((3, 600, 3000, 0.5)), policy_with(RATIO, period=300.0))

    times = [one.at - T0 for one in result.tally.ejections]
    back = [one.at - T0 for one in result.tally.returns]
    assert all(b - a == 300 for a, b in zip(times, back, strict=True))
    # 25 s of window need not pass: raw counters are cut at the return.
    assert all(5 <= a - b <= 15 for b, a in zip(back, times[1:], strict=False))


def test_a_terminated_pod_is_replaced_and_what_is_recorded_of_it_counts_no_more() -> None:
    policy = policy_with(RATIO, mode=ActivatorMode.RETRY_AND_KILL, max_retries=0)
    result = replayed(recorded_shop((3, 600, 3000, 0.5)), policy)

    assert [type(one) for one in result.tally.returns] == [Terminated]
    assert len(result.tally.ejections) == 1


def test_what_the_budget_refuses_is_told_with_the_rule() -> None:
    policy = policy_with(RATIO, period=3600.0)
    tight = replace(policy, budget=BudgetPolicy(max_ejected_percent=10))

    result = replayed(recorded_shop((1, 600, 900, 0.5), (2, 700, 900, 0.5)), tight)

    told = {(one.pod, one.refused_by) for one in result.tally.ejections}
    assert told == {(pod_name(1), None), (pod_name(2), Reason.BUDGET_EXHAUSTED)}


def test_a_fault_of_nearly_all_is_a_panic_with_a_beginning_and_an_end() -> None:
    policy = replace(policy_with(DISCRETE), budget=BudgetPolicy(panic_threshold_percent=50))
    faults: list[Fault] = [(number, 600, 900, 0.9) for number in range(8)]

    result = replayed(recorded_shop(*faults), policy)

    (panic,) = result.tally.panics
    assert T0 + 600 < panic.at < T0 + 640
    assert T0 + 900 < panic.until < T0 + 940
    assert not result.tally.enforced


@EACH
@pytest.mark.parametrize("steps", [7, 60, 400])
def test_pages_of_any_length_give_the_same(
    detector: DetectorPolicy, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = recorded_shop((3, 600, 900, 0.5), (4, 700, 750, 0.4), seconds=1800)
    policy = policy_with(detector, matches=Matches(2, 3))
    whole = led(record, Rerun(KEY, policy, STEP), 1800)

    monkeypatch.setattr(pages, "FIRST_STEPS", steps)
    monkeypatch.setattr(pages, "MOST_STEPS", steps)
    lengths: list[int] = []
    paged = led(
        record, Rerun(KEY, policy, STEP), 1800, seen=lambda page: lengths.append(len(page.times))
    )

    assert sum(lengths) == 361
    assert max(lengths) == min(steps, 361)
    assert len(whole.tally.enforced) > 1
    assert events(paged) == events(whole)


def test_no_answer_has_more_points_of_a_series_than_a_prometheus_gives() -> None:
    day = 86_400.0
    record = recorded_shop(pods=2, seconds=day, rate=2)

    result = replayed(record, policy_with(DISCRETE), day)

    assert len(result.pods) == 2
    assert max(_points(asked) for asked in record.asked if "step" in asked) <= pages.MOST_STEPS


def _points(asked: dict[str, str]) -> float:
    return (float(asked["end"]) - float(asked["start"])) / float(asked["step"]) + 1


@EACH
def test_a_verdict_knows_nothing_of_later_samples(detector: DetectorPolicy) -> None:
    """The past up to an instant is decided alike, whatever comes after."""
    record = recorded_shop((3, 600, 660, 0.5), (5, 700, 900, 0.6), seconds=1200)
    policy = policy_with(detector)
    whole = events(led(record, Rerun(KEY, policy, STEP), 1200))
    for seconds in (605, 615, 640, 720, 905):
        known = led(cut(record, T0 + seconds), Rerun(KEY, policy, STEP), float(seconds))
        until = [e for e in whole if getattr(e, "at", np.inf) <= T0 + seconds]
        assert [e for e in events(known) if hasattr(e, "at")] == until


faults = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(60, 500).map(float),
        st.integers(5, 200).map(float),
        st.sampled_from([0.04, 0.1, 0.3, 0.8]),
    ),
    max_size=5,
)


DETECTORS = (
    DISCRETE,
    RATIO,
    replace(RATIO, alpha=1e-2, minimum_effect=0.01),
    replace(RATIO, no_data=NoData.FAIL),
    DEVIATION,
    replace(DEVIATION, direction=Direction.BOTH, minimum_factor=1.1),
    BUSY_DEVIATION,
    THRESHOLD,
    SHARE,
)


@settings(max_examples=60)
@given(
    found=faults,
    detector=st.sampled_from(DETECTORS),
    matches=st.sampled_from([Matches(), Matches(2, 3)]),
    seed=st.integers(0, 1000),
    pods=st.integers(2, 6),
    period=st.sampled_from([7.0, 40.0]),
    probation=st.sampled_from([0.0, 60.0]),
)
def test_steps_that_are_skipped_would_have_changed_nothing(
    found: list[Fault],
    detector: DetectorPolicy,
    matches: Matches,
    seed: int,
    pods: int,
    period: float,
    probation: float,
) -> None:
    record = recorded_shop(
        *((pod, begin, begin + length, share) for pod, begin, length, share in found),
        pods=pods,
        seconds=800,
        seed=seed,
        rate=4,
    )
    policy = policy_with(detector, matches=matches, period=period, probation=probation)

    skipping = led(record, Rerun(KEY, policy, STEP), 800)
    judging = led(record, Rerun(KEY, policy, STEP, screened=False), 800)

    assert events(skipping) == events(judging)
    assert skipping.tally.judged_steps <= judging.tally.judged_steps == 161


def test_a_quiet_day_is_hardly_judged_at_all() -> None:
    result = replayed(recorded_shop(seconds=7200), policy_with(RATIO), 7200)

    assert result.tally.judged_steps < 30


def test_a_breaker_judges_at_its_own_period() -> None:
    policy = policy_with(RATIO)
    (breaker,) = policy.breakers
    slow = replace(policy, breakers=(replace(breaker, period=30.0),))

    judging = led(recorded_shop(seconds=600), Rerun(KEY, slow, STEP, screened=False), 600)

    assert judging.tally.judged_steps == 21


def test_pods_join_with_their_first_sample_and_leave_after_their_last() -> None:
    record = recorded_shop(pods=3, seconds=1200)
    times = T0 + np.arange(400, 800, 5.0)
    for code, count in (("200", 90), ("500", 10)):
        labels = {"namespace": "shop", "pod": "late", "code": code}
        record.add(SELECTOR, labels, times, np.arange(len(times)) * float(count))
    policy = policy_with(replace(RATIO, alpha=1e-12))
    rerun = Rerun(KEY, policy, STEP, screened=False)
    sizes: list[int] = []

    class Counting(Guard):
        def admit(self, pods: Iterable[Pod]) -> None:
            members = tuple(pods)
            sizes.append(len(members))
            super().admit(members)

    rerun.guard = Counting(KEY, policy)
    led(record, rerun, 1200)

    assert [size for size, _ in itertools.groupby(sizes)] == [3, 4, 3]


def test_alternatives_show_what_other_settings_would_have_done() -> None:
    """A gray fault of 5.2 % is seen by the tighter setting only."""
    detector = replace(RATIO, minimum_effect=0.06)
    record = recorded_shop((3, 600, 3000, 0.052), rate=200)
    result = replayed(record, policy_with(detector))

    ejections = {title.split(":")[0]: len(t.enforced) for title, t in result.alternatives.items()}
    assert result.tally.enforced == []
    assert ejections["tighter"] > 0
    assert ejections["looser"] == 0


def test_samples_of_other_namespaces_are_nobody() -> None:
    record = recorded_shop(pods=3, seconds=600)
    record.add(SELECTOR, {"namespace": "other", "pod": "x", "code": "500"}, [T0, T0 + 60], [0, 9])

    assert replayed(record, policy_with(RATIO), 600).pods == tuple(map(pod_name, range(3)))


def _nothing_recorded() -> Record:
    return Record()


def _without_pod_label() -> Record:
    record = Record()
    record.add(SELECTOR, {"code": "200"}, [T0, T0 + 60], [1, 2])
    return record


def _refusing() -> Record:
    return Record(status=400, error='invalid parameter "query": 1:4: parse error')


@pytest.mark.parametrize(
    ("record", "error", "says"),
    [
        pytest.param(_nothing_recorded(), SourceAnswerUnusable, "No samples of a pod", id="none"),
        pytest.param(_without_pod_label(), SourceAnswerUnusable, "no label pod", id="no pod label"),
        pytest.param(_refusing(), SourceRejected, "parse error", id="a query that is none"),
    ],
)
def test_a_past_that_says_nothing_is_an_error_in_words(
    record: Record, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        replayed(record, policy_with(RATIO), 600)


@pytest.mark.parametrize("detector", [CustomPolicy(SOURCE), WatchdogPolicy()])
def test_a_detector_without_queries_has_no_past(detector: DetectorPolicy) -> None:
    with pytest.raises(SpecError, match="remove that breaker"):
        replayed(Record(), policy_with(detector), 600)


def test_two_queries_are_parts_of_one_measurement() -> None:
    record = recorded_shop((3, 600, 900, 0.5), seconds=1200)
    queries = (Query("errors", 25.0, raw=True), Query(SELECTOR, 25.0, raw=True))
    policy: ServicePolicy = policy_with(RatioPolicy(SOURCE, queries))

    result = replayed(record, policy, 1200)

    assert {one.pod for one in result.tally.enforced} == {pod_name(3)}


@pytest.mark.parametrize(
    "detector",
    [
        pytest.param(DEVIATION, id="deviation"),
        pytest.param(BUSY_DEVIATION, id="deviation of pods with requests"),
        pytest.param(THRESHOLD, id="threshold"),
        pytest.param(SHARE, id="threshold of a share"),
    ],
)
def test_every_detector_finds_its_fault(detector: DetectorPolicy) -> None:
    result = replayed(recorded_shop((3, 600, 900, 0.5), seconds=1200), policy_with(detector), 1200)

    assert {one.pod for one in result.tally.enforced} == {pod_name(3)}


def test_kube_state_metrics_say_who_was_ready_and_how_old() -> None:
    record = recorded_shop((3, 600, 900, 0.5), seconds=1200)
    for number in range(10):
        labels = {"namespace": "shop", "pod": pod_name(number), "uid": f"uid-{number}"}
        # Seven are not Ready while the fault lasts, so the floor is reached at once.
        unready = (number >= 4) * np.array([0, 1, 1, 0])
        times = np.array([T0 - 60, T0 + 500, T0 + 950, T0 + 1000])
        every = np.arange(T0 - 60, T0 + 1201, 30.0)
        values = 1 - unready[np.searchsorted(times, every, side="right") - 1]
        record.add("kube_pod_status_ready", labels, every, values)
        record.add("kube_pod_created", labels, [T0], [T0 - 5000])
    policy = policy_with(RATIO)
    (breaker,) = policy.breakers
    careful = replace(policy, breakers=(replace(breaker, min_available_count=4),))

    told = replayed(record, careful, 1200).tally.ejections

    assert {(one.uid, one.refused_by) for one in told} == {("uid-3", Reason.BUDGET_EXHAUSTED)}
    assert "4 of 10 serving" in told[0].evidence
