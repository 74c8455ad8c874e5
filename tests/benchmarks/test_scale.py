from __future__ import annotations

import math

import pytest

from benchmarks.scale import figures, page
from benchmarks.scale.beside import Beside
from benchmarks.scale.figures import Bar
from benchmarks.scale.growth import exponent, exponents
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


def test_a_run_that_could_not_be_ended_counts_for_no_growth_and_misses_its_bar() -> None:
    broken = Measured(services=20, pods=400, imports_mb=60.0, problem="8 of 20 after 60 s")
    assert exponents([ENDED, broken]) == pytest.approx(exponents([ENDED]), nan_ok=True)
    row, _ = figures.rows(broken, Bar(World(20, 20), 100, 0.1))
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
    rows = figures.rows(ENDED, Bar(World(10, 20), memory, 0.1))
    assert {row.name for row in rows if row.met is False} == missed


def test_the_page_keeps_what_stands_around_its_generated_part() -> None:
    text = f"# Title\n\n{page.BEGIN}\nold\n{page.END}\ntail\n"
    assert page.merged(text, "new") == f"# Title\n\n{page.BEGIN}\n\nnew\n\n{page.END}\ntail\n"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        page.merged("# Title\n", "new")


def test_the_page_tells_every_run_and_the_reference() -> None:
    broken = Measured(services=20, pods=400, imports_mb=60.0, problem="8 of 20 after 60 s")
    reference = Beside(200, 500.0, 120.0, 1.5, 0.4, 12.0)
    text = page.describe([ENDED], broken, reference, 1500)
    assert "| 10 of 20 | 80 | 0.10 |" in text
    assert "20 Services of 20: 8 of 20 after 60 s." in text
    assert "120 MB" in text
    assert "bears 1,500 Services" in text


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
    assert (borne, beyond and beyond.services) == expected


def test_lateness_of_the_machine_itself_is_no_limit() -> None:
    assert is_borne(Measured(1, 1, 60.0, late=(0.0, 0.045), floor_late=(0.0, 0.030)))
