"""The project's queries, asked of Prometheus; equal questions of many resources are asked once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import Measurement
from kubervisor.workflow.project.model import Project, Query
from kubervisor.workflow.project.rendering import render
from kubervisor.workflow.worker import QueryResult, Sample

SOURCE = "prometheus"
"""The name of the operator's own source."""

DEADLINE = 10.0
"""Seconds that it has for an answer."""

SHARED_SECONDS = 1.0
"""An answer younger than this is that of each worker with the same question."""


class AskedMetrics:
    """Answers the queries of a project, on the thread that asks. Thread-safe."""

    def __init__(self, project: Project, sources: Sources, pool: FetchPool, clock: Clock) -> None:
        self._queries: Mapping[str, Query] = {query.name: query for query in project.queries}
        self._sources, self._pool, self._clock = sources, pool, clock

    def query(self, name: str, /, **parameters: str) -> QueryResult:
        """Ask the query `name`. Raises SourceError, and ValueError where it cannot be asked so."""
        if name not in self._queries:
            raise ValueError(f"there is no query {name!r}; there are {', '.join(self._queries)}")
        promql, done = render(self._queries[name], parameters), threading.Event()
        answer = self._pool.ask(
            SOURCE,
            promql,
            partial(_fetch, self._sources, self._clock, promql),
            deadline=DEADLINE,
            max_age=SHARED_SECONDS,
            listener=done.set,
        )
        if not answer.done:
            done.wait(DEADLINE)
        samples = answer.result().samples
        return QueryResult(tuple(Sample(dict(one.labels), one.value) for one in samples))


def _fetch(sources: Sources, clock: Clock, promql: str, left: float) -> Measurement:
    taken_at = clock.wall()
    samples = sources.query(SourceRef(name=SOURCE), promql, deadline=left)
    return Measurement(taken_at, samples=samples)
