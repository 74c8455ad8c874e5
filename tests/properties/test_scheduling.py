"""Whatever starts, wakes and stops tasks, in whatever order and from several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.runtime.clock import Clock
from kubervisor.runtime.scheduler import Scheduler, Task

PATIENCE = 20.0
TASKS = 4
HANDS = 3
"""Threads that start, wake and stop."""


class Watched:
    """A task that sees who asked for a step, and notes what must not be."""

    def __init__(self, rests: list[float], shortest: float) -> None:
        self.task = Task(self._step, shortest)
        self._rests = rests
        self._stepping = threading.Lock()
        self._changed = threading.Condition()
        self._asked = self._seen = self._count = 0
        self._is_started = self._is_stopped = self._has_ended = False
        self.wrong: list[str] = []

    def _step(self) -> float:
        if not self._stepping.acquire(blocking=False):
            self.wrong.append("two threads at once")
            return 0.0
        if self._has_ended:
            self.wrong.append("a step after the end")
        with self._changed:
            self._seen = self._asked
            self._count += 1
            self._changed.notify_all()
        self._stepping.release()
        return self._rests[self._count % len(self._rests)]

    def start(self, scheduler: Scheduler) -> None:
        self._is_started = True
        scheduler.start(self.task)

    def wake(self, scheduler: Scheduler) -> None:
        with self._changed:
            self._asked += 1
        scheduler.wake(self.task)

    def stop(self, scheduler: Scheduler) -> None:
        self._is_stopped = True
        scheduler.stop(self.task)

    def end(self, scheduler: Scheduler) -> None:
        self.stop(scheduler)
        if not scheduler.join(self.task, PATIENCE):
            self.wrong.append("a join without end")
        self._has_ended = True

    def settle(self) -> None:
        """Return when the last wake has been followed by a step, as it must be."""
        if self._is_started and not self._is_stopped:
            with self._changed:
                if not self._changed.wait_for(self._is_content, PATIENCE):
                    self.wrong.append("a wake that was lost")

    def _is_content(self) -> bool:
        return self._count > 0 and self._seen == self._asked


Deeds = list[tuple[Callable[[Watched, Scheduler], None], int]]
"""What one thread does, and to which task."""

rests = st.lists(st.sampled_from([0.001, 0.003, 1000.0]), min_size=1, max_size=3)
tasks = st.lists(
    st.builds(Watched, rests, st.sampled_from([0.0, 0.002])), min_size=TASKS, max_size=TASKS
)
deeds = st.lists(
    st.tuples(
        st.sampled_from([Watched.start] * 3 + [Watched.wake] * 8 + [Watched.stop, Watched.end]),
        st.integers(0, TASKS - 1),
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def scheduler() -> Scheduler:
    return Scheduler("property", Clock())


@pytest.fixture(scope="module")
def hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(HANDS) as pool:
        yield pool


@given(tasks, st.lists(deeds, min_size=HANDS, max_size=HANDS))
def test_no_wake_is_lost_and_no_task_is_stepped_twice_at_once_or_after_its_end(
    scheduler: Scheduler,
    hands: ThreadPoolExecutor,
    tasks: list[Watched],
    all_deeds: list[Deeds],
) -> None:
    def do(deeds: Deeds) -> None:
        for deed, number in deeds:
            deed(tasks[number], scheduler)

    list(hands.map(do, all_deeds))
    for watched in tasks:
        watched.settle()
    for watched in tasks:
        watched.end(scheduler)

    assert [watched.wrong for watched in tasks] == [[]] * TASKS
