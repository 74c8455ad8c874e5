"""The reference controller in the same run: what a person would write first, on fewer pods."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import say
from benchmarks.process import cpu_seconds, peak_mb
from benchmarks.scale.floor import watch_raw
from benchmarks.scale.stage import stage
from benchmarks.scale.world import World
from playground.processes import Processes

EVENTS = 500
"""A second: the reference needs more than half a core for 2,000."""
LISTED_WITHIN = 120.0
IMPORTS = "import kubernetes.client, kubernetes.config, kubernetes.watch, requests"


@dataclass(frozen=True, slots=True)
class Beside:
    """One program on `pods` pods: memory in MB over that of its imports, seconds, parts of a core.

    `per_event` is the raw reader's time for one event, in microseconds.
    """

    pods: int
    events: float
    memory_mb: float
    listed: float
    core: float
    per_event: float


def measure_reference(world: World, *, quiet: float) -> Beside:
    """Run the reference controller on `world` for `quiet` seconds after its LIST."""
    say(f"the reference controller on {world.services} Services of {world.size} pods")
    with stage(world, EVENTS) as here, Processes() as processes:
        floor = watch_raw(here.port, min(quiet, 5.0))
        names = ",".join(world.name(number) for number in range(world.services))
        module = ("-m", "benchmarks.scale.reference")
        prometheus = f"http://127.0.0.1:{here.port}"
        command = (sys.executable, *module, here.kubeconfig, prometheus, names)
        root = str(Path(__file__).parents[2])
        pid = processes.start("reference", command, {"PYTHONPATH": root})
        log = processes.folder / "reference.log"

        def is_listed() -> bool:
            return log.read_text()[:1].isdigit()

        processes.wait_ready("reference", is_listed, LISTED_WITHIN)
        listed = float(log.read_text().split()[0])
        time.sleep(quiet / 2)
        used, events, began = cpu_seconds(pid), here.told().events, time.monotonic()
        time.sleep(quiet)
        took = time.monotonic() - began
        return Beside(
            pods=world.pods,
            events=(here.told().events - events) / took,
            memory_mb=peak_mb(pid),
            listed=listed,
            core=(cpu_seconds(pid) - used) / took,
            per_event=floor,
        )
