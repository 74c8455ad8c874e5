"""Tries the queries of a Service's breakers: do their answers speak of the fleet at all?

A misspelt label makes a breaker that never ejects anybody, and nobody would hear of it. So the
first answers to a new query are looked at, and later ones now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kubervisor.runtime.report import Reporter
from kubervisor.traffic.detector_policy import WithoutQueries
from kubervisor.traffic.joining import are_heard, describe_mismatch, join
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import BreakerPolicy

TRIED_AGAIN = 10.0
"""Seconds until a query is tried again that does not match, or of which nothing can be told yet."""
TRUSTED = 300.0
"""Seconds until one that matches is."""


class Trials:
    """Used in the Breaker's steps, with the desk's lock held; `monotonic` is the clock."""

    def __init__(self, report: Reporter, monotonic: Callable[[], float]) -> None:
        self._report, self._monotonic = report, monotonic
        self._again: dict[BreakerPolicy, float] = {}

    def keep(self, breakers: Iterable[BreakerPolicy]) -> None:
        """Forget all breakers but these."""
        for gone in self._again.keys() - set(breakers):
            del self._again[gone]

    def look(
        self,
        breaker: BreakerPolicy,
        measurement: Measurement,
        fleet: Fleet,
        *,
        all_counted: bool = False,
    ) -> None:
        """Look at an answer, where it is time to, and report what is wrong with the query: nothing
        where it has `all_counted`, events of each Ready member.
        """
        now, detector = self._monotonic(), breaker.detector
        if isinstance(detector, WithoutQueries) or now < self._again.get(breaker, now):
            return
        heard = all_counted or are_heard(measurement, detector.pod_label, fleet)
        mismatch = ""
        if heard is False:
            found = join(measurement, detector.pod_label, fleet)
            mismatch = describe_mismatch(found, detector.pod_label)
        # None: every pod is so young that it may have no samples yet.
        trusted = heard is not None and not mismatch
        self._again[breaker] = now + (TRUSTED if trusted else TRIED_AGAIN)
        self._report.tried(breaker.name, mismatch)
