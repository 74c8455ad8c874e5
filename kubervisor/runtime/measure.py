"""Asks a breaker's source, by the kind of its detector."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from kubervisor.runtime.desk import Shared
from kubervisor.runtime.fetching import Answer
from kubervisor.telemetry import metrics
from kubervisor.traffic.detector_policy import CustomPolicy, SourceRef
from kubervisor.traffic.model import Measurement, ServiceKey
from kubervisor.traffic.policy import BreakerPolicy

LONGEST_DEADLINE = 5.0
SHARED_FOR = 0.9
"""Part of an evaluation period for which an answer is shared by all that ask the same."""


def ask(
    shared: Shared,
    key: ServiceKey,
    breaker: BreakerPolicy,
    *,
    period: float,
    listener: Callable[[], None],
) -> Answer:
    """The answer to the breaker's question, due within min(half the period, 5 s)."""
    detector, sources, wall = breaker.detector, shared.sources, shared.clock.wall
    question: Hashable
    if isinstance(detector, CustomPolicy):
        question = (key, detector.source)

        def fetch(deadline: float) -> Measurement:
            taken_at = wall()
            with metrics.SOURCE_DURATION.time():
                named = sources.ask(detector.source, deadline=deadline, asked_for=str(key))
            return Measurement(taken_at, named=named)
    else:
        (query,) = detector.queries
        assert isinstance(detector.source, SourceRef)
        source = detector.source
        # An answer is shared among those who may ask for it.
        question = (source, query, sources.admits(source, key.namespace))

        def fetch(deadline: float) -> Measurement:
            taken_at = wall()
            with metrics.SOURCE_DURATION.time():
                samples = sources.query(
                    source, query.promql, deadline=deadline, namespace=key.namespace
                )
            return Measurement(taken_at, window=query.window, samples=samples)

    return shared.fetches.ask(
        str(detector.source),
        question,
        fetch,
        deadline=min(period / 2, LONGEST_DEADLINE),
        # Nearly a period: whoever else asks the same in it gets the same answer.
        max_age=SHARED_FOR * period,
        listener=listener,
    )
