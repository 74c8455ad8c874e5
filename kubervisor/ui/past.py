"""What was kept of a Service as arrays that a chart can draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from kubervisor.ui.grid import Cell
from kubervisor.ui.history import MINUTES
from kubervisor.ui.history_documents import BreakerPast, BudgetPast, History, PodPast
from kubervisor.ui.memory import MINUTE, Memory
from kubervisor.ui.ring import JUDGED, TRAFFIC, Ring

_SERVING = TRAFFIC.index("s")
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9


def history_of(memory: Memory, *, since: int = 0) -> History:
    """All that is kept, or the minutes from `since` on."""
    rings = [ring for ring in memory.rings.values() if ring.minutes]
    start = max(since, min((ring.start for ring in rings), default=0))
    end = max((ring.start + ring.minutes for ring in rings), default=start)
    minutes = max(0, end - start)
    span = min((ring.limit for ring in memory.rings.values()), default=MINUTES)
    return History(
        start=float(start * MINUTE),
        step=MINUTE,
        minutes=minutes,
        span=span,
        note="" if span >= MINUTES else _shortened(span),
        budget=_budget(memory, start, minutes),
        breakers={
            name: _breaker(ring, start, minutes)
            for name, ring in memory.rings.items()
            if ring.minutes
        },
    )


def _shortened(span: int) -> str:
    minutes = "1 minute" if span == 1 else f"{span} minutes"
    return f"Kept for {minutes} only: the history of all Services shares 16 MiB"


def _budget(memory: Memory, start: int, minutes: int) -> BudgetPast:
    def column(name: str) -> list[int | None]:
        if memory.tally is None:
            return [None] * minutes
        return list(memory.tally.column(name, start, minutes))

    return BudgetPast(
        members=column("members"),
        serving=column("serving"),
        ejected=column("ejected"),
        paused=column("paused"),
        floor=column("floor"),
        cap=column("cap"),
    )


def _breaker(ring: Ring, start: int, minutes: int) -> BreakerPast:
    """The ring's minutes from `start` on; those that it has not are blank."""
    skipped, late = max(0, start - ring.start), max(0, ring.start - start)
    columns: dict[str, PodPast] = {}
    serving: list[list[float]] = [[] for _ in range(minutes)]
    for pod, cells in ring.columns(newest=ring.minutes - skipped):
        if not any(cell.traffic for cell in cells):
            continue
        for minute, cell in enumerate(cells, late):
            if cell.traffic == _SERVING and isfinite(cell.value):
                serving[minute].append(cell.value)
        columns[pod.uid] = _pod(pod.name, cells, late, minutes)
    lines = list(ring.lines())[skipped:]
    bands = [sorted(values) for values in serving]
    return BreakerPast(
        threshold=_padded([threshold for _, threshold in lines], late, minutes),
        baseline=_padded([baseline for baseline, _ in lines], late, minutes),
        low=[_quantile(band, _LOW) for band in bands],
        middle=[_quantile(band, _MIDDLE) for band in bands],
        high=[_quantile(band, _HIGH) for band in bands],
        pods=columns,
    )


def _pod(name: str, cells: Sequence[Cell], late: int, minutes: int) -> PodPast:
    before, after = "." * late, "." * (minutes - late - len(cells))
    return PodPast(
        name=name,
        value=_padded([cell.value for cell in cells], late, minutes),
        n=_if_any([cell.events for cell in cells], late, minutes),
        margin=_if_any([cell.margin for cell in cells], late, minutes),
        judged=before + "".join(JUDGED[cell.judged] for cell in cells) + after,
        traffic=before + "".join(TRAFFIC[cell.traffic] for cell in cells) + after,
    )


def _if_any(numbers: Sequence[float], late: int, minutes: int) -> list[float | None] | None:
    return _padded(numbers, late, minutes) if any(map(isfinite, numbers)) else None


def _padded(numbers: Sequence[float], late: int, minutes: int) -> list[float | None]:
    after = minutes - late - len(numbers)
    return [*[None] * late, *_rounded(numbers), *[None] * after]


def _rounded(numbers: Iterable[float]) -> list[float | None]:
    """With five significant digits: what is kept has hardly more, and JSON would show them all."""
    return [float(f"{number:.5g}") if isfinite(number) else None for number in numbers]


def _quantile(band: Sequence[float], part: float) -> float | None:
    """Of sorted numbers, by linear interpolation."""
    if not band:
        return None
    place = part * (len(band) - 1)
    below = int(place)
    above = min(below + 1, len(band) - 1)
    number = band[below] + (place - below) * (band[above] - band[below])
    return float(f"{number:.5g}")
