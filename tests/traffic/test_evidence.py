"""When evidence counts: fresh windows, warm-up, m of n steps, probation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.evidence import (
    Memory,
    Streak,
    is_fresh,
    is_matched,
    on_probation,
    remember,
    with_ejection,
)
from kubervisor.traffic.measurement import Measurement, NamedPod
from kubervisor.traffic.model import Pod
from kubervisor.traffic.policy import BreakerPolicy, Matches
from kubervisor.traffic.verdict import AllFine, Finding, Judgement, NoOutlier, Verdict
from tests.builders import (
    NOW,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    a_verdict,
    an_activator,
    fleet_of,
    reasons,
)
from tests.traffic.measured import RATIO, failing

TWO_OF_THREE = a_breaker(matches=Matches(need=2, of=3))


@pytest.mark.parametrize(
    ("pod", "window", "breaker", "counts"),
    [
        pytest.param(a_pod(), 30, a_breaker(), True, id="a pod that never returned"),
        pytest.param(
            a_pod().returned(NOW - 31), 30, a_breaker(), True, id="window after the return"
        ),
        pytest.param(a_pod().returned(NOW - 30), 30, a_breaker(), True, id="window starts with it"),
        pytest.param(a_pod().returned(NOW - 29), 30, a_breaker(), False, id="window before it"),
        pytest.param(a_pod().returned(NOW - 1), 0, a_breaker(), True, id="an instant after it"),
        pytest.param(
            a_pod().returned(NOW + 3600),
            30,
            a_breaker(),
            True,
            id="a return in the future: the clock stepped back, it says nothing",
        ),
        pytest.param(
            a_pod().started(NOW - 5), 30, a_breaker(), True, id="young, but no warm-up is asked for"
        ),
        pytest.param(
            a_pod().started(NOW - 50),
            30,
            a_breaker(warm_up=60),
            False,
            id="younger than its warm-up",
        ),
        pytest.param(a_pod().started(NOW - 90), 30, a_breaker(warm_up=60), True, id="warmed up"),
        pytest.param(
            a_pod().started(NOW - 89),
            30,
            a_breaker(warm_up=60),
            False,
            id="warmed up, but the window holds a second of the warm-up",
        ),
        pytest.param(
            a_pod().started(NOW - 61),
            90,
            a_breaker(warm_up=60),
            False,
            id="warmed up, but the window starts before the container",
        ),
        pytest.param(a_pod().started(None), 30, a_breaker(warm_up=60), True, id="start unknown"),
    ],
)
def test_freshness(pod: Pod, window: float, breaker: BreakerPolicy, counts: bool) -> None:
    assert is_fresh(Measurement(NOW, window=window), pod, breaker, NOW) is counts


def test_a_detector_is_inconclusive_about_pods_whose_evidence_is_stale() -> None:
    fleet = fleet_of(a_pod("back").returned(NOW - 10), a_pod("other"))
    breaker = a_breaker()
    named = (NamedPod("back"), NamedPod("other"))

    verdict = judge(breaker, Measurement(NOW, window=30, named=named), fleet, now=NOW)

    back, other = verdict.findings
    assert (back.name, back.judgement) == ("back", Judgement.INCONCLUSIVE)
    assert "before the pod's last return" in back.evidence
    assert (other.name, other.judgement) == ("other", Judgement.OUTLIER)


def test_a_young_pod_does_not_keep_a_fleet_from_being_fine_at_a_glance() -> None:
    young = a_pod("young").started(NOW - 5)
    fleet = fleet_of(young, a_pod("a"), a_pod("b"))
    measurement = failing({"a": (12, 1200), "b": (12, 1200)})

    breaker = replace(a_breaker(), detector=RATIO, warm_up=60.0)
    verdict = judge(breaker, measurement, fleet, now=NOW)

    assert isinstance(verdict.findings, NoOutlier)
    assert verdict.findings.unsure == (young.uid,)
    (said,) = [f.said for f in verdict.findings if f.judgement is Judgement.INCONCLUSIVE]
    assert said == "no samples; its containers are younger than 60 s"


def test_stale_steps_do_not_count_towards_m_of_n() -> None:
    fleet = fleet_of(a_pod("back").returned(NOW), a_pod("other"))
    memory = Memory()
    for seconds in (10, 20, 30):
        measurement = Measurement(NOW + seconds, window=30, named=(NamedPod("back"),))
        verdict = judge(TWO_OF_THREE, measurement, fleet, now=NOW + seconds)
        memory = remember(memory, verdict, steps=3)

    assert memory.known[a_pod("back").uid].steps == (True,)


def seen(*steps: str, pod: Pod | None = None) -> Memory:
    """The memory after steps of one pod, ten seconds apart: `x` outlier, `.` fine, `?` unsure."""
    fleet = fleet_of(pod or a_pod("p"))
    memory = Memory()
    for index, step in enumerate(steps):
        verdict = a_verdict(
            fleet,
            ["p"] if step == "x" else [],
            at=NOW + 10 * index,
            inconclusive=["p"] if step == "?" else [],
        )
        memory = remember(memory, verdict, steps=3)
    return memory


@pytest.mark.parametrize(
    ("steps", "matched"),
    [
        ("x", False),
        ("xx", True),
        ("x.x", True),
        ("x..", False),
        ("x..x", False),
        (".xx", True),
        ("xx.", True),
        ("xx..", False),
        ("x?x", True),
        ("x?", False),
        ("???", False),
        ("xx???", True),
    ],
)
def test_two_of_the_last_three_conclusive_steps(steps: str, matched: bool) -> None:
    assert is_matched(seen(*steps), a_pod("p"), TWO_OF_THREE, NOW) is matched


def test_one_step_suffices_by_default() -> None:
    assert is_matched(seen("x"), a_pod("p"), a_breaker(), NOW)


def test_one_step_suffices_on_probation() -> None:
    breaker = replace(TWO_OF_THREE, activator=an_activator(probation=60))
    back, long_back = a_pod("p").returned(NOW - 59), a_pod("p").returned(NOW - 60)

    assert is_matched(seen("x"), back, breaker, NOW)
    assert not is_matched(seen("x"), long_back, breaker, NOW)


def test_a_pod_that_never_returned_is_not_on_probation() -> None:
    assert not on_probation(a_pod(), a_breaker(activator=an_activator(probation=60)), NOW)


def test_too_few_matching_steps_are_a_refusal() -> None:
    fleet = a_fleet(3)
    verdict = a_verdict(fleet, ["pricer-00"])
    memory = remember(Memory(), verdict, steps=3)

    plan = plan_ejections(fleet, verdict, TWO_OF_THREE, a_policy(TWO_OF_THREE), memory, now=NOW)

    assert plan.intents == ()
    assert reasons(plan) == {"pricer-00": "MatchesNotReached"}


def test_a_pod_that_is_no_longer_judged_is_forgotten() -> None:
    memory = remember(Memory(), a_verdict(a_fleet(2), ["pricer-00"]), steps=3)

    memory = remember(memory, a_verdict(fleet_of(a_pod("pricer-01")), []), steps=3)

    assert set(memory.known) == {a_pod("pricer-01").uid}


@pytest.mark.parametrize(
    ("steps", "fine_since", "outlier_since"),
    [
        ("..", 0, None),
        ("..x", 0, 20),
        ("..xx", 0, 20),
        ("..x?", 0, 20),
        ("..x.", 30, None),
        ("x", None, 0),
        ("x?.", 20, None),
        ("?", None, None),
    ],
)
def test_since_when_a_pod_has_been_fine_or_an_outlier(
    steps: str, fine_since: float | None, outlier_since: float | None
) -> None:
    streak = seen(*steps).known[a_pod("p").uid]

    def instant(since: float | None) -> float | None:
        return None if since is None else NOW + since

    assert (streak.fine_since, streak.outlier_since) == (
        instant(fine_since),
        instant(outlier_since),
    )


def test_an_inconclusive_step_leaves_the_streak_as_it_was() -> None:
    assert seen("x", "?") == seen("x")
    assert seen("?").known[a_pod("p").uid] == Streak()


def test_old_ejections_are_dropped_from_the_memory() -> None:
    first, second = a_pod("a").uid, a_pod("b").uid

    memory = with_ejection(Memory(), first, NOW - 3600)
    memory = with_ejection(memory, second, NOW)

    assert memory.ejections == ((second, NOW),)


@pytest.mark.parametrize(
    ("steps", "matched"),
    [
        pytest.param([1, 3, 3], True, id="three, the first of another kind"),
        pytest.param([3, 3], False, id="two"),
        pytest.param([3, 3, 3], True, id="three"),
        pytest.param([3, 3, 0, 3], False, id="a break"),
        pytest.param([3, 3, 3, 1], True, id="what asks for one step needs one"),
    ],
)
def test_a_finding_may_ask_for_several_steps_on_end(steps: list[int], matched: bool) -> None:
    """Each number is how many steps on end the outlier asks for; 0 for a pod that is fine."""
    pod, memory = a_pod("p"), Memory()
    for index, in_a_row in enumerate(steps):
        judgement = Judgement.OUTLIER if in_a_row else Judgement.FINE
        finding = Finding(pod.uid, "p", judgement, in_a_row=in_a_row or 1)
        memory = remember(memory, Verdict("errors", NOW + index, 0.0, (finding,)), steps=1)

    assert is_matched(memory, pod, a_breaker(), NOW) is matched


def test_a_verdict_in_which_all_are_fine_is_remembered_like_its_findings() -> None:
    pods = a_fleet(4)
    found = tuple(Finding(p.uid, p.name, Judgement.FINE) for p in pods.pods)
    lazy = AllFine([p.uid for p in pods.pods], lambda: found)
    once = remember(Memory(), a_verdict(pods, ["pricer-01"]), steps=3)
    twice = remember(once, a_verdict(pods, [], inconclusive=["pricer-02"]), steps=3)

    for memory in (Memory(), once, twice):
        expected = remember(memory, Verdict("errors", NOW + 9, 0.0, found), steps=3)
        assert remember(memory, Verdict("errors", NOW + 9, 0.0, lazy), steps=3) == expected
    assert lazy == found
