"""Fetches measurements on bounded threads per source, so that a hanging source delays only itself.

Identical questions are asked once: a question in flight, or answered less than an evaluation period
ago, is shared by every breaker that asks it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from kubervisor.errors import SourceError, SourceTimeout
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.crew import Crew
from kubervisor.telemetry import metrics
from kubervisor.traffic.measurement import Measurement

THREADS_PER_SOURCE = 8
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

    @property
    def outcome(self) -> str:
        """Answered, or the reason why not."""
        if self.error is None:
            return "Answered"
        return self.error.reason if isinstance(self.error, SourceError) else "Error"

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
        self._crews: dict[str, Crew] = {}
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
        """The answer to `question`, perhaps shared, perhaps not there yet or even overdue.

        `deadline` seconds from now it is overdue; `listener` is called, on another thread, when it
        is done. An answer younger than `max_age` seconds is taken as it is. Raises RuntimeError
        where it takes one more thread and the process may not have it.
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
            crew = self._crews.get(source)
            if crew is None:
                crew = self._crews[source] = Crew(f"fetch/{source}", THREADS_PER_SOURCE)
        try:
            crew.submit(partial(self._run, answer))
        except RuntimeError:
            with self._lock:
                # Nobody may be working on it: whoever asks next tries again.
                if self._answers.get(question) is answer:
                    del self._answers[question]
            raise
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
            # Overdue or not: asking once more would only add to what the source, or we, cannot do.
            return True
        return known.error is None and now - known.asked_at < max_age

    def _run(self, answer: Answer) -> None:
        answer.run(answer.deadline - self._clock.monotonic())
        metrics.SOURCE_REQUESTS.labels(answer.outcome).inc()
        with self._lock:
            answer.done = True
            listeners, answer.listeners = answer.listeners, []
        for listener in listeners:
            listener()
