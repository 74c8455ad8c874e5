"""The scheduler: when a step is taken."""

from __future__ import annotations

import math
import time

import pytest

from kubervisor.runtime.scheduler import SLACK
from tests.runtime.scheduled import FOR_EVER, Act, Bench, Gate, Steps


def noting(order: list[str], name: str) -> Act:
    """A step that writes down who takes it."""

    def note() -> float:
        order.append(name)
        return FOR_EVER

    return note


def resting(seconds: float) -> Act:
    """A step after which the task rests for so long."""
    return lambda: seconds


@pytest.mark.usefixtures("alone")
class TestAWake:
    def test_ends_a_rest_however_long(self, bench: Bench) -> None:
        steps = bench.start(resting(math.inf))
        assert steps.one_more()
        bench.settle()

        bench.scheduler.wake(steps.task)

        assert steps.one_more()

    def test_during_a_step_is_not_lost_and_many_are_one(self, bench: Bench) -> None:
        gate = Gate()
        steps = bench.start(gate)
        assert steps.one_more()
        for _ in range(100):
            bench.scheduler.wake(steps.task)
        gate.open()

        assert steps.one_more()
        bench.pass_time(0.05)
        assert steps.count == 2

    def test_is_kept_until_the_task_has_rested_for_its_shortest(self, bench: Bench) -> None:
        ended: list[float] = []
        began: list[float] = []

        def first() -> float:
            ended.append(time.monotonic())
            return FOR_EVER

        def second() -> float:
            began.append(time.monotonic())
            return FOR_EVER

        steps = bench.start(first, second, shortest=0.05)
        assert steps.one_more()
        bench.settle()
        for _ in range(100):
            bench.scheduler.wake(steps.task)
        assert steps.one_more()
        bench.pass_time(0.1)

        assert steps.count == 2
        assert began[0] - ended[0] >= 0.05

    def test_does_not_put_off_what_is_due_before(self, bench: Bench) -> None:
        steps = bench.start(resting(0.05), shortest=FOR_EVER)
        assert steps.one_more()
        bench.settle()
        bench.scheduler.wake(steps.task)

        assert steps.one_more()

    def test_leaves_a_task_that_is_due_its_place(self, bench: Bench) -> None:
        gate, order = Gate(), list[str]()
        assert bench.start(gate).one_more()
        first = bench.start(noting(order, "first"))
        bench.start(noting(order, "second"))
        bench.scheduler.wake(first.task)
        gate.open()
        bench.settle()

        assert order == ["first", "second"]

    def test_replaces_the_step_that_was_due_later(self, bench: Bench) -> None:
        bench.now = 100.0
        bench.start(resting(3.0))
        steps = bench.start(resting(5.0))
        assert steps.one_more()
        bench.settle()
        bench.scheduler.wake(steps.task)
        assert steps.one_more()
        bench.settle()

        bench.now = 110.0
        bench.settle()
        assert steps.count == 2

    def test_before_the_start_is_the_first_step(self, bench: Bench) -> None:
        steps = Steps()
        bench.scheduler.wake(steps.task)
        bench.start_these(steps)

        assert steps.one_more()
        bench.scheduler.wake(steps.task)
        assert steps.one_more()

    def test_leaves_nothing_behind(self, bench: Bench) -> None:
        bench.start(resting(FOR_EVER / 2))
        steps = bench.start()
        for _ in range(10 * SLACK):
            assert steps.one_more()
            bench.settle()
            bench.scheduler.wake(steps.task)

        assert len(bench.scheduler._resting) <= SLACK + 2 * 3


def test_a_second_start_changes_nothing(bench: Bench) -> None:
    steps = bench.start()
    bench.scheduler.start(steps.task)

    bench.pass_time(0.05)
    assert steps.count == 1


@pytest.mark.usefixtures("alone")
def test_the_first_that_is_due_goes_first(bench: Bench) -> None:
    bench.now = 100.0
    order: list[str] = []
    for wait in (3.0, 1.0, 2.0):
        bench.start(resting(wait), noting(order, f"after {wait:g} s"))
    bench.settle()

    bench.now = 110.0
    bench.settle()
    assert order == ["after 1 s", "after 2 s", "after 3 s"]


class TestOneThatIsHeld:
    def test_lends_no_thread_before_it_is_released(self) -> None:
        bench = Bench(held=True)
        steps = bench.start()
        bench.scheduler.wake(steps.task)
        assert not bench.workers()

        bench.scheduler.release()
        assert steps.one_more()
        bench.end()

    @pytest.mark.usefixtures("alone")
    def test_takes_up_all_in_the_order_in_which_they_came(self) -> None:
        bench, order = Bench(held=True), list[str]()
        for name in ("first", "second", "third"):
            bench.start(noting(order, name))
        bench.scheduler.release()
        bench.settle()
        bench.end()

        assert order == ["first", "second", "third"]

    def test_takes_no_step_of_those_that_were_stopped_meanwhile(self) -> None:
        bench = Bench(held=True)
        gone, stays = bench.start(), bench.start()
        bench.scheduler.stop(gone.task)
        bench.scheduler.release()
        assert stays.one_more()
        bench.end()

        assert gone.count == 0


@pytest.mark.usefixtures("alone")
def test_is_behind_while_somebody_has_been_due_for_longer(bench: Bench) -> None:
    bench.now = 100.0
    gate = Gate()
    assert bench.start(gate).one_more()
    bench.start()
    bench.now = 100.5
    assert bench.scheduler.is_behind(0.4)
    assert not bench.scheduler.is_behind(0.6)

    gate.open()
    bench.settle()
    assert not bench.scheduler.is_behind(0.0)
