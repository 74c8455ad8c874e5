"""`watchdog`: what a pod's own watchdogs say, when it counts, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.detector_policy import Trust, WatchdogPolicy
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.policy import BreakerPolicy, BudgetPolicy, Matches
from kubervisor.traffic.returns import plan_due_returns
from kubervisor.traffic.verdict import AllFine, Finding, Judgement, Verdict
from kubervisor.traffic.watchdogs import UNKNOWN, Level, WatchdogStatus
from tests.builders import (
    NOW,
    PodDraft,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    an_activator,
    fleet_of,
    names,
    reasons,
)

OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE
MINUTE = 60.0
ERROR = WatchdogPolicy()
POSTED_TOO = WatchdogPolicy(trust=Trust.POSTED)


def probed(
    name: str, level: str, *, ago: float = MINUTE, message: str = "full", left: float | None = None
) -> WatchdogStatus:
    expires = None if left is None else NOW + left
    return WatchdogStatus(name, level, NOW - ago, message, expires, is_probed=True)


def posted(
    name: str, level: str, *, ago: float = MINUTE, left: float | None = None
) -> WatchdogStatus:
    return replace(probed(name, level, ago=ago, left=left), is_probed=False)


def saying(*words: WatchdogStatus, pod: Pod | None = None) -> Pod:
    return replace(pod or a_pod(), watchdogs=words)


def breaker(policy: WatchdogPolicy = ERROR, *, warm_up: float = 0.0) -> BreakerPolicy:
    return replace(a_breaker(), detector=policy, warm_up=warm_up)


def judged(
    fleet: Fleet, policy: WatchdogPolicy = ERROR, *, warm_up: float = 0.0, now: float = NOW
) -> Verdict:
    return judge(breaker(policy, warm_up=warm_up), Measurement(now), fleet, now=now)


def finding(pod: Pod, policy: WatchdogPolicy = ERROR, *, warm_up: float = 0.0) -> Finding:
    (found,) = judged(fleet_of(pod), policy, warm_up=warm_up).findings
    return found


@pytest.mark.parametrize(
    ("words", "policy", "judgement"),
    [
        pytest.param([probed("disk", "error")], ERROR, OUTLIER, id="error"),
        pytest.param([probed("disk", "ERROR")], ERROR, OUTLIER, id="in whatever case"),
        pytest.param([probed("disk", "warning")], ERROR, FINE, id="warning is no error"),
        pytest.param([probed("disk", "info")], ERROR, FINE, id="info"),
        pytest.param([probed("disk", "fatal")], ERROR, FINE, id="a level that is none"),
        pytest.param(
            [probed("disk", "info"), probed("net", "error")], ERROR, OUTLIER, id="one of two"
        ),
        pytest.param(
            [probed("disk", "warning")],
            WatchdogPolicy(level=Level.WARNING),
            OUTLIER,
            id="warning, where that is asked for",
        ),
        pytest.param(
            [probed("disk", "error")],
            WatchdogPolicy(level=Level.WARNING),
            OUTLIER,
            id="error is worse than warning",
        ),
        pytest.param(
            [probed("net", "error"), probed("disk", "info")],
            WatchdogPolicy(frozenset({"disk"})),
            FINE,
            id="another watchdog than is asked for",
        ),
        pytest.param(
            [probed("net", "error")],
            WatchdogPolicy(frozenset({"disk"})),
            INCONCLUSIVE,
            id="without the watchdog that is asked for",
        ),
        pytest.param([], ERROR, INCONCLUSIVE, id="without any watchdog"),
        pytest.param(
            [WatchdogStatus("disk", UNKNOWN, is_probed=True)],
            ERROR,
            FINE,
            id="probed and silent: a prober writes what changes",
        ),
    ],
)
def test_who_is_an_outlier(
    words: Iterable[WatchdogStatus], policy: WatchdogPolicy, judgement: Judgement
) -> None:
    assert finding(saying(*words), policy).judgement is judgement


@pytest.mark.parametrize(
    ("word", "policy", "judgement"),
    [
        pytest.param(posted("disk", "error"), ERROR, INCONCLUSIVE, id="posted, by default"),
        pytest.param(posted("disk", "error"), POSTED_TOO, OUTLIER, id="posted, where trusted"),
        pytest.param(probed("disk", "error"), POSTED_TOO, OUTLIER, id="probed, there as well"),
        pytest.param(posted("disk", "error", left=1), POSTED_TOO, OUTLIER, id="not yet expired"),
        pytest.param(posted("disk", "error", left=0), POSTED_TOO, INCONCLUSIVE, id="expired"),
        pytest.param(probed("disk", "error", left=-1), ERROR, INCONCLUSIVE, id="probed, expired"),
        pytest.param(
            WatchdogStatus("disk", "error"), POSTED_TOO, INCONCLUSIVE, id="posted without a time"
        ),
        pytest.param(
            WatchdogStatus("disk", "error", is_probed=True), ERROR, OUTLIER, id="probed without"
        ),
    ],
)
def test_whose_word_counts(
    word: WatchdogStatus, policy: WatchdogPolicy, judgement: Judgement
) -> None:
    assert finding(saying(word), policy).judgement is judgement


RETURNED = a_pod().returned(NOW - 30)
RESTARTED = a_pod().started(NOW - 30)


@pytest.mark.parametrize(
    ("pod", "word", "judgement"),
    [
        pytest.param(
            RETURNED, probed("disk", "error"), OUTLIER, id="a probed word stands over a return"
        ),
        pytest.param(
            RETURNED, posted("disk", "error"), INCONCLUSIVE, id="one posted before it does not"
        ),
        pytest.param(
            RETURNED, posted("disk", "error", ago=10), OUTLIER, id="one posted after it does"
        ),
        pytest.param(
            RESTARTED, probed("disk", "error"), OUTLIER, id="a probed word stands over a start"
        ),
        pytest.param(
            RESTARTED, posted("disk", "error"), INCONCLUSIVE, id="one posted before it does not"
        ),
        pytest.param(
            RESTARTED, posted("disk", "error", ago=10), OUTLIER, id="one posted after it does"
        ),
        pytest.param(
            a_pod().started(None), posted("disk", "error"), OUTLIER, id="a start nobody knows"
        ),
    ],
)
def test_what_was_said_before_a_return_or_a_start(
    pod: PodDraft, word: WatchdogStatus, judgement: Judgement
) -> None:
    assert finding(saying(word, pod=pod), POSTED_TOO).judgement is judgement


def test_after_a_start_the_prober_has_the_warm_up_to_look_again() -> None:
    """Its word is of the containers before until then; what stands after it, it stands by."""
    pod = saying(probed("disk", "error"), pod=RESTARTED)
    young = finding(pod, warm_up=MINUTE)
    assert young.judgement is INCONCLUSIVE
    assert young.evidence.endswith("its containers are younger than 60 s")
    older = saying(probed("disk", "error"), pod=a_pod().started(NOW - MINUTE))
    assert finding(older, warm_up=MINUTE).judgement is OUTLIER


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param(
            probed("disk", "error"), "watchdog disk says error: full, since 07:59:00", id="plain"
        ),
        pytest.param(
            probed("disk", "Error", message=""),
            "watchdog disk says error, since 07:59:00",
            id="without a message",
        ),
        pytest.param(
            probed("disk", "error", ago=86_400),
            "watchdog disk says error: full, since 2027-01-14 08:00:00",
            id="since yesterday",
        ),
        pytest.param(
            WatchdogStatus("disk", "error", None, "full", is_probed=True),
            "watchdog disk says error: full",
            id="since nobody knows when",
        ),
        pytest.param(
            probed("disk", "error", message="{value} {0} %s"),
            "watchdog disk says error: {value} {0} %s, since 07:59:00",
            id="braces are a message's own",
        ),
    ],
)
def test_evidence_is_in_plain_words(word: WatchdogStatus, said: str) -> None:
    assert finding(saying(word)).evidence == said


def test_evidence_is_short_however_much_others_write() -> None:
    words = [probed(f"w{number:02}", "error", message="x" * 1024) for number in range(64)]
    said = finding(saying(*words)).evidence
    assert said.endswith("; and 61 more")
    assert said.startswith("watchdog w00 says error: xxx")
    assert len(said) < 1000
    silent = [posted(f"w{number:02}", "error") for number in range(64)]
    assert len(finding(saying(*silent)).evidence) < 1000


def test_errors_come_before_warnings_in_words_and_in_order() -> None:
    warned = saying(probed("a", "warning"), probed("b", "warning"), pod=a_pod("pricer-0"))
    failed = saying(probed("a", "warning"), probed("b", "error"), pod=a_pod("pricer-1"))
    verdict = judged(fleet_of(warned, failed), WatchdogPolicy(level=Level.WARNING))
    assert [found.name for found in verdict.outliers] == ["pricer-1", "pricer-0"]
    assert verdict.outliers[0].evidence.startswith("watchdog b says error")


@pytest.mark.parametrize(
    ("words", "policy", "said"),
    [
        pytest.param([], ERROR, "the pod has no watchdog", id="none"),
        pytest.param(
            [],
            WatchdogPolicy(frozenset({"net", "disk"})),
            "the pod has no watchdog disk or net",
            id="none of those",
        ),
        pytest.param(
            [posted("disk", "error")],
            ERROR,
            "watchdog disk has no probe on the pod, and posted words are not trusted",
            id="posted",
        ),
    ],
)
def test_why_a_pod_is_not_judged(
    words: Iterable[WatchdogStatus], policy: WatchdogPolicy, said: str
) -> None:
    assert finding(saying(*words), policy).evidence == said


def test_a_fleet_without_a_fault_is_fine_at_a_glance() -> None:
    fleet = fleet_of(*(saying(probed("disk", "info"), pod=a_pod(f"p{n}")) for n in range(3)))
    verdict = judged(fleet)
    assert isinstance(verdict.findings, AllFine)
    assert verdict.findings.fine == tuple(pod.uid for pod in fleet.pods)
    assert [found.name for found in verdict.findings] == ["p0", "p1", "p2"]


def test_pods_that_are_not_ready_have_no_finding() -> None:
    assert not judged(fleet_of(saying(probed("disk", "error"), pod=a_pod().not_ready()))).findings


def of_ten(failing: int) -> Fleet:
    fleet = a_fleet(10)
    return replace(
        fleet,
        pods=tuple(
            saying(probed("disk", "error" if number < failing else "info"), pod=pod)
            for number, pod in enumerate(fleet.pods)
        ),
    )


def test_two_of_three_steps_and_the_budget_hold_as_for_any_detector() -> None:
    one = replace(breaker(), matches=Matches(2, 3), min_available_count=9)
    fleet, memory = of_ten(2), Memory()
    policy = a_policy(one, budget=BudgetPolicy(panic_threshold_percent=50))
    for step, expected in ((0, []), (1, ["pricer-00"])):
        verdict = judge(one, Measurement(NOW + step), fleet, now=NOW + step)
        memory = remember(memory, verdict, steps=3)
        plan = plan_ejections(fleet, verdict, one, policy, memory, now=NOW + step)
        assert names(plan) == expected
    assert reasons(plan) == {"pricer-01": "BudgetExhausted"}


def test_when_half_the_fleet_says_error_it_is_nobodys_own_fault() -> None:
    one, fleet = breaker(), of_ten(5)
    verdict = judged(fleet)
    memory = remember(Memory(), verdict, steps=1)
    policy = a_policy(one, budget=BudgetPolicy(panic_threshold_percent=50))
    plan = plan_ejections(fleet, verdict, one, policy, memory, now=NOW)
    assert not plan.intents
    assert plan.panicking


def test_a_pod_that_is_out_is_judged_too_and_its_return_waits() -> None:
    out = saying(probed("disk", "error"), pod=a_pod().ejected())
    fleet = fleet_of(out, a_pod("pricer-1"))
    (found,) = judged(fleet).outliers
    assert found.pod == out.uid
    policy = a_policy(activator=an_activator(max_period=MINUTE))
    due = {out.uid: -1.0}

    def returns(held: float) -> list[str]:
        flagged = {found.pod: held}
        return names(plan_due_returns(fleet, policy, due, ending=(), flagged=flagged, recent=()))

    assert returns(held=MINUTE / 2) == []
    assert returns(held=MINUTE) == [out.name]
