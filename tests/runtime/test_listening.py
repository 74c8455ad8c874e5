"""Listeners: breakers that listen to watchdogs judge at once, each out of turn once in a period."""

from __future__ import annotations

from kubervisor.runtime.clock import Clock
from kubervisor.runtime.listening import Listeners
from kubervisor.traffic.detector_policy import CustomPolicy, SourceRef, WatchdogPolicy
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy

LISTENS = BreakerPolicy("disk", WatchdogPolicy(), ActivatorPolicy(), period=5.0)
ASKS = BreakerPolicy("oracle", CustomPolicy(SourceRef(name="m")), ActivatorPolicy())


class Bench:
    def __init__(self, *breakers: BreakerPolicy) -> None:
        self.now = 100.0
        self.listeners = Listeners(Clock(monotonic=lambda: self.now))
        self.listeners.keep(breakers)

    def judged(self, *heard_at: float) -> list[float]:
        """When it judged out of turn, in seconds, where watchdogs spoke at these."""
        began, found = self.now, []
        for at in heard_at:
            self.now = began + at
            self.listeners.hear()
            if LISTENS in self.listeners.now_due():
                found.append(at)
        return found


def test_a_word_is_judged_at_once_and_a_storm_of_them_once_in_a_period() -> None:
    assert Bench(LISTENS, ASKS).judged(0, 0.1, 4.9, 5, 6, 11) == [0, 5, 11]


def test_only_those_that_listen_judge() -> None:
    bench = Bench(LISTENS, ASKS)
    assert bench.listeners.hear()
    assert bench.listeners.now_due() == {LISTENS: bench.now}
    assert bench.listeners.now_due() == {}


def test_nobody_is_woken_where_nobody_listens() -> None:
    bench = Bench(ASKS)
    assert not bench.listeners.hear()
    assert bench.listeners.now_due() == {}


def test_a_breaker_that_is_gone_judges_no_more() -> None:
    bench = Bench(LISTENS)
    bench.listeners.hear()
    bench.listeners.keep(())
    assert bench.listeners.now_due() == {}
