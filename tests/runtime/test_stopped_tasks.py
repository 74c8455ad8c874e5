"""The scheduler: stops, after which no step is taken, and joins, which wait for the last."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from kubervisor.runtime.scheduler import Task
from tests.runtime.scheduled import FOR_EVER, PATIENCE, Bench, Gate, Steps


@pytest.mark.usefixtures("alone")
def test_a_stop_of_a_task_at_rest_is_the_end_of_it(bench: Bench) -> None:
    steps = bench.start()
    assert steps.one_more()
    bench.settle()
    bench.scheduler.stop(steps.task)
    assert bench.scheduler.join(steps.task, PATIENCE)

    bench.scheduler.wake(steps.task)
    bench.scheduler.start(steps.task)

    bench.pass_time(0.05)
    assert steps.count == 1


@pytest.mark.usefixtures("alone")
def test_a_stop_of_a_task_that_is_due_is_the_end_of_it(bench: Bench) -> None:
    gate = Gate()
    assert bench.start(gate).one_more()
    steps = bench.start()
    bench.scheduler.stop(steps.task)

    assert bench.scheduler.join(steps.task, 0)
    gate.open()
    bench.pass_time(0.05)
    assert steps.count == 0


def test_a_stop_during_a_step_lets_it_finish_and_takes_no_other(bench: Bench) -> None:
    gate = Gate(0.0)
    steps = bench.start(gate)
    assert steps.one_more()
    bench.scheduler.wake(steps.task)
    bench.scheduler.stop(steps.task)
    bench.scheduler.stop(steps.task)

    assert not bench.scheduler.join(steps.task, 0)
    assert not bench.scheduler.join(steps.task, 0.01)
    gate.open()
    assert bench.scheduler.join(steps.task, PATIENCE)
    assert steps.count == 1


def test_a_stop_may_come_from_the_step_itself_which_may_join_too(bench: Bench) -> None:
    joined: list[bool] = []

    def last() -> float:
        bench.scheduler.stop(steps.task)
        joined.append(bench.scheduler.join(steps.task, PATIENCE))
        return 0.0

    steps = Steps(last)
    bench.start_these(steps)
    assert steps.one_more()

    assert bench.scheduler.join(steps.task, PATIENCE)
    assert (steps.count, joined) == (1, [True])


@pytest.mark.usefixtures("alone")
def test_a_join_in_the_step_of_another_is_about_the_other(bench: Bench) -> None:
    joined: list[bool] = []
    steps = bench.start()
    bench.settle()

    def join() -> float:
        joined.append(bench.scheduler.join(steps.task, 0))
        return FOR_EVER

    bench.start(join)
    bench.settle()
    bench.scheduler.stop(steps.task)
    bench.start(join)
    bench.settle()

    assert joined == [False, True]


def test_a_stop_before_the_start_is_kept(bench: Bench) -> None:
    steps = Steps()
    bench.scheduler.stop(steps.task)
    bench.start_these(steps)

    bench.pass_time(0.05)
    assert steps.count == 0


def test_a_stop_ends_a_join_that_came_before(bench: Bench) -> None:
    steps = bench.start()
    assert steps.one_more()
    asked, ended = threading.Event(), threading.Event()

    def join() -> None:
        asked.set()
        if bench.scheduler.join(steps.task, FOR_EVER):
            ended.set()

    threading.Thread(target=join, daemon=True).start()
    assert asked.wait(PATIENCE)
    bench.pass_time(0.05)  # or it might find the task stopped
    bench.scheduler.stop(steps.task)

    assert ended.wait(PATIENCE)


def test_a_stop_lets_go_of_what_the_task_ran(bench: Bench) -> None:
    class Desk:
        def step(self) -> float:
            return FOR_EVER

    desk = Desk()
    gone = weakref.ref(desk)
    task = Task(desk.step, 0.0)
    bench.scheduler.start(task)
    bench.start()  # the scheduler goes on
    bench.scheduler.stop(task)
    assert bench.scheduler.join(task, PATIENCE)
    del desk
    gc.collect()

    assert gone() is None


def test_a_task_that_never_started_has_no_step_in_hand(bench: Bench) -> None:
    assert bench.scheduler.join(Steps().task, 0)
