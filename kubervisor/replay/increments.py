"""Increments of raw counters for all steps of a page at once.

The same rules as the detectors': resets count what they show, and a series that begins after its
metrics page was read counts from 0. What they add for one pod, cutting at its last return, is left
to them: such steps are not screened.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kubervisor.replay.past import Stretches
from kubervisor.sources.history import Array, Line

PAGE_LABELS = ("job", "instance")
"""Labels of Prometheus that say which metrics page a series was read from."""


def increments(past: Stretches, pages: Sequence[Stretches]) -> Array:
    """[steps x lines]: how far each counter of `past` went up within the window of each step.

    `pages` are all the raw answers of the same detector: they tell when a metrics page was read.
    """
    begins, ends = past.spans
    firsts = _first_times(past)
    reads = _page_reads(pages)
    found = np.zeros(begins.shape)
    for column, (line, pod) in enumerate(zip(past.lines, past.pods, strict=True)):
        if not len(line.values):
            continue
        values = _without_gaps(line.values)
        rises = np.diff(values)
        np.copyto(rises, values[1:], where=rises < 0)
        risen = np.concatenate([[0.0], np.cumsum(rises)])
        there = ends[:, column] > begins[:, column]
        begin, last = begins[there, column], ends[there, column] - 1
        within = risen[last] - risen[begin]
        born = reads[_page(line, pod)][there] < firsts[there, column]
        found[there, column] = within + np.where(born, values[begin], 0.0)
    return found


def _first_times(past: Stretches) -> Array:
    """[steps x lines]: the instant of the first sample in the window; infinite without one."""
    begins, ends = past.spans
    first = np.full(begins.shape, np.inf)
    for column, line in enumerate(past.lines):
        there = ends[:, column] > begins[:, column]
        first[there, column] = line.times[begins[there, column]]
    return first


def _page_reads(pages: Sequence[Stretches]) -> dict[tuple[str, ...], Array]:
    """[steps] for each pod's metrics page: when it was read first in the window."""
    reads: dict[tuple[str, ...], Array] = {}
    for past in pages:
        firsts = _first_times(past)
        for column, (line, pod) in enumerate(zip(past.lines, past.pods, strict=True)):
            page = _page(line, pod)
            known = reads.get(page)
            first = firsts[:, column]
            reads[page] = first if known is None else np.minimum(known, first)
    return reads


def _page(line: Line, pod: str) -> tuple[str, ...]:
    return (pod, *(line.labels.get(label, "") for label in PAGE_LABELS))


def _without_gaps(values: Array) -> Array:
    """Each value that is none replaced by the one before it, at the beginning by 0."""
    finite = np.isfinite(values)
    if finite.all():
        return values
    latest = np.maximum.accumulate(np.where(finite, np.arange(len(values)), -1))
    filled: Array = np.where(latest >= 0, values[latest], 0.0)
    return filled
