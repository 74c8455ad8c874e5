"""The scheduler's threads: nobody waits for one, nobody keeps one, and few do all of it."""

from __future__ import annotations

import pytest

from kubervisor.runtime import scheduler as module
from tests.runtime.scheduled import FOR_EVER, PATIENCE, Allowance, Bench, Gate, Steps


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle threads end soon."""
    monkeypatch.setattr(module, "IDLE", 0.01)


@pytest.mark.usefixtures("impatient")
def test_tasks_at_rest_hold_no_thread(bench: Bench) -> None:
    tasks = [bench.start() for _ in range(200)]
    assert all(steps.one_more() for steps in tasks)

    for thread in bench.workers():
        thread.join(PATIENCE)

    assert bench.workers() == []
    bench.scheduler.wake(tasks[0].task)
    assert tasks[0].one_more()


@pytest.mark.usefixtures("impatient")
def test_a_thread_that_just_ended_is_given_nothing(bench: Bench) -> None:
    steps = bench.start(*[lambda: module.IDLE] * 100)

    assert all(steps.one_more() for _ in range(101))


def test_steps_that_wait_delay_nobody(bench: Bench) -> None:
    gate = Gate()
    stuck = [bench.start(gate) for _ in range(30)]
    assert all(steps.one_more() for steps in stuck)

    free = bench.start(lambda: 0.001, lambda: 0.001)
    assert all(free.one_more() for _ in range(3))
    bench.scheduler.wake(free.task)
    assert free.one_more()
    assert [steps.count for steps in stuck] == [1] * 30

    gate.open()


def test_who_comes_while_all_threads_wait_gets_another(bench: Bench) -> None:
    gate, elsewhere = Gate(), Bench()
    stuck = [bench.start(gate) for _ in range(2)]
    assert all(steps.one_more() for steps in stuck)
    elsewhere.pass_time(0.05)  # the scheduler has nothing to look for

    assert bench.start().one_more()
    gate.open()


def test_steps_that_do_not_wait_are_few_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONG", FOR_EVER)
    gate, elsewhere = Gate(), Bench()
    at_it = [bench.start(gate) for _ in range(module.AT_ONCE)]
    assert all(steps.one_more() for steps in at_it)
    last = bench.start()
    elsewhere.pass_time(0.05)

    assert last.count == 0
    gate.open()
    assert last.one_more()
    assert len(bench.workers()) == module.AT_ONCE


def test_there_are_never_more_threads_than_allowed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_THREADS", 3)
    gate, elsewhere = Gate(), Bench()
    stuck = [bench.start(gate) for _ in range(3)]
    assert all(steps.one_more() for steps in stuck)
    steps = bench.start()
    elsewhere.pass_time(0.05)
    gate.open()

    assert steps.one_more()
    assert len(bench.workers()) == 3


def test_the_schedulers_own_thread_ends_with_the_last_task(bench: Bench) -> None:
    first, second = bench.start(), bench.start()
    assert first.one_more()
    assert second.one_more()
    own = bench.own_thread()
    Bench().pass_time(0.05)  # it looks for nothing any more

    bench.end()

    own.join(PATIENCE)
    assert not own.is_alive()
    again = bench.start()
    assert again.one_more()
    assert bench.own_thread() is not own


def test_it_ends_too_where_the_last_task_stops_itself(bench: Bench) -> None:
    def last() -> float:
        bench.scheduler.stop(steps.task)
        return 0.0

    steps = Steps(gate := Gate(0.0), last)
    bench.start_these(steps)
    assert steps.one_more()
    own = bench.own_thread()
    gate.open()

    own.join(PATIENCE)
    assert not own.is_alive()


def test_where_no_more_threads_may_be_started_those_that_are_there_do_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    Allowance(monkeypatch, 2)
    gate = Gate()
    slow = bench.start(gate)
    assert slow.one_more()
    tasks = [bench.start(lambda: 0.001) for _ in range(20)]
    bench.scheduler.wake(slow.task)
    gate.open()

    assert all(steps.one_more() and steps.one_more() for steps in tasks)
    assert slow.one_more()
    assert len(bench.workers()) == 1


def test_a_task_waits_for_the_first_thread_that_may_be_started(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowance = Allowance(monkeypatch, 1)
    steps = bench.start()
    allowance.most = 1

    assert steps.one_more()


def test_where_there_is_no_thread_at_all_a_start_says_so_and_may_be_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowance = Allowance(monkeypatch, 0)
    steps = Steps()
    with pytest.raises(RuntimeError, match="thread"):
        bench.scheduler.start(steps.task)
    assert bench.scheduler.join(steps.task, 0)

    allowance.most = 2
    bench.start_these(steps)

    assert steps.one_more()
