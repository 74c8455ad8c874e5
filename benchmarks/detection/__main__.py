"""python -m benchmarks.detection [--quick] [--seeds fixed|fresh]: contest, figures, page, plots.

With fixed seeds it writes docs/explanation/detection.md and its plots; 1 where a figure is missed.
With fresh seeds, or quick, it prints only: for the record.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time

from benchmarks.detection import page, results
from benchmarks.detection.contest import Seeds
from benchmarks.detection.figures import FULL, QUICK
from benchmarks.detection.rows import plain

FIXED = 20_260_101


def main(argv: list[str]) -> int:
    """Run the benchmark as `argv` says; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's worth; writes nothing")
    parser.add_argument("--seeds", choices=["fixed", "fresh"], default="fixed")
    asked = parser.parse_args(argv)
    base = FIXED if asked.seeds == "fixed" else secrets.randbelow(10**9)
    began = time.process_time()
    found = results.measure(Seeds(base), QUICK if asked.quick else FULL, say=_say)
    print(f"\n{plain(found.rows)}\n\n{time.process_time() - began:.0f} s of CPU, seeds from {base}")
    if asked.seeds == "fixed" and not asked.quick:
        for path in page.write(found):
            print(f"wrote {path}")
    missed = sum(row.met is False for row in found.rows)
    print(f"MISSED figures: {missed}" if missed else "every figure is met")
    return 1 if missed else 0


def _say(line: str) -> None:
    print(f"{time.process_time():6.0f} s  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
