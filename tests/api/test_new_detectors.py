"""What ratio, threshold, deviation, trend and watchdog ask for: queries, rules of evidence,
defaults.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.api.policy import to_policy
from kubervisor.errors import SpecError
from kubervisor.traffic.detector_policy import (
    DeviationPolicy,
    Direction,
    NoData,
    Query,
    RatioPolicy,
    ScrapeRef,
    SourceRef,
    ThresholdPolicy,
    TrendPolicy,
    Trust,
    WatchdogPolicy,
)
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy, BudgetPolicy, Matches
from kubervisor.traffic.watchdogs import Level

MAIN = SourceRef(name="main")
ERRORS, TOTAL = 'http_requests_total{code=~"5.."}', "http_requests_total"


def spec_of(detector: str, fields: dict[str, Any], **breaker: Any) -> dict[str, Any]:
    """A specification of one breaker with that detector, at the source `main` unless it says."""
    source = {} if {"scrape", "prometheusService"} & set(fields) else {"source": "main"}
    breaker = {"name": "b", detector: source | fields} | breaker
    return {"service": "web", "breakers": [breaker]}


def breaker_of(detector: str, **fields: Any) -> BreakerPolicy:
    return to_policy(spec_of(detector, fields)).breakers[0]


def test_ratio_counts_plain_selectors_exactly_over_the_window() -> None:
    assert breaker_of("ratio", errors=ERRORS, total=TOTAL).detector == RatioPolicy(
        source=MAIN,
        queries=(Query(ERRORS, 60.0, raw=True), Query(TOTAL, 60.0, raw=True)),
    )


def test_ratio_by_codes_is_one_query() -> None:
    found = breaker_of("ratio", promQL=TOTAL, codeLabel="code", badCodes="5..|429", window="20s")
    assert found.detector == RatioPolicy(
        source=MAIN,
        queries=(Query(TOTAL, 20.0, raw=True),),
        code_label="code",
        bad_codes="5..|429",
    )


@pytest.mark.parametrize(
    ("promql", "window", "query"),
    [
        pytest.param(
            "sum by (pod) (increase(e[30s]))",
            None,
            Query("sum by (pod) (increase(e[30s]))", 30.0),
            id="an expression is evaluated by Prometheus, with its own reach",
        ),
        pytest.param(
            "pod:errors:increase1m",
            "1m",
            Query("pod:errors:increase1m", 60.0),
            id="a recording rule is no counter: the window says how far back it counts",
        ),
        pytest.param(
            "sum by (pod) (increase(e[2m]))",
            "1m",
            Query("sum by (pod) (increase(e[2m]))", 120.0),
            id="a window cannot shorten an expression's reach",
        ),
        pytest.param(
            '{"http.requests", code="500"}',
            None,
            Query('{"http.requests", code="500"}', 60.0, raw=True),
            id="a quoted name is a plain selector",
        ),
    ],
)
def test_how_counts_are_asked_for(promql: str, window: str | None, query: Query) -> None:
    found = breaker_of("ratio", errors=promql, total=TOTAL, window=window)
    assert isinstance(found.detector, RatioPolicy)
    assert found.detector.queries[0] == query


def test_scrape_reads_counters_of_the_pods_pages() -> None:
    scrape = {"port": 8080, "path": "/m", "interval": "2s"}
    found = breaker_of("ratio", scrape=scrape, errors="pod:errors", total=TOTAL, window="5s")
    assert found.detector == RatioPolicy(
        source=ScrapeRef(8080, "/m", 2.0),
        queries=(Query("pod:errors", 5.0, raw=True), Query(TOTAL, 5.0, raw=True)),
    )


def test_every_tuning_of_ratio_is_carried() -> None:
    found = breaker_of(
        "ratio",
        errors=ERRORS,
        total=TOTAL,
        podLabel="kubernetes_pod_name",
        alpha=1e-3,
        minimumEvents=5,
        minimumActivity=40,
        minimumEffect=0.1,
        noData="Suspect",
    ).detector
    assert isinstance(found, RatioPolicy)
    assert (found.pod_label, found.alpha) == ("kubernetes_pod_name", 1e-3)
    assert (found.minimum_events, found.minimum_activity, found.minimum_effect) == (5, 40, 0.1)
    assert found.no_data is NoData.SUSPECT


def test_threshold_reads_an_instant() -> None:
    assert breaker_of("threshold", promQL="queue_length", above=100).detector == ThresholdPolicy(
        source=MAIN, queries=(Query("queue_length"),), above=100.0
    )


def test_threshold_with_a_total_judges_the_share_of_counted_events() -> None:
    found = breaker_of("threshold", promQL=ERRORS, total=TOTAL, above=0.5)
    assert found.detector == ThresholdPolicy(
        source=MAIN,
        queries=(Query(ERRORS, 60.0, raw=True), Query(TOTAL, 60.0, raw=True)),
        above=0.5,
    )
    assert found.on_requests


def test_deviation_reads_a_level_and_the_requests_behind_it() -> None:
    found = breaker_of("deviation", promQL="latency", requests=TOTAL, direction="both")
    assert found.detector == DeviationPolicy(
        source=MAIN,
        queries=(Query("latency"), Query(TOTAL, 60.0, raw=True)),
        direction=Direction.BOTH,
    )


def test_trend_is_evaluated_at_sixty_points_of_its_window() -> None:
    assert breaker_of("trend", promQL="memory", above=1.5e9).detector == TrendPolicy(
        source=MAIN, queries=(Query("memory", 1800.0, step=30.0),), above=1.5e9
    )
    found = breaker_of("trend", promQL="rate(x[5m])", below=1, window="1h", horizon="30m").detector
    assert isinstance(found, TrendPolicy)
    assert found.queries == (Query("rate(x[5m])", 3900.0, step=60.0),)
    assert found.horizon == 1800.0


@pytest.mark.parametrize(
    ("detector", "fields", "matches"),
    [
        pytest.param("ratio", {"errors": ERRORS, "total": TOTAL}, Matches(2, 3), id="ratio"),
        pytest.param("deviation", {"promQL": "x"}, Matches(2, 3), id="deviation"),
        pytest.param("threshold", {"promQL": "x", "above": 1}, Matches(2, 3), id="threshold"),
        pytest.param(
            "threshold",
            {"promQL": "x", "above": 1, "for": "30s"},
            Matches(1, 1),
            id="threshold that must hold looks back itself",
        ),
        pytest.param(
            "trend", {"promQL": "x", "above": 1}, Matches(1, 1), id="trend looks back itself"
        ),
        pytest.param(
            "trend",
            {"promQL": "x", "above": 1, "matches": {"need": 3, "of": 5}},
            Matches(3, 5),
            id="what the specification says",
        ),
    ],
)
def test_how_many_steps_must_agree(detector: str, fields: dict[str, Any], matches: Matches) -> None:
    assert breaker_of(detector, **fields).matches == matches


def test_threshold_for_is_how_long_a_pod_must_have_been_an_outlier() -> None:
    found = breaker_of("threshold", promQL="x", above=1, **{"for": "30s"})
    assert found.hold_for == 30.0
    assert isinstance(found.detector, ThresholdPolicy)
    assert found.detector.hold_for == 30.0


def test_young_pods_are_not_judged_for_a_minute() -> None:
    assert breaker_of("deviation", promQL="x").warm_up == 60.0
    assert breaker_of("deviation", promQL="x", warmUp="5m").warm_up == 300.0


@pytest.mark.parametrize(
    ("detector", "fields", "on_requests"),
    [
        pytest.param("ratio", {"errors": ERRORS, "total": TOTAL}, True, id="ratio"),
        pytest.param("threshold", {"promQL": "x", "above": 1}, False, id="a level"),
        pytest.param("deviation", {"promQL": "x"}, False, id="a latency"),
        pytest.param("trend", {"promQL": "x", "above": 1}, False, id="a trend"),
    ],
)
def test_only_outcomes_of_requests_may_move_with_a_client(
    detector: str, fields: dict[str, Any], on_requests: bool
) -> None:
    assert breaker_of(detector, **fields).on_requests is on_requests


def test_a_specification_with_a_new_detector_gets_the_new_defaults() -> None:
    policy = to_policy(spec_of("ratio", {"errors": ERRORS, "total": TOTAL}))
    assert policy.budget == BudgetPolicy(panic_threshold_percent=50)
    assert policy.peer_group == ""
    assert policy.default_activator == ActivatorPolicy(
        max_period=300.0, jitter_percent=20.0, probation=60.0, return_stagger=10.0
    )
    assert policy.breakers[0].activator == policy.default_activator


def test_a_period_longer_than_the_default_longest_one_is_the_longest() -> None:
    written = {"period": 3600}
    spec = spec_of("ratio", {"errors": ERRORS, "total": TOTAL}, activator=written)
    assert to_policy(spec).breakers[0].activator.max_period == 3600.0


def test_what_a_specification_says_wins_over_the_new_defaults() -> None:
    spec = spec_of("ratio", {"errors": ERRORS, "total": TOTAL}, activator={"period": 5})
    spec |= {
        "peerGroup": "zone",
        "budget": {"panicThresholdPercent": 80},
        "defaultActivator": {
            "maxPeriod": "20s",
            "jitterPercent": 0,
            "probation": "0s",
            "returnStagger": "0s",
        },
    }
    policy = to_policy(spec)
    assert policy.peer_group == "zone"
    assert policy.budget.panic_threshold_percent == 80
    assert policy.default_activator == ActivatorPolicy(max_period=20.0)
    assert policy.breakers[0].activator == ActivatorPolicy(
        period=5.0, max_period=300.0, jitter_percent=20.0, probation=60.0, return_stagger=10.0
    )


def test_an_original_breaker_beside_a_new_one_keeps_its_own_rules_of_evidence() -> None:
    spec = spec_of("ratio", {"errors": ERRORS, "total": TOTAL})
    spec["breakers"].append({"name": "oracle", "customService": "oracle"})
    oracle = to_policy(spec).breakers[1]
    assert (oracle.matches, oracle.warm_up, oracle.on_requests) == (Matches(), 0.0, False)


@pytest.mark.parametrize(
    "addition",
    [
        pytest.param({"dryRun": True}, id="dry run"),
        pytest.param({"budget": {"minAvailable": 3}}, id="a budget"),
        pytest.param({"defaultActivator": {"maxPeriod": "5m"}}, id="a longest period"),
    ],
)
def test_an_addition_to_an_original_detector_changes_nothing_else(addition: dict[str, Any]) -> None:
    spec = {"service": "web", "breakers": [{"name": "oracle", "customService": "oracle"}]}
    policy = to_policy(spec | addition)
    assert policy.budget.panic_threshold_percent is None
    assert policy.peer_group is None
    assert policy.default_activator.jitter_percent == 0.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param(
            {"scrape": {"port": 80}, "errors": "rate(e[1m])", "total": TOTAL},
            "spec.breakers[0].ratio: must have plain selectors in errors, total and promQL "
            'where scrape is given, such as http_requests_total{code=~"5.."}; the expression in '
            "errors is no plain selector: write a metric's name with matchers, such as "
            'http_requests_total{code=~"5.."}, without functions, ranges or operators',
            id="a function where pages are read",
        ),
        pytest.param(
            {"scrape": {"port": 80}, "errors": r'e{code=~"(5)\\1"}', "total": TOTAL},
            "spec.breakers[0].ratio: must have plain selectors in errors, total and promQL "
            'where scrape is given, such as http_requests_total{code=~"5.."}; the expression in '
            "errors has a pattern for code that has \\1, which is not understood, at character 6",
            id="a pattern that cannot be matched in linear time",
        ),
        pytest.param(
            {"promQL": TOTAL, "codeLabel": "code", "badCodes": "(5"},
            'spec.breakers[0].ratio.badCodes: must be a regular expression such as "5..": it has '
            "a group without its ) at character 3; write characters, classes, groups, | and "
            "* + ? {n,m} only, which are matched in linear time",
            id="codes that are no regular expression",
        ),
    ],
)
def test_messages_say_what_to_write(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        to_policy(spec_of("ratio", fields))
    assert str(refusal.value) == message


def watching(**fields: Any) -> BreakerPolicy:
    breaker = {"name": "b", "watchdog": fields}
    return to_policy({"service": "web", "breakers": [breaker]}).breakers[0]


def test_a_watchdog_is_heard_by_the_rules_of_the_new_detectors() -> None:
    found = watching()
    assert found.detector == WatchdogPolicy(frozenset(), Level.ERROR, Trust.PROBED)
    assert (found.matches, found.warm_up, found.on_requests) == (Matches(2, 3), 60.0, False)
    assert found.activator.max_period == 300.0


def test_every_tuning_of_watchdog_is_carried() -> None:
    found = watching(
        names=["disk", "net"],
        level="warning",
        trust="posted",
        matches={"need": 1, "of": 1},
        warmUp="0s",
    )
    assert found.detector == WatchdogPolicy(frozenset({"disk", "net"}), Level.WARNING, Trust.POSTED)
    assert (found.matches, found.warm_up) == (Matches(1, 1), 0.0)
