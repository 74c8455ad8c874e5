"""What `explain` says of a pod, from its labels, the status and Events."""

from __future__ import annotations

import pytest

from kubectl_kubervisor import pods, words
from kubectl_kubervisor.explaining import Case, reasons, timeline, verdict
from kubectl_kubervisor.objects import Guard, Json, Pod
from tests.plugin.bodies import A_MINUTE_AGO, NOW, a_guard, a_pod, an_ejected_pod, at, decided

EVIDENCE = "12 of 40 bad (30 %), tolerance 20 %, peers 1 %"
BUDGET = "10 of 10 serving, floor 5: may eject 5; out for 360 s"


def case(pod: Pod, guard: Guard | None = None, *events: Json, active: bool = True) -> Case:
    return Case(pod, guard or a_guard(), active, events)


VERDICTS = [
    pytest.param(
        an_ejected_pod(),
        "Pod web/shop-1 was ejected by breaker codes 60s ago and returns in 5m.",
        id="ejected",
    ),
    pytest.param(
        an_ejected_pod(**{words.EJECTED_UNTIL: at(5)}),
        "Pod web/shop-1 was ejected by breaker codes 60s ago, and its time is over: "
        "it is about to return.",
        id="ejected, its time is over",
    ),
    pytest.param(
        an_ejected_pod(**{words.REASON: "Requested"}),
        "Pod web/shop-1 was ejected because somebody asked for it 60s ago and returns in 5m.",
        id="ejected on request",
    ),
    pytest.param(
        an_ejected_pod()._replace(
            labels={words.TRAFFIC: "pause", words.STRATEGY: "codes", words.NAME: "shop"}
        ),
        "Pod web/shop-1 was ejected by breaker codes and then paused: only a person returns it.",
        id="paused",
    ),
    pytest.param(
        a_pod(traffic="no"),
        "Pod web/shop-1 was taken out of traffic by hand: only a person returns it.",
        id="held by hand",
    ),
    pytest.param(
        a_pod(traffic=None), "Pod web/shop-1 carries no kubervisor/traffic label.", id="unlabelled"
    ),
    pytest.param(
        a_pod(ready=False), "Pod web/shop-1 may get traffic, but it is not Ready.", id="not Ready"
    ),
    pytest.param(a_pod(deleting=True), "Pod web/shop-1 is being deleted.", id="being deleted"),
    pytest.param(a_pod(), "Pod web/shop-1 is in traffic.", id="in traffic"),
]


@pytest.mark.parametrize(("pod", "said"), VERDICTS)
def test_the_answer_comes_in_one_sentence(pod: Pod, said: str) -> None:
    assert verdict(case(pod), NOW) == said


def test_a_pod_of_nobody_is_told_so() -> None:
    unguarded = Case(a_pod(), None, active=False, events=())
    assert "no member" in verdict(unguarded, NOW)
    assert reasons(unguarded, NOW) == []


def test_an_ejection_is_explained_with_value_threshold_and_budget() -> None:
    guard = a_guard(recent=[decided("Ejected", f"{EVIDENCE}; {BUDGET}")])
    said = dict(reasons(case(an_ejected_pod(), guard), NOW))
    assert said["Evidence"] == EVIDENCE
    assert said["Budget then"] == BUDGET
    assert said["Budget now"] == "9 of 10 serving, floor 5: may eject 4"
    assert said["In a row"] == "2"
    assert said["Return it by"] == "kubectl kubervisor return shop-1 -n web"


def test_an_ejection_that_the_record_no_longer_has_is_explained_by_the_pod_alone() -> None:
    said = dict(reasons(case(an_ejected_pod()), NOW))
    assert said["Evidence"] == EVIDENCE
    assert "Budget then" not in said


def kept(pod: str) -> Json:
    """An outlier that the budget keeps in traffic."""
    return {
        "pod": pod,
        "podUid": f"uid-of-{pod}",
        "breaker": "codes",
        "since": A_MINUTE_AGO,
        "reason": "BudgetExhausted",
        "evidence": "40 % of 50; 5 of 10 serve",
    }


WHY_NOT = [
    pytest.param(a_guard(), "no breaker calls it an outlier", id="nothing is recorded of it"),
    pytest.param(
        a_guard(outliers=[kept("shop-1")]),
        "BudgetExhausted (breaker codes, since 2026-11-21T09:59:00Z): 40 % of 50; 5 of 10 serve",
        id="the budget has no room for it",
    ),
    pytest.param(
        a_guard(outliers=[kept("shop-10")]),
        "no breaker calls it an outlier",
        id="the budget has no room for another",
    ),
    pytest.param(
        a_guard(Panicking=("True", "Panicking", "Ejecting nobody: codes")),
        "Panicking: Ejecting nobody: codes",
        id="the breaker panics",
    ),
    pytest.param(a_guard(DryRun=("True", "DryRun", "writes nothing")), "DryRun", id="a dry run"),
    pytest.param(
        a_guard(SourcesAvailable=("False", "SourceTimeout", "codes: late")),
        "SourceTimeout: codes: late",
        id="its source does not answer",
    ),
    pytest.param(
        a_guard(Ready=("False", "SpecInvalid", "spec.breakers: …")), "SpecInvalid", id="not Ready"
    ),
    pytest.param(
        a_guard(recent=[decided("EjectionRefused", "asked for by hand at …; floor 5")]),
        "asked for and refused",
        id="somebody asked in vain",
    ),
]


@pytest.mark.parametrize(("guard", "says"), WHY_NOT)
def test_a_pod_in_traffic_is_told_what_keeps_it_there(guard: Guard, says: str) -> None:
    assert dict(reasons(case(a_pod(), guard), NOW))["Why not ejected"].startswith(says)


def test_without_our_key_in_the_selector_it_says_that_labels_do_not_matter() -> None:
    said = dict(reasons(case(an_ejected_pod(), active=False), NOW))
    assert "every pod gets traffic" in said["Mind"]


def event(reason: str, note: str, *, ago: float, uid: str = "", count: int = 0) -> Json:
    body: Json = {"reason": reason, "message": note, "eventTime": at(ago), "related": {"uid": uid}}
    return body | ({"series": {"count": count}} if count else {})


def test_the_timeline_joins_the_record_and_events_without_telling_anything_twice() -> None:
    guard = a_guard(recent=[decided("Ejected", "now"), decided("Ejected", pod="shop-2")])
    told = timeline(
        case(
            an_ejected_pod(),
            guard,
            event("PodEjected", "Pod shop-1: Outlier: now", ago=61, uid="uid-of-shop-1"),
            event("PodEjected", "Pod shop-1: Outlier: earlier", ago=900, uid="uid-of-shop-1"),
            event("PodReturned", "Pod shop-1: HoldElapsed: held", ago=600, uid="uid-of-shop-1"),
            event("EjectionRefused", "Breaker codes: shop-1, shop-2: floor", ago=950, count=3),
            event("EjectionRefused", "Breaker codes: shop-10: floor", ago=940),
            event("PodEjected", "Pod shop-3: x", ago=30, uid="uid-of-shop-3"),
        )
    )
    assert [(moment.what, moment.note) for moment in told] == [
        ("EjectionRefused", "Breaker codes: shop-1, shop-2: floor (3 times)"),
        ("Ejected", "earlier"),
        ("Returned", "held"),
        ("Ejected", "now"),
    ]


WATCHED = {
    "probe.autocrane.io/cpu": "POD_IP:8080/cpu",
    "probe.autocrane.io/disk": "POD_IP:8080/disk",
    "status.autocrane.io/disk": "error/2026-11-21T09:59:00/full: /data/db",
    "status.autocrane.io/net": f"warning/{A_MINUTE_AGO}/slow",
    "expiry.autocrane.io/net": A_MINUTE_AGO,
}


def test_each_watchdog_is_told_and_whether_it_counts() -> None:
    told = reasons(case(a_pod(notes=WATCHED)), NOW)
    assert [(name, said) for name, said in told if name.startswith("Watchdog")] == [
        ("Watchdog cpu", "has said nothing"),
        ("Watchdog disk", "error: full: /data/db (60s ago)"),
        ("Watchdog net", "warning: slow (60s ago, posted, expired)"),
    ]


def test_a_list_of_pods_has_the_worst_of_it_and_a_wide_one_all() -> None:
    one = a_pod(notes=WATCHED, labels={words.HEALTH: "error"})
    narrow, wide = (pods.row(one, NOW, wide=wide) for wide in (False, True))
    assert dict(zip(pods.headers(wide=False), narrow, strict=True))["HEALTH"] == "error"
    found = dict(zip(pods.headers(wide=True), wide, strict=True))
    assert found["WATCHDOGS"] == "disk=error, net=warning"
    assert pods.row(a_pod(), NOW, wide=True)[-3:] == ["node-0", "-", "-"]
