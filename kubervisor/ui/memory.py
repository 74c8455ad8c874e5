"""What is remembered of a Service, as a reader gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kubervisor.runtime.ledger import Decision
from kubervisor.traffic.verdict import Finding
from kubervisor.ui.ring import Ring
from kubervisor.ui.tally import Tally

MINUTE = 60
"""Seconds between two samples."""


@dataclass(slots=True)
class Told:
    """A decision, and the finding that led to it where this process made it. `until` is when an
    outlier that was kept in traffic ceased to be one.
    """

    decision: Decision
    finding: Finding | None
    until: float | None = None


class Look(NamedTuple):
    """A breaker's newest findings, of the instant `at`."""

    at: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """A reader's own copy of what is kept of one Service."""

    rings: dict[str, Ring]
    tally: Tally | None
    told: tuple[Told, ...]
    looks: dict[str, Look]
