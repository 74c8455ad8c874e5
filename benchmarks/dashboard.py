"""`make bench` dashboard: what looking costs the controller, and whether a long list scrolls.

A controller on the stub of `scale`; its page in Chromium, and streams as open tabs hold them.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from playwright.sync_api import Page, expect

from benchmarks.figures import Figure, percentile
from benchmarks.ground import say
from benchmarks.scale.measured import LATENESS, PATIENCE, lateness, samples
from benchmarks.scale.stage import Stage, stage, usual_rate
from benchmarks.scale.world import World
from playground.browser import chromium
from playground.controller import Controller

MANY, FEW = World(1500, 20), World(60, 10)
TABS = 50
LONGEST_TASK, MOST_MEMORY = 100.0, 30.0
"""Milliseconds, and MB."""
NOISE = 5.0
"""Milliseconds of lateness p99, beside that by which two runs without tabs differ."""
SETTLING = 3.0
"""Seconds until tabs that were opened have all that there is."""
SCROLLS = 3
WHEEL = 400
"""Pixels that one turn of the wheel scrolls, and there is one in each frame."""

WATCHING = """
window.tasks = [];
window.frames = [];
new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.tasks.push(task.duration);
}).observe({type: "longtask"});
let last = performance.now();
requestAnimationFrame(function frame(now) {
  window.frames.push(now - last);
  last = now;
  requestAnimationFrame(frame);
});
"""


def run(*, quick: bool) -> list[Figure]:
    """Lateness without and with many tabs, memory, and a scroll through all Services."""
    world, quiet = (FEW, 6.0) if quick else (MANY, 30.0)
    say(f"{world.services} Services of {world.size} pods and {TABS} tabs")
    with stage(world, usual_rate(world)) as here, here.controller() as controller:
        _guarded(here)
        time.sleep(1.0 if quick else 10.0)
        before, memory = _late(controller, quiet), controller.resident_mb()
        with _Tabs(controller, world) as tabs:
            time.sleep(SETTLING)
            read = tabs.read
            beside = _late(controller, quiet)
        after = _late(controller, quiet)
        # What else the machine does makes tasks long too: the calmest scroll is the page's own.
        tasks, frames = min(
            (_scroll(controller, world) for _ in range(1 if quick else SCROLLS)),
            key=lambda scrolled: max(scrolled[0], default=0.0),
        )
        grown = controller.resident_mb() - memory
    alone = max(before, after)
    allowed = alone + abs(before - after) + NOISE
    return [
        Figure(f"{TABS} tabs: lateness, p99", beside, "ms", alone, allowed),
        Figure(f"{TABS} tabs: read by all of them", (tabs.read - read) / 1e6 / quiet, "MB/s"),
        Figure("memory that looking adds", grown, "MB", target=MOST_MEMORY),
        Figure(
            f"{world.services} rows: longest task while scrolling",
            max(tasks, default=0.0),
            "ms",
            target=LONGEST_TASK,
            samples=len(tasks),
        ),
        Figure(
            f"{world.services} rows: frame, p99", percentile(frames, 99), "ms", samples=len(frames)
        ),
    ]


def _guarded(here: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(here.told().ready) < here.world.services:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all Services are guarded after {PATIENCE:g} s")
        time.sleep(0.2)


def _late(controller: Controller, seconds: float) -> float:
    """Milliseconds by which evaluations begin late, p99 of so many seconds."""
    before = samples(controller, LATENESS)
    time.sleep(seconds)
    return 1000 * lateness(before, samples(controller, LATENESS))[1]


@dataclass
class _Tabs:
    """Streams that read all they are sent: half of them the fleet, the others a Service each."""

    controller: Controller
    world: World
    read: int = 0
    _sockets: list[socket.socket] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        host, _, port = self.controller.dashboard.rpartition(":")
        for number in range(TABS):
            path = "/api/stream"
            if number % 2:
                name = f"{self.world.namespace(number)}/{self.world.name(number)}"
                path = f"/api/services/{name}/stream"
            one = socket.create_connection((host, int(port)), timeout=PATIENCE)
            self._sockets.append(one)
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            status = one.recv(1 << 16).partition(b"\r\n")[0]
            if b" 200 " not in status:
                raise ConnectionError(f"{path}: {status.decode(errors='replace')}")
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join()
        for one in self._sockets:
            one.close()
        if self.read == 0:
            raise ConnectionError("no stream sent anything")

    def _follow(self) -> None:
        with selectors.DefaultSelector() as ready:
            for one in self._sockets:
                ready.register(one, selectors.EVENT_READ)
            while not self._ended.is_set():
                for key, _ in ready.select(0.2):
                    self.read += len(os.read(key.fd, 1 << 16))


def _scroll(controller: Controller, world: World) -> tuple[list[float], list[float]]:
    """Milliseconds of each long task, and of each frame, of a scroll to the last row and back."""
    with _page(controller) as page:
        last = page.get_by_text(world.name(world.services - 1), exact=True)
        expect(page.get_by_text(world.name(0), exact=True)).to_be_visible()
        page.wait_for_timeout(1000 * SETTLING)
        page.evaluate(WATCHING)
        for way in (WHEEL, -WHEEL):
            height: int = page.evaluate("document.documentElement.scrollHeight")
            for _ in range(height // WHEEL):
                page.mouse.wheel(0, way)
                page.evaluate("() => new Promise(requestAnimationFrame)")
            if way > 0:
                expect(last).to_be_visible()
        tasks: list[float] = page.evaluate("window.tasks")
        frames: list[float] = page.evaluate("window.frames")
        return tasks, frames


@contextmanager
def _page(controller: Controller) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"http://{controller.dashboard}/")
        page.mouse.move(640, 500)
        yield page
