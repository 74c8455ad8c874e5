"""The reference controller in the same run: what a person would write first, on the same stub."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

from benchmarks.ground import say
from benchmarks.process import cpu_seconds, imported, peak_mb
from benchmarks.scale.floor import list_raw, watch_raw
from benchmarks.scale.measured import Measured
from benchmarks.scale.run import RAW
from benchmarks.scale.stage import Stage, stage
from benchmarks.scale.world import World
from playground.processes import Processes, ProcessFailed

LISTED_WITHIN = 120.0
ROOT = Path(__file__).parents[2]


def measure_reference(world: World, *, quiet: float, rate: int) -> Measured:
    """Run the reference controller on `world` for `quiet` seconds after its LIST, with `rate` watch
    events a second. Of what it is not asked, the answer has zeros.
    """
    say(f"the reference controller on {world.services} Services of {world.size} pods")
    known = Measured(world.services, world.pods, imported("benchmarks.scale.reference")[1])
    try:
        with stage(world, rate) as here, Processes() as processes:
            known = replace(known, floor_listed=list_raw(here.port))
            known = replace(known, per_event=watch_raw(here.port, RAW))
            return _measure(here, processes, known, quiet)
    except (ProcessFailed, HTTPException, OSError) as error:
        return replace(known, problem=str(error).partition("\n")[0])


def _measure(here: Stage, processes: Processes, known: Measured, quiet: float) -> Measured:
    names = ",".join(here.world.name(number) for number in range(here.world.services))
    module = ("-m", "benchmarks.scale.reference")
    command = (sys.executable, *module, here.kubeconfig, f"http://127.0.0.1:{here.port}", names)
    pid = processes.start("reference", command, {"PYTHONPATH": str(ROOT)})
    log = processes.folder / "reference.log"

    def is_listed() -> bool:
        return log.read_text()[:1].isdigit()

    processes.wait_ready("reference", is_listed, LISTED_WITHIN)
    time.sleep(quiet / 2)
    used, events, began = cpu_seconds(pid), here.told().events, time.monotonic()
    time.sleep(quiet)
    took = time.monotonic() - began
    return replace(
        known,
        memory_mb=peak_mb(pid),
        listed=float(log.read_text().split()[0]),
        core=(cpu_seconds(pid) - used) / took,
        events=(here.told().events - events) / took,
    )
