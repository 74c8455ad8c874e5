"""The limit on ejections per second of the process."""

from __future__ import annotations

import pytest

from kubervisor.runtime.rate import TokenBucket


class Hands:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def full(rate: float, clock: Hands) -> TokenBucket:
    """A bucket that nobody has taken from for long."""
    bucket = TokenBucket(rate, clock=clock)
    clock.now += 3600
    return bucket


def taken(bucket: TokenBucket) -> int:
    """How many tokens there are now."""
    count = 0
    while bucket.take() == 0:
        count += 1
    return count


def test_little_more_than_a_seconds_worth_at_once() -> None:
    assert taken(full(5, Hands())) == 6


def test_a_process_begins_without_a_burst_and_has_none_after_an_outage() -> None:
    clock = Hands()
    assert taken(TokenBucket(5, clock=clock)) == 1

    bucket = full(5, clock)
    bucket.drain()
    assert taken(bucket) == 0
    clock.now += 1
    assert taken(bucket) == 5


def test_tokens_come_back_with_time_up_to_what_may_be_taken_at_once() -> None:
    clock = Hands()
    bucket = TokenBucket(5, clock=clock)
    taken(bucket)

    clock.now += 0.4
    assert taken(bucket) == 2
    clock.now += 3600
    assert taken(bucket) == 6


def test_the_wait_it_names_is_exactly_long_enough() -> None:
    clock = Hands()
    bucket = TokenBucket(5, clock=clock)
    taken(bucket)

    wait = bucket.take()
    assert wait == pytest.approx(0.2)
    clock.now += wait
    assert bucket.take() == 0


def test_asking_in_vain_costs_nothing() -> None:
    clock = Hands()
    bucket = TokenBucket(1, clock=clock)
    taken(bucket)

    for _ in range(100):
        clock.now += 0.01
        bucket.take()
    clock.now += 0.001

    assert taken(bucket) <= 1
    assert bucket.take() > 0


@pytest.mark.parametrize(("rate", "at_once"), [(0.1, 1), (1, 1), (2.5, 3)])
def test_slow_rates_have_one_token_at_least(rate: float, at_once: int) -> None:
    assert taken(full(rate, Hands())) == at_once


def test_no_window_of_a_second_has_more_than_the_burst_and_the_rate() -> None:
    clock = Hands()
    bucket = TokenBucket(5, clock=clock)
    instants = []
    for _ in range(1000):
        if bucket.take() == 0:
            instants.append(clock.now)
        clock.now += 0.0125

    busiest = max(sum(start <= at < start + 1 for at in instants) for start in instants)
    assert busiest <= 6 + 5
    assert len(instants) <= 6 + 5 * 12.5
