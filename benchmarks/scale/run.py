"""One run: a stub of so many Services, a controller on it, what it costs to start and at rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.figures import percentile
from benchmarks.ground import say
from benchmarks.process import cpu_seconds, imported, peak_mb
from benchmarks.scale.floor import list_raw, watch_raw
from benchmarks.scale.measured import JUDGED, LATENESS, PATIENCE, Measured, lateness, samples
from benchmarks.scale.stage import Stage, stage, usual_rate
from benchmarks.scale.world import PERIOD, World
from playground.controller import Controller
from playground.processes import ProcessFailed

POLL, LOOK = 0.1, 0.02
RAW = 1.5
"""Seconds for which the watch is read without a controller."""
WRITES = ("PATCH", "POST", "PUT", "DELETE")


def measure(world: World, *, rest: float, quiet: float, rate: int | None = None) -> Measured:
    """Start a controller on `world`, let it rest, and measure `quiet` seconds; `rate` watch events
    a second come in, by default as many as such pods make.

    Where it does not guard all Services in two minutes, or ends, what was measured until then and
    why. It never waits for ever.
    """
    rate = usual_rate(world) if rate is None else rate
    say(f"{world.services} Services of {world.size} pods, {rate} watch events a second")
    known = Measured(world.services, world.pods, imported("kubervisor.app")[1])
    try:
        with stage(world, rate) as here:
            known = replace(known, floor_listed=list_raw(here.port))
            known = replace(known, per_event=watch_raw(here.port, RAW))
            began = time.monotonic()
            with here.controller() as controller:
                try:
                    return _measure(here, controller, known, began, rest, quiet)
                except TimeoutError:
                    memory = controller.resident_mb(), peak_mb(controller.pid)
                    known = replace(known, memory_mb=memory[0], peak_mb=memory[1])
                    raise
    # TimeoutError is an OSError, as is what a controller that has ended answers with.
    except (ProcessFailed, HTTPException, OSError) as error:
        said = str(error).partition("\n")[0]
        gone = isinstance(error, URLError)
        return replace(known, problem=f"the controller has ended ({said})" if gone else said)


def _measure(
    here: Stage, controller: Controller, bare: Measured, began: float, rest: float, quiet: float
) -> Measured:
    count = here.world.services
    evaluated = _evaluated(controller, count)
    _await("all say Ready", lambda: len(here.told().ready), count)
    told = here.told()
    known = replace(
        bare,
        started=told.ready[-1] - began,
        evaluated=evaluated,
        listed=max(end - begin for begin, end in told.listed),
    )
    time.sleep(rest)
    measured = _at_rest(here, controller, known, quiet)
    if refused := here.told().refused:
        raise TimeoutError(f"the stub has no answer to {', '.join(refused[:5])}")
    return measured


def _evaluated(controller: Controller, count: int) -> float:
    """Seconds from the first evaluation to as many as there are Services: from the last look that
    saw none to the first that sees as many, so not less than it was.
    """
    before = time.monotonic()

    def judged() -> int:
        nonlocal before
        looked = time.monotonic()
        found = round(samples(controller, "kubervisor_evaluations_total").get(JUDGED, 0))
        if not found:
            before = looked
        return found

    _await(f"{count} Services are evaluated", judged, count, every=LOOK)
    return time.monotonic() - before


@dataclass(frozen=True, slots=True)
class _Reading:
    """Counters of both processes at one instant."""

    at: float
    cpu: float
    stub_cpu: float
    events: int
    queries: int
    writes: int
    metrics: dict[str, float]

    @classmethod
    def take(cls, here: Stage, controller: Controller) -> Self:
        metrics = samples(controller, "kubervisor_evaluations_total", LATENESS)
        told = here.told()
        writes = sum(n for asked, n in told.asked.items() if asked.startswith(WRITES))
        return cls(
            at=time.monotonic(),
            cpu=cpu_seconds(controller.pid),
            stub_cpu=cpu_seconds(here.pid),
            events=told.events,
            queries=told.asked.get("GET /api/v1/query", 0),
            writes=writes,
            metrics=metrics,
        )


def _at_rest(here: Stage, controller: Controller, known: Measured, quiet: float) -> Measured:
    say(f"measuring {quiet:g} s")
    before = _Reading.take(here, controller)
    with _EmptyLoop() as empty:
        time.sleep(quiet)
    after = _Reading.take(here, controller)
    took = after.at - before.at
    judged = after.metrics.get(JUDGED, 0) - before.metrics.get(JUDGED, 0)
    threads = Path(f"/proc/{controller.pid}/status").read_text().partition("Threads:")[2]
    return replace(
        known,
        memory_mb=controller.resident_mb(),
        peak_mb=peak_mb(controller.pid),
        core=(after.cpu - before.cpu) / took,
        stub_core=(after.stub_cpu - before.stub_cpu) / took,
        late=lateness(before.metrics, after.metrics),
        floor_late=(percentile(empty.late, 50), percentile(empty.late, 99)),
        evaluations=judged / took * PERIOD,
        queries=(after.queries - before.queries) / took * PERIOD,
        writes=(after.writes - before.writes) / took * 60,
        events=(after.events - before.events) / took,
        threads=int(threads.split()[0]),
        scraped=_scraped(controller),
    )


def _scraped(controller: Controller) -> float:
    """Seconds for the whole page of metrics, as a Prometheus reads it four times a minute."""
    began = time.monotonic()
    with urlopen(f"http://{controller.address}/metrics", timeout=PATIENCE) as answer:
        answer.read()
    return time.monotonic() - began


@dataclass(slots=True)
class _EmptyLoop:
    """How late a thread of this process, which does nothing else, wakes from its sleep."""

    late: list[float] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            due = time.monotonic() + 0.02
            self._ended.wait(0.02)
            self.late.append(max(0.0, time.monotonic() - due))


def _await(what: str, count: Callable[[], int], wanted: int, *, every: float = POLL) -> None:
    """Return once `count` is `wanted`. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while (now := count()) < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{now} of {wanted} after {PATIENCE:g} s: {what}")
        time.sleep(every)
