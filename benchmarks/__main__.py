"""python -m benchmarks [NAME …] [--quick]: measure, print one table; 1 where a target is missed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks import crowd, detection_loop, faults, plugin, services, start
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
    figures: list[Figure] = []
    try:
        for name in asked.name or BENCHMARKS:
            figures += BENCHMARKS[name](quick=asked.quick)
    finally:
        # Also after a failure: what was measured until then took its time.
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n\n{render(figures)}")
        write_json(RESULTS, figures, quick=asked.quick)
    missed = sum(figure.met is False for figure in figures)
    print(f"\nMISSED targets: {missed}" if missed else "\nno target missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
