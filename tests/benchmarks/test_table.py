from __future__ import annotations

import json
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.table import render, write_json

FIGURES = [
    Figure("fault → out, p99", 1052.4, "ms", floor=1011.0, target=1300.0, samples=100),
    Figure("start", 3.21, "s", target=3.0),
    Figure("queries", 2.0, ""),
]


def test_the_table_shows_floor_target_measured_count_and_verdict() -> None:
    assert render(FIGURES).splitlines() == [
        "figure              floor     target  measured    n",
        "fault → out, p99  1011 ms  ≤ 1300 ms   1052 ms  100  met",
        "start                          ≤ 3 s    3.21 s    1  MISSED",
        "queries                                      2    1",
    ]


def test_a_table_of_nothing_is_its_headings() -> None:
    assert render([]) == "figure  floor  target  measured  n"


def test_the_json_has_every_figure_and_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    write_json(path, FIGURES, quick=True)
    run = json.loads(path.read_text())
    assert run["quick"] is True
    assert run["cpus"] >= 1
    assert [figure["met"] for figure in run["figures"]] == [True, False, None]
    assert run["figures"][0]["floor"] == 1011.0
    assert run["figures"][1]["floor"] is None
