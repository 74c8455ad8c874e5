"""What tests of the scheduler share: tasks that say when they step, and their threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count

import pytest

from kubervisor.runtime import scheduler as module
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.scheduler import Scheduler, Task
from kubervisor.runtime.threads import start_thread

PATIENCE = 20.0
FOR_EVER = 1000.0

Act = Callable[[], float]


class Steps:
    """A task that does what it is told, and then rests for ever; says when a step begins."""

    def __init__(self, *acts: Act, shortest: float = 0.0) -> None:
        self._acts = list(acts)
        self._begun = threading.Semaphore(0)
        self.count = 0
        self.task = Task(self._step, shortest)

    def _step(self) -> float:
        self.count += 1
        self._begun.release()
        return self._acts.pop(0)() if self._acts else FOR_EVER

    def one_more(self) -> bool:
        """True once another step has begun."""
        return self._begun.acquire(timeout=PATIENCE)


class Gate:
    """A step that waits until it is let go, then rests for `wait` seconds."""

    def __init__(self, wait: float = FOR_EVER) -> None:
        self._open, self._wait = threading.Event(), wait

    def __call__(self) -> float:
        assert self._open.wait(PATIENCE)
        return self._wait

    def open(self) -> None:
        self._open.set()


class Bench:
    """A scheduler with a name of its own, a clock that can be set, and what was started."""

    _numbers = count()

    def __init__(self, *, held: bool = False) -> None:
        self.name = f"bench {next(self._numbers)}"
        self.now: float | None = None
        clock = Clock()
        self.scheduler = Scheduler(
            self.name,
            Clock(monotonic=lambda: clock.monotonic() if self.now is None else self.now),
            held=held,
        )
        self._started: list[Steps] = []

    def start(self, *acts: Act, shortest: float = 0.0) -> Steps:
        steps = Steps(*acts, shortest=shortest)
        self.start_these(steps)
        return steps

    def start_these(self, *all_steps: Steps) -> None:
        for steps in all_steps:
            self._started.append(steps)
            self.scheduler.start(steps.task)

    def settle(self) -> None:
        """Return when the steps in hand have ended; for one thread, which takes one by one."""
        last = self.start()
        assert last.one_more()
        self.scheduler.stop(last.task)

    def pass_time(self, seconds: float) -> None:
        """Return when all that is due within so many seconds has been given out."""
        clock = self.start(lambda: seconds)
        assert clock.one_more()
        assert clock.one_more()
        self.scheduler.stop(clock.task)

    def own_thread(self) -> threading.Thread:
        (own,) = [t for t in threading.enumerate() if t.name == f"{self.name} scheduler"]
        return own

    def workers(self) -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == self.name]

    def end(self) -> None:
        for steps in self._started:
            self.scheduler.stop(steps.task)
        for steps in self._started:
            assert self.scheduler.join(steps.task, PATIENCE)


class Allowance:
    """So many threads may yet be started; one more raises, as where the process has its most."""

    def __init__(self, patched: pytest.MonkeyPatch, most: int) -> None:
        self.most = most
        patched.setattr(module, "start_thread", self._start)

    def _start(self, name: str, target: Callable[[], None]) -> threading.Thread:
        if not self.most:
            raise RuntimeError("can't start new thread")
        self.most -= 1
        return start_thread(name, target)
