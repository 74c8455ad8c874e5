from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import page
from benchmarks.figures import Figure
from benchmarks.scale import figures, plot
from benchmarks.scale.figures import Bar
from benchmarks.scale.growth import LINEAR, QUANTITIES, Growth, exponent, growth
from benchmarks.scale.limit import is_borne, largest
from benchmarks.scale.measured import LATENESS, Measured, lateness, quantile
from benchmarks.scale.world import World

ENDED = Measured(
    services=10,
    pods=200,
    imports_mb=60.0,
    memory_mb=80.0,
    core=0.1,
    started=2.0,
    late=(0.001, 0.012),
    floor_late=(0.0001, 0.002),
)


@pytest.mark.parametrize(
    ("buckets", "share", "expected"),
    [
        pytest.param({}, 0.5, 0.0, id="no observations have no quantile"),
        pytest.param({1.0: 0, math.inf: 0}, 0.5, 0.0, id="nor do empty buckets"),
        pytest.param({1.0: 100, math.inf: 100}, 0.5, 0.5, id="a bucket is spread evenly"),
        pytest.param({1.0: 50, 3.0: 100}, 0.75, 2.0, id="from its lower bound on"),
        pytest.param({1.0: 50, math.inf: 100}, 0.99, 1.0, id="beyond all bounds is the last one"),
    ],
)
def test_a_quantile_is_read_off_a_histogram(
    buckets: dict[float, float], share: float, expected: float
) -> None:
    assert quantile(buckets, share) == pytest.approx(expected)


def test_lateness_is_that_of_the_time_between_two_readings() -> None:
    before = {f'{LATENESS}{{le="0.001"}}': 90.0, f'{LATENESS}{{le="+Inf"}}': 100.0}
    after = {f'{LATENESS}{{le="0.001"}}': 190.0, f'{LATENESS}{{le="+Inf"}}': 200.0, "other": 5.0}
    assert lateness(before, after) == pytest.approx((0.0005, 0.00099))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([5, 10, 20, 40], 1.0, id="twice for twice is linear"),
        pytest.param([5, 20, 80, 320], 2.0, id="four times for twice is quadratic"),
        pytest.param([7, 7, 7, 7], 0.0, id="the same for twice does not grow"),
    ],
)
def test_growth_is_an_exponent(values: list[float], expected: float) -> None:
    assert exponent([1, 2, 4, 8], values) == pytest.approx(expected)


def test_what_is_never_above_zero_has_no_growth() -> None:
    assert math.isnan(exponent([1, 2, 4], [0, -1, 3]))


LEAST = Measured(1, 20, imports_mb=60.0, memory_mb=70.0, core=0.01, started=1.0)
BROKEN = Measured(services=20, pods=400, imports_mb=60.0, problem="8 of 20 after 60 s")


def _grown(power: float) -> list[Growth]:
    """What is found of runs whose costs grow with that power of their size."""
    runs = []
    for times in (1, 2, 4, 8):
        more = times**power
        late = 0.002 + 0.001 * more
        run = replace(ENDED, services=10 * times, pods=200 * times, late=(0.0, late))
        run = replace(run, memory_mb=70 + 5 * more, core=0.01 + 0.01 * more, started=1 + more)
        runs.append(run)
    return growth(LEAST, [*runs, BROKEN])


@pytest.mark.parametrize(
    ("power", "met"),
    [
        pytest.param(0.5, True, id="slower than the pods is met"),
        pytest.param(1.0, True, id="as the pods is met"),
        pytest.param(1.3, False, id="faster than the pods is missed"),
        pytest.param(2.0, False, id="with their square is missed"),
    ],
)
def test_growth_beyond_what_is_constant_must_not_be_faster_than_linear(
    power: float, met: bool
) -> None:
    found = _grown(power)
    assert [one.quantity for one in found] == list(QUANTITIES)
    assert [one.exponent for one in found] == pytest.approx([power] * len(QUANTITIES))
    exponents = [row for row in figures.grown(found) if row.target == LINEAR]
    assert [row.met for row in exponents] == [met] * len(QUANTITIES)


def test_what_does_not_grow_has_the_exponent_0() -> None:
    runs = [replace(LEAST, services=n, pods=20 * n) for n in (1, 2, 4)]
    assert [one.exponent for one in growth(LEAST, runs)] == [0.0] * len(QUANTITIES)


def test_a_run_that_could_not_be_ended_misses_and_tells_why() -> None:
    for rows in (figures.rows(BROKEN, Bar(100)), figures.beside(BROKEN)):
        row, _ = rows
        assert row.met is False
        assert "8 of 20" in row.name


@pytest.mark.parametrize(
    ("memory", "missed"),
    [
        pytest.param(80.0, set(), id="all bars are kept"),
        pytest.param(79.0, {"10 of 20: memory"}, id="a megabyte more is missed"),
    ],
)
def test_a_run_is_compared_with_its_bar(memory: float, missed: set[str]) -> None:
    rows = figures.rows(ENDED, Bar(memory, 0.1, 6.0, 1.0, 20.0, 1.5))
    assert {row.name for row in rows if row.met is False} == missed


def test_the_plot_has_a_point_for_each_run_that_ended(tmp_path: Path) -> None:
    path = tmp_path / "plots" / "growth.svg"
    plot.draw(LEAST, [ENDED, replace(ENDED, pods=400), BROKEN], path)
    drawn = ET.parse(path).getroot()
    points = [one for one in drawn.iter() if one.tag.endswith("circle")]
    assert len(points) == 2 * len(QUANTITIES)
    assert "prefers-color-scheme: dark" in path.read_text()
    assert path.stat().st_size < 10_000


def test_the_page_keeps_what_stands_around_its_generated_part(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"# Title\n\n{page.BEGIN}\nold\n{page.END}\ntail\n")
    shown = [Figure("memory", 1.0, "MB")]
    page.write({"crowd": shown, "scale": shown}, path)
    text = path.read_text()
    assert text.startswith(f"# Title\n\n{page.BEGIN}\n\n")
    assert text.endswith(f"\n\n{page.END}\ntail\n")
    assert "old" not in text


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        page.merged("# Title\n", "new")


def test_the_page_tells_promises_runs_the_limit_and_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"{page.BEGIN}\n{page.END}\n")
    crowd = [Figure("500 of 20: start", 2.5, "s", None, 3), Figure("500 of 20: peak", 99, "MB")]
    scale = [
        *figures.rows(ENDED, Bar(79)),
        *figures.beside(replace(ENDED, listed=1.5)),
        *figures.rows(BROKEN),
        *figures.limit(ENDED, BROKEN),
    ]
    page.write({"crowd": crowd, "scale": scale}, path)
    lines = path.read_text().splitlines()
    assert "| 500 of 20: start |  | 3 s | 2.5 s | met |" in lines
    assert "| 10 of 20: memory | 60 MB | 79 MB | 80 MB | **missed** |" in lines
    assert "| 20 of 20: not ended, 8 of 20 after 60 s |  | 0 | 1 | **missed** |" in lines
    (ours,) = (line for line in lines if line.startswith("| 10 of 20 | 80 MB (60)"))
    assert ours.count("|") == len(page.COLUMNS) + 2
    assert any(line.startswith("| reference, 10 of 20 | 80 MB (60)") for line in lines)
    assert "| limit, Services of 15: borne |  |  | 10 |  |" in lines
    assert "| 500 of 20: peak |  |  | 99 MB |  |" in lines


@pytest.mark.parametrize(
    ("bears", "expected"),
    [
        pytest.param(0, (0, 100), id="not even the fewest"),
        pytest.param(250, (200, 300), id="the last before the first that is too much"),
        pytest.param(1000, (300, None), id="all of them"),
    ],
)
def test_the_limit_is_the_last_number_that_is_borne(
    bears: int, expected: tuple[int, int | None]
) -> None:
    def run(world: World) -> Measured:
        late = 0.001 if world.services <= bears else 0.5
        return Measured(world.services, world.pods, imports_mb=60.0, late=(0.0, late))

    borne, beyond = largest(run, (100, 200, 300))
    assert (borne.services if borne else 0, beyond and beyond.services) == expected


def test_lateness_of_the_machine_itself_is_no_limit() -> None:
    assert is_borne(Measured(1, 1, 60.0, late=(0.0, 0.045), floor_late=(0.0, 0.030)))


def test_what_takes_more_than_a_minute_to_start_is_not_borne() -> None:
    assert is_borne(Measured(1, 1, 60.0, started=59.0))
    assert not is_borne(Measured(1, 1, 60.0, started=61.0))
