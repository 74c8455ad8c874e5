"""A client that spreads requests evenly over the pods the EndpointSlices name at that moment."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Protocol, Self

from playground.load_senders import Sender
from playground.workload import PodName

MAX_RATE = 5000
"""Requests per second that one client may send."""

MAX_REQUESTS = 10_000_000
"""Requests that one client sends in its life; after these it is silent."""

_MAX_IN_FLIGHT = 512
_BEAT = 0.01
_LONGEST_LAG = 0.2


class Receivers(Protocol):
    """Who gets requests."""

    @property
    def now(self) -> tuple[PodName, ...]:
        """Pods that get one request each, in turn; one may be there more than once."""


class Load:
    """Sends `rate` requests a second on a thread of its own until closed.

    A client that falls behind by more than 0.2 s skips what it missed: it never sends a burst.
    Without members it sends nothing.
    """

    def __init__(self, members: Receivers, sender: Sender, rate: float) -> None:
        if not 0 < rate <= MAX_RATE:
            raise ValueError(f"rate is above 0 and at most {MAX_RATE} a second, not {rate}")
        self._members, self._sender, self._rate = members, sender, rate
        self._lock = threading.Lock()
        self._counts: Counter[tuple[PodName, str]] = Counter()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),), name="load")
        self._thread.daemon = True
        self._thread.start()

    @property
    def counts(self) -> Counter[tuple[PodName, str]]:
        """Answers so far by pod and outcome: a status code, `timeout`, `refused` or `no-pod`.

        The last is a pod that does not run, or of which the workload does not know yet.
        """
        with self._lock:
            return self._counts.copy()

    def sent_to(self, pod: PodName) -> int:
        """Requests to this pod that came to an end."""
        return sum(count for (to, _), count in self.counts.items() if to == pod)

    def close(self) -> None:
        """Stop sending; requests that wait for an answer are given up."""
        self._stopped.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        last, owed = clock(), 0.0
        while not self._stopped.is_set() and self._turn < MAX_REQUESTS:
            await asyncio.sleep(_BEAT)
            now = clock()
            owed += self._rate * (now - last)
            last, owed = now, min(owed, max(1.0, self._rate * _LONGEST_LAG))
            while owed >= 1 and len(self._in_flight) < _MAX_IN_FLIGHT:
                owed -= 1
                self._send_one()
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        self._sender.close()

    def _send_one(self) -> None:
        # Read anew for each request: a pod that has just left gets no more.
        members = self._members.now
        if not members:
            return
        task = asyncio.create_task(self._exchange(members[self._turn % len(members)]))
        self._turn += 1
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _exchange(self, pod: PodName) -> None:
        outcome = await self._sender.send(pod)
        with self._lock:
            self._counts[pod, outcome] += 1
