"""The loop: wakes, stops, and errors that never end it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import structlog
from structlog.testing import CapturingLogger

from kubervisor.errors import LeadershipLost, SourceUnavailable
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import LONGEST_BACKOFF, Loop
from kubervisor.runtime.scheduler import Scheduler

PATIENCE = 10.0
FOR_EVER = 1000.0


class Steps:
    """Steps that say when they begin, and do what they are told."""

    def __init__(self, *acts: Callable[[], float]) -> None:
        self._acts = list(acts)
        self._begun = threading.Semaphore(0)
        self.count = 0

    def __call__(self) -> float:
        self.count += 1
        self._begun.release()
        return self._acts.pop(0)() if self._acts else FOR_EVER

    def one_more(self, timeout: float = PATIENCE) -> bool:
        """True once another step has begun."""
        return self._begun.acquire(timeout=timeout)


class Bench:
    """A loop, its log, and its end."""

    def __init__(self) -> None:
        self.lines = CapturingLogger()
        self._scheduler = Scheduler("test", Clock())
        self._loops: list[Loop] = []

    def loop(self, step: Callable[[], float]) -> Loop:
        log = structlog.wrap_logger(
            self.lines,
            processors=[lambda _l, _n, event: event],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        loop = Loop("test", "test", step, scheduler=self._scheduler, clock=Clock(), log=log)
        self._loops.append(loop)
        return loop

    def said(self, level: str) -> list[str]:
        return [call.kwargs["event"] for call in self.lines.calls if call.method_name == level]

    def end(self) -> None:
        for loop in self._loops:
            loop.stop()
            assert loop.join(PATIENCE)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.end()


def fail(error: Exception) -> Callable[[], float]:
    def act() -> float:
        raise error

    return act


def test_the_first_step_follows_the_start_at_once(bench: Bench) -> None:
    steps = Steps()
    bench.loop(steps).start()

    assert steps.one_more()


def test_a_wake_ends_one_wait(bench: Bench) -> None:
    steps = Steps()
    loop = bench.loop(steps)
    loop.start()
    assert steps.one_more()

    loop.wake()

    assert steps.one_more()
    assert not steps.one_more(timeout=0.1)


def test_a_wake_during_a_step_is_not_lost(bench: Bench) -> None:
    go_on = threading.Event()

    def slow() -> float:
        assert go_on.wait(PATIENCE)
        return FOR_EVER

    steps = Steps(slow)
    loop = bench.loop(steps)
    loop.start()
    assert steps.one_more()
    loop.wake()
    go_on.set()

    assert steps.one_more()


def test_a_stop_during_a_step_is_not_lost(bench: Bench) -> None:
    def last() -> float:
        loop.stop()
        return FOR_EVER

    steps = Steps(last)
    loop = bench.loop(steps)
    loop.start()

    assert loop.join(PATIENCE)
    assert steps.count == 1


def test_without_a_wake_the_next_step_waits_as_long_as_the_last_one_said(bench: Bench) -> None:
    steps = Steps(lambda: 0.03, lambda: 0.0)
    bench.loop(steps).start()

    assert all(steps.one_more() for _ in range(3))
    assert not steps.one_more(timeout=0.05)


def test_stop_ends_the_wait_at_once(bench: Bench) -> None:
    steps = Steps()
    loop = bench.loop(steps)
    loop.start()
    assert steps.one_more()

    loop.stop()

    assert loop.join(PATIENCE)
    assert steps.count == 1


def test_stop_during_a_step_lets_it_finish_and_takes_no_other(bench: Bench) -> None:
    go_on, finished = threading.Event(), threading.Event()

    def slow() -> float:
        assert go_on.wait(PATIENCE)
        finished.set()
        return 0.0

    steps = Steps(slow)
    loop = bench.loop(steps)
    loop.start()
    assert steps.one_more()
    loop.stop()
    assert not loop.join(0)
    go_on.set()

    assert loop.join(PATIENCE)
    assert finished.is_set()
    assert steps.count == 1


def test_a_loop_that_never_started_has_ended(bench: Bench) -> None:
    assert bench.loop(Steps()).join(0)


def test_a_step_may_stop_and_join_its_own_loop(bench: Bench) -> None:
    joined: list[bool] = []

    def last() -> float:
        loop.stop()
        joined.append(loop.join(PATIENCE))
        return 0.0

    loop = bench.loop(last)
    loop.start()

    assert loop.join(PATIENCE)
    assert joined == [True]


@pytest.mark.parametrize(
    ("error", "level"),
    [
        pytest.param(SourceUnavailable("refused"), "warning", id="expected"),
        pytest.param(ZeroDivisionError("bug"), "error", id="a bug"),
        pytest.param(RecursionError("deep"), "error", id="deep JSON"),
        pytest.param(MemoryError("full"), "error", id="memory"),
    ],
)
def test_an_error_in_a_step_is_logged_and_the_loop_goes_on(
    bench: Bench, error: Exception, level: str
) -> None:
    steps = Steps(fail(error))
    loop = bench.loop(steps)
    loop.start()

    assert steps.one_more()
    loop.wake()  # it need not wait out its back-off
    assert steps.one_more()
    assert bench.said(level) == ["Step failed"]


def test_errors_back_off_and_a_good_step_resets() -> None:
    bench = Bench()
    errors = iter([True] * 9 + [False, True])
    loop = bench.loop(lambda: fail(KeyError("x"))() if next(errors) else 7.0)

    waits = [loop._guarded_step() for _ in range(11)]

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 7, 0.5]


def test_the_same_error_is_said_once_and_recovery_too() -> None:
    bench = Bench()
    steps = Steps(fail(KeyError("x")), fail(KeyError("x")), fail(KeyError("y")), lambda: 0.0)
    loop = bench.loop(steps)

    for _ in range(4):
        loop._guarded_step()

    assert bench.said("error") == ["Step failed", "Step failed"]
    assert bench.said("info") == ["Recovered"]


def test_lost_leadership_is_no_error() -> None:
    bench = Bench()
    loop = bench.loop(fail(LeadershipLost("the lease is another's")))

    assert loop._guarded_step() == LONGEST_BACKOFF
    assert bench.lines.calls == []


def test_a_storm_of_wakes_is_few_steps(bench: Bench) -> None:
    steps = Steps(*[lambda: FOR_EVER] * 1000)
    loop = bench.loop(steps)
    loop.start()
    assert steps.one_more()
    for _ in range(1000):
        loop.wake()
    assert steps.one_more()

    assert steps.count < 100


def test_the_beat_tells_when_the_next_step_is_due(bench: Bench) -> None:
    taken = threading.Event()

    def step() -> float:
        taken.set()
        return 50.0

    loop = bench.loop(step)
    loop.start()
    assert taken.wait(PATIENCE)
    loop.stop()
    assert loop.join(PATIENCE)

    assert loop.next_beat == loop.last_beat + 50
