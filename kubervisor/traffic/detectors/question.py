"""What a detector is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubervisor.traffic.detector_policy import WithoutQueries
from kubervisor.traffic.evidence import on_probation
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.policy import BreakerPolicy


@dataclass(frozen=True, slots=True)
class Question:
    """Who of `fleet` is an outlier by `measurement`, at the instant `now` (Unix seconds)?

    `peer_group` names the label that splits the fleet, as in ServicePolicy: None where the whole
    fleet is one group. `doubts` says of pods why nothing that is measured of them counts yet: they
    are inconclusive, whatever is found of them.
    """

    breaker: BreakerPolicy
    measurement: Measurement
    fleet: Fleet
    now: float
    peer_group: str | None = None
    doubts: Mapping[PodUid, str] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Measurement, ...]:
        """One answer for each query, in their order."""
        return self.measurement.parts or (self.measurement,)

    @property
    def is_timed(self) -> bool:
        """True where each value comes with its time, so that old ones can be told from new ones."""
        detector = self.breaker.detector
        if isinstance(detector, WithoutQueries):
            return False
        return all(query.raw or query.step for query in detector.queries)

    def needed(self, pod: Pod, minimum: float) -> float:
        """Events needed to judge `pod`: half the minimum while it is on probation."""
        if pod.returned_at is None:
            return minimum
        return minimum / 2 if on_probation(pod, self.breaker, self.now) else minimum
