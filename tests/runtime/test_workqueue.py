"""The work queue: one worker per key, no lost add, delays, back-off, shutdown."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from kubervisor.runtime.threads import start_thread
from kubervisor.runtime.workqueue import LONGEST_RETRY, SHORTEST_RETRY, ShutDown, WorkQueue

PATIENCE = 10.0


class Hands:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def take_all(queue: WorkQueue[str]) -> list[str]:
    """What is due now, in order, each done at once; `get` would wait for more."""
    taken = []
    for end in ("what had been added", "what had become due"):
        queue.add(end)
        while (key := queue.get()) != end:
            taken.append(key)
            queue.done(key)
        queue.done(end)
    return taken


def test_keys_come_in_the_order_of_their_adds_each_once() -> None:
    queue = WorkQueue[str]()
    for key in "abacab":
        queue.add(key)

    assert take_all(queue) == ["a", "b", "c"]


def test_a_key_in_hand_is_not_handed_out_again() -> None:
    queue = WorkQueue[str]()
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")

    assert take_all(queue) == []


def test_an_add_while_in_hand_is_not_lost() -> None:
    queue = WorkQueue[str]()
    queue.add("a")
    queue.get()
    queue.add("a")
    queue.add("a")
    queue.done("a")

    assert take_all(queue) == ["a"]


def test_a_key_that_was_not_added_again_is_done_for_good() -> None:
    queue = WorkQueue[str]()
    queue.add("a")

    assert take_all(queue) == ["a"]
    assert take_all(queue) == []


class TestDelays:
    """Delayed adds become due by the clock; many of one key are the earliest."""

    def setup_method(self) -> None:
        self.clock = Hands()
        self.queue = WorkQueue[str](clock=self.clock)

    def due_at(self, seconds: float) -> list[str]:
        self.clock.now = 100.0 + seconds
        return take_all(self.queue)

    def test_not_before_its_time(self) -> None:
        self.queue.add("a", after=5)

        assert self.due_at(4.9) == []
        assert self.due_at(5) == ["a"]
        assert self.due_at(60) == []

    def test_the_earliest_of_many_counts_once(self) -> None:
        for seconds in (9, 3, 7, 3):
            self.queue.add("a", after=seconds)

        assert self.due_at(2.9) == []
        assert self.due_at(3) == ["a"]
        assert self.due_at(60) == []

    def test_due_keys_come_in_the_order_of_their_times(self) -> None:
        for key, seconds in (("c", 3), ("a", 1), ("b", 2)):
            self.queue.add(key, after=seconds)

        assert self.due_at(5) == ["a", "b", "c"]

    def test_a_key_due_while_in_hand_waits_until_it_is_done(self) -> None:
        self.queue.add("a")
        self.queue.get()
        self.queue.add("a", after=1)

        assert self.due_at(2) == []
        self.queue.done("a")
        assert self.due_at(2) == ["a"]

    def test_a_delay_that_is_over_is_an_add(self) -> None:
        self.queue.add("a", after=0)
        self.queue.add("b", after=-1)

        assert self.due_at(0) == ["a", "b"]

    def test_the_length_counts_what_waits(self) -> None:
        self.queue.add("a")
        self.queue.add("b", after=9)

        assert len(self.queue) == 2


class TestBackOff:
    """Each failure waits twice as long, up to a minute; success starts anew."""

    def setup_method(self) -> None:
        self.clock = Hands()
        self.queue = WorkQueue[str](clock=self.clock)

    def wait_after_failure(self) -> float:
        """Seconds that the next retry waits, found by asking at every possible wait."""
        self.queue.retry("a")
        began = self.clock.now
        for wait in (*(SHORTEST_RETRY * 2.0**n for n in range(10)), LONGEST_RETRY):
            self.clock.now = began + wait * 0.999
            assert take_all(self.queue) == []
            self.clock.now = began + wait * 1.001
            if take_all(self.queue):
                return wait
        raise AssertionError("never handed out again")

    def test_waits_double_up_to_a_minute(self) -> None:
        waits = [self.wait_after_failure() for _ in range(12)]

        assert waits == [min(LONGEST_RETRY, SHORTEST_RETRY * 2**n) for n in range(12)]

    def test_success_forgets_the_failures(self) -> None:
        self.wait_after_failure()
        self.wait_after_failure()
        self.queue.forget("a")

        assert self.wait_after_failure() == SHORTEST_RETRY


def test_a_waiting_worker_gets_what_is_added() -> None:
    queue = WorkQueue[str]()
    got: list[str] = []
    worker = start_thread("worker", lambda: got.append(queue.get()))
    queue.add("a")
    worker.join(PATIENCE)

    assert got == ["a"]


def test_a_waiting_worker_gets_what_becomes_due() -> None:
    queue = WorkQueue[str]()
    got: list[str] = []
    worker = start_thread("worker", lambda: got.append(queue.get()))
    queue.add("a", after=0.01)
    worker.join(PATIENCE)

    assert got == ["a"]


def test_shut_down_ends_every_waiting_worker_and_every_later_get() -> None:
    queue = WorkQueue[str]()
    ended = threading.Semaphore(0)

    def work() -> None:
        with pytest.raises(ShutDown):
            queue.get()
        ended.release()

    for index in range(3):
        start_thread(f"worker-{index}", work)
    queue.shut_down()
    queue.add("too-late")

    assert all(ended.acquire(timeout=PATIENCE) for _ in range(3))
    with pytest.raises(ShutDown):
        queue.get()


def test_many_workers_never_share_a_key_and_lose_no_add() -> None:
    """Every add is followed by a handling that began after it."""
    queue = WorkQueue[int]()
    keys, rounds = range(5), 200
    lock = threading.Lock()
    wanted: Counter[int] = Counter()  # adds so far
    handled: Counter[int] = Counter()  # adds that the latest handling saw
    in_hand: set[int] = set()
    clashes: list[int] = []
    all_seen = threading.Event()

    def work() -> None:
        try:
            while True:
                key = queue.get()
                with lock:
                    if key in in_hand:
                        clashes.append(key)
                    in_hand.add(key)
                    handled[key] = wanted[key]
                    if all(handled[k] == rounds for k in keys):
                        all_seen.set()
                with lock:
                    in_hand.discard(key)
                queue.done(key)
        except ShutDown:
            return

    workers = [start_thread(f"worker-{index}", work) for index in range(4)]
    for _ in range(rounds):
        for key in keys:
            with lock:
                wanted[key] += 1
            queue.add(key)

    assert all_seen.wait(PATIENCE)
    queue.shut_down()
    for worker in workers:
        worker.join(PATIENCE)
    assert clashes == []


def test_what_becomes_due_while_a_worker_is_busy_goes_to_another() -> None:
    queue = WorkQueue[str]()
    busy, done = threading.Event(), threading.Event()
    taken: list[str] = []

    def work() -> None:
        try:
            while True:
                key = queue.get()
                taken.append(key)
                if key == "long":
                    busy.set()
                    done.wait(PATIENCE)
                queue.done(key)
                if key == "last":
                    done.set()
        except ShutDown:
            return

    threads = [start_thread(f"worker-{number}", work) for number in range(2)]
    queue.add("last", after=0.2)
    queue.add("first", after=0.2)
    queue.add("long")
    assert busy.wait(PATIENCE)
    assert done.wait(PATIENCE)
    queue.shut_down()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(taken) == ["first", "last", "long"]


def test_there_is_room_once_no_key_waits_for_a_worker() -> None:
    queue = WorkQueue[str]()
    assert queue.await_room(PATIENCE)
    queue.add("a")
    queue.add("b")
    assert not queue.await_room(0.0)
    found = threading.Event()
    waiting = start_thread("waits for room", lambda: found.set() if queue.await_room(60) else None)
    queue.get()
    assert not found.is_set()
    queue.get()  # in hand, and nobody waits
    assert found.wait(PATIENCE)
    waiting.join(PATIENCE)


def test_whoever_waits_for_room_goes_when_the_queue_ends() -> None:
    queue = WorkQueue[str]()
    queue.add("a")
    queue.shut_down()
    assert queue.await_room(PATIENCE)
