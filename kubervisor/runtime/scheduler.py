"""Lends threads to loops while they take a step; at rest a loop holds none.

A step that takes long, because it waits for a write or another's lock, has its thread to itself:
whoever is due meanwhile gets one more. So nobody waits for anybody, as if each had a thread of its
own, and thousands that are due at once do not fight for the interpreter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum, auto
from heapq import heapify, heappop, heappush
from itertools import count

from kubervisor.runtime.alarm import Alarm
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.threads import start_thread

AT_ONCE = 2
"""Steps at a time. More would only ask each other for the interpreter."""
LONG = 0.02
"""Seconds after which a step is taken to wait for others, asleep, and counts no more."""
LOOK_AGAIN = 0.005
"""Seconds until it is seen that a step has become long, while others are due."""
MOST_THREADS = 100
IDLE = 30.0
"""Seconds after which a thread without work ends."""
SLACK = 64
"""Entries that may be left behind by tasks that were woken, beyond one for each task."""


class _State(Enum):
    NEW = auto()
    RESTING = auto()
    STEPPING = auto()
    ENDING = auto()
    """Stopped while it took a step."""
    ENDED = auto()


class Task:
    """What a scheduler knows of one loop; used under its lock. `run` takes a step, raises nothing,
    and returns the seconds until the next one; rung, it comes sooner, but not within `shortest` of
    the last.
    """

    __slots__ = ("by", "due", "earliest", "is_rung", "run", "shortest", "state")

    def __init__(self, run: Callable[[], float], shortest: float) -> None:
        self.run, self.shortest = run, shortest
        self.state = _State.NEW
        self.is_rung = False
        self.due = self.earliest = 0.0
        self.by = 0


class _Worker:
    """A thread that waits for a task, and since when it is at it."""

    __slots__ = ("alarm", "since", "task")

    def __init__(self) -> None:
        self.alarm = Alarm()
        self.task: Task | None = None
        self.since = 0.0


class Scheduler:
    """Thread-safe. Tasks take their steps in the order in which they are due; of one that is
    `held`, from `release` on.
    """

    def __init__(self, name: str, clock: Clock, *, held: bool = False) -> None:
        self._name, self._clock = name, clock
        self._released = threading.Event()
        if not held:
            self._released.set()
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        self._tasks: set[Task] = set()
        self._resting: list[tuple[float, int, Task]] = []
        self._tickets = count()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._alarm = Alarm()
        self._looks_at = 0.0
        self._runs = False

    def release(self) -> None:
        """Let steps be taken from now on."""
        self._released.set()

    def is_behind(self, seconds: float) -> bool:
        """Whether somebody has been due for longer than that."""
        with self._lock:
            return self._is_one_due(self._clock.monotonic() - seconds)

    def start(self, task: Task) -> None:
        """Have its first step taken at once, unless it was stopped before. Raises RuntimeError
        where the process may have no thread for it.
        """
        with self._lock:
            if task.state is not _State.NEW:
                return
            if not self._runs:
                start_thread(f"{self._name} scheduler", self._run)
                self._runs = True
            self._tasks.add(task)
            now = self._clock.monotonic()
            self._rest(task, now, now)

    def wake(self, task: Task) -> None:
        """Have the next step taken now, or right after the one in hand."""
        with self._lock:
            task.is_rung = True
            now = self._clock.monotonic()
            due = max(now, task.earliest)
            if task.state is _State.RESTING and due < task.due:
                self._rest(task, due, now)

    def stop(self, task: Task) -> None:
        """Have no more steps taken; the one in hand is finished. Returns at once."""
        with self._lock:
            if task.state is _State.STEPPING:
                task.state = _State.ENDING
            elif task.state is not _State.ENDING:
                self._end(task)

    def join(self, task: Task, timeout: float) -> bool:
        """True once no step of the stopped task is in hand, but that which asks, at most `timeout`
        seconds from now.
        """
        with self._ended:
            if task.by == threading.get_ident():
                return True
            return self._ended.wait_for(
                lambda: task.state in (_State.NEW, _State.ENDED), max(0.0, timeout)
            )

    def _rest(self, task: Task, until: float, now: float) -> None:
        """Let it rest until then, and have our own thread look in time."""
        task.state, task.due = _State.RESTING, until
        heappush(self._resting, (until, next(self._tickets), task))
        self._tidy()
        self._give_out(now)
        look = now + LOOK_AGAIN if self._is_one_due(now) else until
        if now < look < self._looks_at:
            self._looks_at = look
            self._alarm.ring()

    def _tidy(self) -> None:
        # A task that was woken or stopped leaves an entry behind, for as long as it would rest.
        if len(self._resting) > 2 * len(self._tasks) + SLACK:
            self._resting = [entry for entry in self._resting if _holds(entry)]
            heapify(self._resting)

    def _end(self, task: Task) -> None:
        # What is left of it in `_resting` shall not keep a Service's memory.
        task.state, task.run = _State.ENDED, _nothing
        self._tasks.discard(task)
        self._ended.notify_all()
        if not self._tasks:
            self._alarm.ring()

    def _give_out(self, now: float) -> None:
        """Give those that are due to idle threads."""
        while self._idle and self._is_one_due(now) and self._may_one_begin(now):
            worker, task = self._idle.pop(), heappop(self._resting)[2]
            worker.task, worker.since = task, now
            task.state, task.is_rung = _State.STEPPING, False
            self._busy.add(worker)
            worker.alarm.ring()

    def _is_one_due(self, now: float) -> bool:
        while self._resting and not _holds(self._resting[0]):
            heappop(self._resting)
        return bool(self._resting) and self._resting[0][0] <= now

    def _may_one_begin(self, now: float) -> bool:
        busy = self._busy
        return len(busy) < AT_ONCE or sum(now - worker.since < LONG for worker in busy) < AT_ONCE

    def _run(self) -> None:
        self._released.wait()  # nobody else has a thread before
        while (wait := self._look()) is not None:
            self._alarm.wait(wait)

    def _look(self) -> float | None:
        """Take up whoever is due, by one more thread where all are at long steps; the seconds until
        the next look, None where there is no task left.
        """
        with self._lock:
            if not self._tasks:
                self._resting.clear()
                self._runs = False
                return None
            now = self._clock.monotonic()
            self._give_out(now)
            wait = IDLE
            if self._is_one_due(now):
                wait = LOOK_AGAIN
                if self._may_one_begin(now):
                    self._hire(now)
            elif self._resting:
                wait = min(IDLE, self._resting[0][0] - now)
            self._looks_at = now + wait
            return wait

    def _hire(self, now: float) -> None:
        """Give the next that is due a new thread, unless there may be no more."""
        if len(self._busy) >= MOST_THREADS:
            return
        worker = _Worker()
        self._idle.append(worker)
        try:
            start_thread(self._name, lambda: self._work(worker))
        except RuntimeError:  # as many as the process may have: those that are there do it
            self._idle.remove(worker)
        else:
            self._give_out(now)

    def _work(self, worker: _Worker) -> None:
        while (task := self._await_task(worker)) is not None:
            task.by = threading.get_ident()
            wait = task.run()
            with self._lock:
                self._busy.discard(worker)
                self._idle.append(worker)
                worker.task = None
                self._file(task, wait)

    def _await_task(self, worker: _Worker) -> Task | None:
        """None where there was none for long."""
        if not worker.alarm.wait(IDLE):
            with self._lock:
                if worker.task is None:
                    self._idle.remove(worker)
                    return None
                worker.alarm.silence()  # it was given one, and rung for it, since the wait ended
        return worker.task

    def _file(self, task: Task, wait: float) -> None:
        """A step has ended: the next one is in `wait` seconds, or sooner where it was rung."""
        task.by = 0
        if task.state is _State.ENDING:
            self._end(task)
            return
        now = self._clock.monotonic()
        task.earliest = now + min(task.shortest, wait)
        self._rest(task, task.earliest if task.is_rung else now + wait, now)


def _holds(entry: tuple[float, int, Task]) -> bool:
    """Whether the task still rests until then."""
    due, _, task = entry
    return task.state is _State.RESTING and task.due == due


def _nothing() -> float:
    return 0.0
