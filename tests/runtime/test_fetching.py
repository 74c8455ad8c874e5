"""Fetching: a hanging source delays only itself, identical questions are asked once."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from kubervisor.errors import SourceTimeout, SourceUnavailable
from kubervisor.runtime import crew
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import THREADS_PER_SOURCE, Answer, Fetch, FetchPool
from kubervisor.traffic.measurement import Measurement

PATIENCE = 10.0


class Source:
    """A source that answers when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self._asked = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.running = self.most = self.count = 0

    def __call__(self, left: float) -> Measurement:
        with self._lock:
            self.count += 1
            self.running += 1
            self.most = max(self.most, self.running)
        self._asked.release()
        assert self.open.wait(PATIENCE)
        with self._lock:
            self.running -= 1
        return Measurement(taken_at=left)

    def is_asked(self, times: int = 1) -> bool:
        """True once it has been asked so many more times."""
        return all(self._asked.acquire(timeout=PATIENCE) for _ in range(times))


class Bench:
    """A pool on a clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pool = FetchPool(clock=Clock(monotonic=lambda: self.now))
        self.sources: list[Source] = []

    def source(self) -> Source:
        self.sources.append(Source())
        return self.sources[-1]

    def ask(
        self,
        question: object,
        fetch: Fetch,
        *,
        source: str = "main",
        deadline: float = 5.0,
        max_age: float = 2.0,
        listener: Callable[[], None] = lambda: None,
    ) -> Answer:
        return self.pool.ask(
            source, question, fetch, deadline=deadline, max_age=max_age, listener=listener
        )

    def answered(self, question: object, fetch: Fetch, *, source: str = "main") -> Answer:
        """The answer, once it is there."""
        done = threading.Event()
        answer = self.ask(question, fetch, source=source, listener=done.set)
        assert answer.done or done.wait(PATIENCE)
        return answer


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for source in bench.sources:
        source.open.set()


def quick(left: float) -> Measurement:
    return Measurement(taken_at=left)


def test_the_fetch_is_told_how_many_seconds_are_left(bench: Bench) -> None:
    assert bench.answered("q", quick).result().taken_at == 5.0


def test_an_error_is_raised_to_whoever_asked(bench: Bench) -> None:
    def refuse(_left: float) -> Measurement:
        raise SourceUnavailable("refused")

    answer = bench.answered("q", refuse)

    with pytest.raises(SourceUnavailable):
        answer.result()


def test_a_fetch_that_fails_with_anything_still_calls_its_listener(bench: Bench) -> None:
    def crash(_left: float) -> Measurement:
        raise ZeroDivisionError

    answer = bench.answered("q", crash)

    with pytest.raises(ZeroDivisionError):
        answer.result()
    assert bench.answered("another", quick).result() is not None


def test_a_hanging_source_delays_only_itself(bench: Bench) -> None:
    hanging = bench.source()
    for index in range(2 * THREADS_PER_SOURCE):
        bench.ask(index, hanging, source="hanging")
    assert hanging.is_asked(THREADS_PER_SOURCE)

    assert bench.answered("q", quick, source="healthy").result() is not None


def test_threads_of_a_source_are_bounded(bench: Bench) -> None:
    hanging = bench.source()
    answered = threading.Semaphore(0)
    for index in range(3 * THREADS_PER_SOURCE):
        bench.ask(index, hanging, listener=answered.release)
    assert hanging.is_asked(THREADS_PER_SOURCE)
    hanging.open.set()

    assert all(answered.acquire(timeout=PATIENCE) for _ in range(3 * THREADS_PER_SOURCE))
    assert hanging.most == THREADS_PER_SOURCE


def test_one_hanging_question_leaves_the_others_of_its_source_alone(bench: Bench) -> None:
    hanging = bench.source()
    bench.ask("hanging", hanging)
    assert hanging.is_asked()

    for index in range(50):
        assert bench.answered(index, quick).result() is not None


class TestSharing:
    """Identical questions are asked once."""

    def test_a_question_in_flight_is_shared_and_every_listener_called(self, bench: Bench) -> None:
        source = bench.source()
        called = threading.Semaphore(0)

        answers = [bench.ask("q", source, listener=called.release) for _ in range(5)]
        assert source.is_asked()
        source.open.set()

        assert all(called.acquire(timeout=PATIENCE) for _ in range(5))
        assert len({id(answer) for answer in answers}) == 1
        assert source.count == 1

    def test_a_young_answer_is_taken_as_it_is(self, bench: Bench) -> None:
        first = bench.answered("q", quick)
        bench.now += 1.9

        assert bench.ask("q", quick) is first

    def test_an_old_answer_is_not(self, bench: Bench) -> None:
        first = bench.answered("q", quick)
        bench.now += 2

        assert bench.answered("q", quick) is not first

    def test_a_failure_is_not_shared(self, bench: Bench) -> None:
        def refuse(_left: float) -> Measurement:
            raise SourceUnavailable("refused")

        bench.answered("q", refuse)

        assert bench.answered("q", quick).result() is not None

    def test_a_question_overdue_is_asked_again_once_it_is_no_longer_being_answered(
        self, bench: Bench
    ) -> None:
        slow, done = bench.source(), threading.Event()
        first = bench.ask("q", slow, listener=done.set)
        assert slow.is_asked()
        bench.now += 5

        overdue = bench.ask("q", quick)
        assert overdue is first
        with pytest.raises(SourceTimeout):
            overdue.result()

        slow.open.set()
        assert done.wait(PATIENCE)
        assert bench.answered("q", quick) is not first

    def test_other_questions_are_not_shared(self, bench: Bench) -> None:
        assert bench.answered("p", quick) is not bench.answered("q", quick)


class TestOverdue:
    """No answer before the deadline is a SourceTimeout."""

    def test_of_a_fetch_in_flight(self, bench: Bench) -> None:
        hanging = bench.source()
        answer = bench.ask("q", hanging)
        assert hanging.is_asked()

        with pytest.raises(SourceTimeout, match="main gave no complete answer within 5 s"):
            answer.result()

    def test_of_a_fetch_that_never_got_a_thread(self, bench: Bench) -> None:
        hanging = bench.source()
        for index in range(THREADS_PER_SOURCE):
            bench.ask(index, hanging)
        assert hanging.is_asked(THREADS_PER_SOURCE)
        done = threading.Event()
        late = bench.ask("late", quick, listener=done.set)
        bench.now += 5
        hanging.open.set()

        assert done.wait(PATIENCE)
        with pytest.raises(SourceTimeout, match="kept every connection busy"):
            late.result()


def test_a_source_that_was_quiet_answers_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Idle threads end; what is asked then gets a new one."""
    monkeypatch.setattr(crew, "IDLE_SECONDS", 0.005)
    for round_ in range(30):
        for index in range(4):
            bench.ask((round_, index), quick)
        threading.Event().wait(0.005)

    assert bench.answered("at last", quick).result() is not None


def test_an_idle_thread_does_not_hold_what_it_fetched_last() -> None:
    let_go = threading.Event()

    def fetch() -> None:
        """Holds its answer."""

    weakref.finalize(fetch, let_go.set)
    crew.Crew("fetch/main", THREADS_PER_SOURCE).submit(fetch)
    del fetch

    assert let_go.wait(PATIENCE)


def test_where_no_thread_can_be_started_the_next_question_tries_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str, _target: Callable[[], None]) -> threading.Thread:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(crew, "start_thread", refuse)
        for index in range(2 * THREADS_PER_SOURCE):
            with pytest.raises(RuntimeError, match="thread"):
                bench.ask(index, quick)

    assert bench.answered(0, quick).result() is not None
