from __future__ import annotations

import numpy as np
import pytest

from kubervisor.errors import SpecError
from kubervisor.simulation.answers import Answers
from kubervisor.simulation.scenario import Fault, Scenario, Scrapes
from kubervisor.simulation.scraping import EPOCH
from kubervisor.traffic.detector_policy import (
    CustomPolicy,
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    Query,
    RatioPolicy,
    SourceRef,
    TrendPolicy,
    WatchdogPolicy,
)
from tests.simulation.fleets import scraped

SOURCE = SourceRef("main")


def answers(detector: DetectorPolicy, scenario: Scenario) -> Answers:
    return Answers(*scraped(scenario), detector)


def test_a_window_holds_the_samples_that_are_younger_than_it() -> None:
    world, scraper = scraped(Scenario(pods=3, scrapes=Scrapes(interval=5)))
    for pod in range(3):
        times, values = scraper.samples(world.successes, pod, 100, 160)
        assert len(times) == 12
        assert EPOCH + 100 < min(times) <= max(times) <= EPOCH + 160
        assert set(np.diff(times)) == {5.0}
        assert values == tuple(sorted(values))


def test_increase_is_spread_over_the_window() -> None:
    world, scraper = scraped(Scenario(pods=1, scrapes=Scrapes(interval=10)))
    times, values = scraper.samples(world.successes, 0, 100, 160)
    grown = scraper.increase(world.successes, 0, 100, 160)
    assert grown == pytest.approx((values[-1] - values[0]) * 60 / (times[-1] - times[0]))
    assert scraper.increase(world.successes, 0, 100, 112) is None


def test_what_is_screened_is_what_is_scraped() -> None:
    world, scraper = scraped(Scenario(pods=4))
    ends = np.arange(70, 600, 7)
    screened = scraper.increments(world.failures, ends, 60)
    for row, end in enumerate(ends):
        for pod in range(4):
            _, values = scraper.samples(world.failures, pod, int(end) - 60, int(end))
            assert screened[row, pod] == values[-1] - values[0]


def test_missing_and_silent_scrapes_leave_gaps() -> None:
    faults = (Fault(pods=(0,), missing=50), Fault(pods=(1,), start=300, silent=True))
    world, scraper = scraped(Scenario(pods=3, faults=faults))
    counts = [len(scraper.samples(world.successes, pod, 0, 600)[0]) for pod in range(3)]
    assert 40 < counts[0] < 80
    assert 58 <= counts[1] <= 62
    assert counts[2] == 120
    assert scraper.samples(world.successes, 1, 310, 600) == ((), ())


def test_a_restart_resets_the_counters() -> None:
    world, scraper = scraped(Scenario(pods=1, faults=(Fault(start=300, restart=True),)))
    _, values = scraper.samples(world.successes, 0, 280, 330)
    assert min(np.diff(values)) < 0
    plain = float(world.successes[329, 0] - world.successes[281, 0])
    assert scraper.increase(world.successes, 0, 280, 330) == pytest.approx(plain, rel=0.3)


def test_a_skewed_clock_moves_the_instants_not_the_values() -> None:
    scenario = Scenario(pods=1)
    plain_world, plain = scraped(scenario)
    world, skewed = scraped(
        scenario.model_copy(update={"faults": (Fault(skew=-3, outlier=False),)})
    )
    times, values = plain.samples(plain_world.successes, 0, 100, 160)
    stamped, seen = skewed.samples(world.successes, 0, 100, 160)
    assert set(stamped) >= {at - 3 for at in times[1:]}
    assert max(stamped) <= EPOCH + 160
    assert len(values) >= len(seen) - 1


def test_plain_selectors_are_answered_with_raw_series_by_code() -> None:
    queries = (
        Query('http_requests_total{code=~"5.."}', 60, raw=True),
        Query("http_requests_total", 60, raw=True),
    )
    found = answers(RatioPolicy(SOURCE, queries), Scenario(pods=2)).at(200)
    failures, requests = found.parts
    assert [series.labels["code"] for series in failures.series] == ["500", "500"]
    assert [series.labels["code"] for series in requests.series] == ["200", "500"] * 2
    assert {series.labels["pod"] for series in requests.series} == {"pod-0", "pod-1"}
    assert found.taken_at == EPOCH + 200
    assert found.window == 60


def test_an_expression_is_answered_with_the_increase() -> None:
    query = "sum by (pod, code) (increase(http_requests_total[60s]))"
    policy = DiscretePolicy(SOURCE, query, "code", "pod", good=frozenset({"200"}))
    found = answers(policy, Scenario(pods=2)).at(200)
    assert [sample.labels["code"] for sample in found.samples] == ["200", "500"] * 2
    assert next(iter(found.samples)).value == pytest.approx(1200, rel=0.5)


def test_latency_is_the_mean_and_counts_come_with_it() -> None:
    query = (
        "increase(http_request_duration_seconds_sum[60s])"
        " / increase(http_request_duration_seconds_count[60s])"
    )
    count = "increase(http_request_duration_seconds_count[60s])"
    policy = DeviationPolicy(SOURCE, (Query(query, 60), Query(count, 60)))
    found = answers(policy, Scenario(pods=2)).at(200)
    latency, requests = found.parts
    assert [sample.value for sample in latency.samples] == pytest.approx([0.083] * 2, rel=0.3)
    assert all(sample.value > 500 for sample in requests.samples)


def test_a_range_query_is_answered_at_its_steps() -> None:
    policy = TrendPolicy(SOURCE, (Query("process_resident_memory_bytes", 300, step=30),), above=1e9)
    found = answers(policy, Scenario(pods=2)).at(500)
    (first, _) = found.series
    assert len(first.times) == 10
    assert set(np.diff(first.times)) == {30.0}
    assert first.times[-1] > EPOCH + 490


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        (CustomPolicy(SOURCE), "nobody to ask"),
        (WatchdogPolicy(), "have no watchdogs"),
        (DiscretePolicy(SOURCE, "up", "code", "pod"), "simulated pods export"),
        (
            TrendPolicy(SOURCE, (Query("http_requests_total", 300, step=30),), above=1.0),
            "for range queries only",
        ),
    ],
    ids=["a custom service", "watchdogs", "an unknown metric", "a range query of a counter"],
)
def test_what_a_simulation_cannot_answer_is_said(detector: DetectorPolicy, said: str) -> None:
    with pytest.raises(SpecError) as raised:
        answers(detector, Scenario(pods=1)).at(400)
    assert said in str(raised.value)
