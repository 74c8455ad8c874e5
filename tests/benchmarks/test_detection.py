"""The detection benchmark at a size for every day: what can be asserted on a minute's worth."""

from __future__ import annotations

import math

import pytest

from benchmarks.detection import budgets, figures, leaks, page, plots, shapes, throughput
from benchmarks.detection.__main__ import FIXED
from benchmarks.detection.contest import Contest, Seeds, contenders, ours
from benchmarks.detection.figures import QUICK
from benchmarks.detection.measures import Rate
from benchmarks.detection.rows import Row, at_least, at_most, figures_table, plain

SEEDS = Seeds(FIXED)


def unmet(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.met is False]


def test_hard_gray_and_slow_pods_are_found_in_time() -> None:
    assert unmet(list(figures.faults(Contest(SEEDS), ours(), QUICK))) == []


@pytest.fixture(scope="module")
def global_faults() -> list[Row]:
    """What is measured of them: seconds of work that two tests look at."""
    return list(figures.global_faults(Contest(SEEDS), ours(), QUICK))


def test_global_faults_eject_nobody_all_at_once(global_faults: list[Row]) -> None:
    assert unmet([row for row in global_faults if "global fault" in row.name]) == []


def test_healthy_days_are_quiet() -> None:
    rows = list(figures.healthy_days(Contest(SEEDS), ours(), QUICK))
    assert [row.measured.split()[0] for row in rows] == ["0"] * len(rows)


def test_leaks_are_found_early_and_sawteeth_are_none() -> None:
    found, sawtooth = leaks.rows(SEEDS, QUICK)
    assert found.met
    assert sawtooth.measured.startswith("0 in ")


def test_random_budgets_are_kept() -> None:
    assert budgets.row(SEEDS, QUICK).met


def test_bytes_become_plans() -> None:
    assert throughput.measure(services=200, steps=1).ejections == 100


def test_every_shape_has_a_name_of_its_own_and_there_are_enough() -> None:
    names = [shape.name for shape in shapes.all_shapes()]
    assert len(set(names)) == len(names) >= 20


@pytest.mark.parametrize("name", contenders())
def test_every_contender_plays(name: str) -> None:
    score = Contest(SEEDS).play([shapes.hard()], contenders()[name], 1)
    assert score.events == 1
    assert 0 <= score.recall <= 1
    assert score.violations == 0


def test_the_same_seeds_give_the_same_figures(global_faults: list[Row]) -> None:
    assert list(figures.global_faults(Contest(SEEDS), ours(), QUICK)) == global_faults


@pytest.mark.parametrize(
    ("events", "bound"),
    [(0, 2.996), (1, 4.744), (10, 16.962)],
    ids=["none", "one", "ten"],
)
def test_the_bound_is_the_exact_one_of_a_poisson_count(events: int, bound: float) -> None:
    assert Rate(events, 1000).bound == pytest.approx(bound, abs=0.001)


def test_rows_say_whether_they_are_met() -> None:
    rows = [at_least("recall", 0.5, 0.9), at_most("delay", 12.0, 20, "s")]
    assert figures_table(rows).splitlines()[2:] == [
        "| recall | ≥ 0.9 | 0.5 | **missed** |",
        "| delay | ≤ 20 s | 12 s | met |",
    ]
    assert "missed" in plain(rows)
    assert not at_most("never", math.inf, 20).met


def test_only_what_is_between_the_markers_is_generated() -> None:
    before = f"# Title\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n"
    merged = page.merged(before, "new")
    assert merged == f"# Title\n\n{page.BEGIN}\n\nnew\n\n{page.END}\n\nafter\n"
    assert page.merged(merged, "new") == merged
    with pytest.raises(ValueError, match="markers"):
        page.merged("# Title", "new")


def test_a_plot_is_the_same_file_for_the_same_numbers(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "FOLDER", tmp_path)
    assert plots.sigma_rule().read_bytes() == plots.sigma_rule().read_bytes()
