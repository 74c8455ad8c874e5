"""Fetches measurements on bounded threads per source, so that a hanging source delays only itself.

Identical questions are asked once: a question in flight, or answered less than half an evaluation
period ago, is shared by every breaker that asks it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from kubervisor.errors import SourceTimeout
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.threads import start_thread
from kubervisor.traffic.model import Measurement

THREADS_PER_SOURCE = 8
IDLE_SECONDS = 30.0
KEPT_SECONDS = 60.0

Fetch = Callable[[float], Measurement]
"""Fetches within the given seconds; raises SourceError."""


@dataclass(eq=False)
class Answer:
    """A fetch in flight or done. `listeners` are called once when it is done."""

    source: str
    asked_at: float
    deadline: float
    fetch: Fetch
    listeners: list[Callable[[], None]] = field(default_factory=list)
    measurement: Measurement | None = None
    error: Exception | None = None
    done: bool = False

    def result(self) -> Measurement:
        """The measurement. Raises the fetch's error, and SourceTimeout while it is not done."""
        if self.error is not None:
            raise self.error
        if self.measurement is None:
            raise self._overdue("gave no complete answer")
        return self.measurement

    def run(self, left: float) -> None:
        """Fetch within `left` seconds; the outcome is here, whatever it is."""
        try:
            if left <= 0:
                raise self._overdue("has kept every connection busy and was not asked")
            self.measurement = self.fetch(left)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            self.error = error

    def _overdue(self, what: str) -> SourceTimeout:
        seconds = self.deadline - self.asked_at
        return SourceTimeout(f"Source {self.source} {what} within {seconds:.3g} s.")


class FetchPool:
    """Shared by all Breakers of the process."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Answer] = {}
        self._sources: dict[str, _SourceThreads] = {}
        self._tidy_at = 0.0

    def ask(
        self,
        source: str,
        question: Hashable,
        fetch: Fetch,
        *,
        deadline: float,
        max_age: float,
        listener: Callable[[], None],
    ) -> Answer:
        """The answer to `question`, perhaps shared, perhaps not there yet.

        `deadline` seconds from now it is overdue; `listener` is called, on another thread, when it
        is done. An answer younger than `max_age` seconds is taken as it is.
        """
        now = self._clock.monotonic()
        with self._lock:
            self._tidy(now)
            known = self._answers.get(question)
            if known is not None and self._is_shared(known, now, max_age):
                if not known.done:
                    known.listeners.append(listener)
                return known
            answer = Answer(source, now, now + deadline, fetch, [listener])
            self._answers[question] = answer
            threads = self._sources.get(source)
            if threads is None:
                threads = self._sources[source] = _SourceThreads(source, self._run)
        threads.submit(answer)
        return answer

    def _tidy(self, now: float) -> None:
        """Drop answers that nobody has asked for in a while: their samples are most of our
        memory.
        """
        if now < self._tidy_at:
            return
        self._tidy_at = now + KEPT_SECONDS
        old = [q for q, a in self._answers.items() if a.done and now - a.asked_at > KEPT_SECONDS]
        for question in old:
            del self._answers[question]

    def _is_shared(self, known: Answer, now: float, max_age: float) -> bool:
        if not known.done:
            return now < known.deadline
        return known.error is None and now - known.asked_at < max_age

    def _run(self, answer: Answer) -> None:
        answer.run(answer.deadline - self._clock.monotonic())
        with self._lock:
            answer.done = True
            listeners, answer.listeners = answer.listeners, []
        for listener in listeners:
            listener()


class _SourceThreads:
    """Up to THREADS_PER_SOURCE threads for one source, started when needed, ended when idle."""

    def __init__(self, source: str, run: Callable[[Answer], None]) -> None:
        self._source, self._run = source, run
        self._changed = threading.Condition()
        self._waiting: deque[Answer] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, answer: Answer) -> None:
        """Have it run by an idle thread, else a new one, else the next that becomes idle.

        Raises RuntimeError where the process may not have more threads.
        """
        with self._changed:
            self._waiting.append(answer)
            # Threads count as idle until they have taken an answer, so this never counts one twice.
            if self._idle >= len(self._waiting):
                self._changed.notify()
                return
            if self._threads >= THREADS_PER_SOURCE:
                return
            self._threads += 1
        try:
            start_thread(f"fetch/{self._source}", self._work)
        except RuntimeError:
            with self._changed:
                self._threads -= 1
            raise

    def _work(self) -> None:
        while (answer := self._next()) is not None:
            self._run(answer)

    def _next(self) -> Answer | None:
        """The next answer to fetch; None once there was none for IDLE_SECONDS."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: bool(self._waiting), IDLE_SECONDS)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None
