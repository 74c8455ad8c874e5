"""What a detector is asked."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.traffic.model import Fleet, Measurement
from kubervisor.traffic.policy import BreakerPolicy


@dataclass(frozen=True, slots=True)
class Question:
    """Who of `fleet` is an outlier by `measurement`, at the instant `now` (Unix seconds)?

    `peer_group` names the label that splits the fleet, as in ServicePolicy: None where the whole
    fleet is one group.
    """

    breaker: BreakerPolicy
    measurement: Measurement
    fleet: Fleet
    now: float
    peer_group: str | None = None
