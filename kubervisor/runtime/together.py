"""Does many short jobs, some at a time, and returns when all are done."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from kubervisor.runtime.crew import Crew, Job


class Together:
    """At most `most` jobs at once, one of them on the thread that asks."""

    def __init__(self, name: str, most: int) -> None:
        self._crew, self._most = Crew(name, most - 1), most

    def do(self, jobs: Iterable[Job]) -> None:
        """Have all done. Raises what one of them raised, once the others are done too."""
        todo, done = deque(jobs), threading.Condition()
        left = len(todo)
        raised: list[BaseException] = []

        def work() -> None:
            nonlocal left
            while todo:
                try:
                    job = todo.popleft()
                except IndexError:
                    return
                try:
                    job()
                except BaseException as error:  # noqa: BLE001 - told to whoever asked
                    raised.append(error)
                with done:
                    left -= 1
                    done.notify_all()

        for _ in range(min(self._most, left) - 1):
            try:
                self._crew.submit(work)
            except RuntimeError:
                break  # as many threads as the process may have: those that are there do it
        work()
        with done:
            done.wait_for(lambda: not left)
        if raised:
            raise raised[0]
