"""python -m benchmarks [NAME …] [--quick]: measure, print one table; 1 where a target is missed.

A whole run of crowd and scale, alone or with others, writes docs/explanation/performance.md too.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

from benchmarks import (
    crowd,
    dashboard,
    detection_loop,
    faults,
    page,
    plugin,
    rules,
    services,
    start,
    watchdogs,
    workflows,
)
from benchmarks.figures import Figure
from benchmarks.scale import figures as scale
from benchmarks.table import render, write_json

BENCHMARKS = {
    "start": start.run,
    "faults": faults.run,
    "services": services.run,
    "detection-loop": detection_loop.run,
    "plugin": plugin.run,
    "crowd": crowd.run,
    "scale": scale.run,
    "dashboard": dashboard.run,
    "watchdogs": watchdogs.run,
    "rules": rules.run,
    "workflows": workflows.run,
}
RESULTS = Path("build/bench.json")


def main(argv: list[str]) -> int:
    """Run the benchmarks that `argv` names, all where it names none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=", ".join(BENCHMARKS) + "; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer samples, a smaller crowd")
    asked = parser.parse_args(argv)
    if unknown := set(asked.name) - BENCHMARKS.keys():
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    found: dict[str, list[Figure]] = {}
    try:
        for name in asked.name or BENCHMARKS:
            found[name] = _measured(name, quick=asked.quick)
    finally:
        # Also after an interruption: what was measured until then took its time.
        figures = [figure for those in found.values() for figure in those]
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n\n{render(figures)}")
        write_json(RESULTS, figures, quick=asked.quick)
    if not asked.quick and found.keys() >= set(page.NEEDED):
        page.write(found)
    missed = sum(figure.met is False for figure in figures)
    print(f"\nMISSED targets: {missed}" if missed else "\nno target missed")
    return 1 if missed else 0


def _measured(name: str, *, quick: bool) -> list[Figure]:
    """The figures of a benchmark; one that is missed where it broke off, as only it is lost."""
    try:
        return BENCHMARKS[name](quick=quick)
    except Exception as error:  # noqa: BLE001 - whatever it was, the others are measured
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        return [Figure(f"{name}: broke off, {said}", 1, "", target=0)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
