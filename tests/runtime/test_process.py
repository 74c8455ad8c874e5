"""The order in which a process begins."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import structlog

from kubervisor.runtime.leading import Leading
from kubervisor.runtime.process import AlwaysLeader, Background, Process
from kubervisor.runtime.signals import ENDING

PATIENCE = 20.0


class Leader:
    """Stands in for what only a leader runs; notes the order of what happens."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def renew(self) -> tuple[int, ...]:
        self.happened.append("LIST demanded")
        return (7,)

    def begin(self, renewed: tuple[int, ...]) -> None:
        assert renewed == (7,)

    def end(self) -> None:
        """Nothing was begun."""


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Gives the signals that a process takes for itself back."""
    taken = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in taken}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("own_signals")
def test_who_gains_the_lease_at_once_demands_a_list_before_the_watches_begin() -> None:
    leader, stop, resign = Leader(), threading.Event(), threading.Event()

    def watch() -> None:
        leader.happened.append("watch begun")
        stop.set()

    process = Process(
        background=[Background("watch", watch)],
        servers=[],
        elector=AlwaysLeader(resign),
        leading=cast("Leading", leader),
        stop=stop,
        resign=resign,
        log=structlog.stdlib.get_logger(),
    )
    assert process.run() == 0
    assert leader.happened == ["LIST demanded", "watch begun"]


@pytest.mark.usefixtures("own_signals")
def test_a_signal_while_the_stop_is_about_to_be_waited_for_ends_it_all_the_same() -> None:
    leader, stop, resign = Leader(), threading.Event(), threading.Event()

    class Server:
        """Sends the signal to the thread that holds what setting the stop takes."""

        def serve_forever(self) -> None:
            """Answers nobody."""

        def shutdown(self) -> None:
            leader.happened.append("ended")

    class Elector(AlwaysLeader):
        """Has the signal come at the worst moment, on the main thread."""

        @property
        def attempted(self) -> threading.Event:
            with vars(stop)["_cond"]:
                signal.raise_signal(signal.SIGTERM)
            return self._attempted

        @attempted.setter
        def attempted(self, event: threading.Event) -> None:
            self._attempted = event

    process = Process(
        background=[],
        servers=[Server()],
        elector=Elector(resign),
        leading=cast("Leading", leader),
        stop=stop,
        resign=resign,
        log=structlog.stdlib.get_logger(),
    )
    assert process.run() == 0
    assert leader.happened[-1] == "ended"


@pytest.mark.usefixtures("own_signals")
def test_a_signal_that_another_thread_was_given_ends_it_though_nothing_wakes_the_main_thread() -> (
    None
):
    waiting, resign = threading.Event(), threading.Event()

    class Stop(threading.Event):
        """The main thread takes no signals any more once it waits."""

        def wait(self, timeout: float | None = None) -> bool:
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
            waiting.set()
            return super().wait(timeout)

    class Elector(AlwaysLeader):
        """Has the signal come then."""

        def run(self, on_gained: Callable[[], None], on_lost: Callable[[], None]) -> None:
            assert waiting.wait(PATIENCE)
            os.kill(os.getpid(), signal.SIGTERM)
            super().run(on_gained, on_lost)

    stop = Stop()
    rescue = threading.Timer(PATIENCE, stop.set)
    rescue.start()
    process = Process(
        background=[],
        servers=[],
        elector=Elector(resign),
        leading=cast("Leading", Leader()),
        stop=stop,
        resign=resign,
        log=structlog.stdlib.get_logger(),
    )
    try:
        assert process.run() == 0
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    assert rescue.is_alive(), "it ended by the signal"
    rescue.cancel()
