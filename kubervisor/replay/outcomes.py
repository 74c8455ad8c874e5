"""What a Guard did or would have done: the record that a replay is about."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.plan import Plan
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Ejected:
    """An outlier that was ejected, or, where not `enforced`, refused by the rule `refused_by`.

    `at` is Unix seconds; `evidence` holds the numbers, the budget's among them.
    """

    at: float
    uid: PodUid
    pod: str
    breaker: str
    score: float
    evidence: str
    enforced: bool = True
    refused_by: Reason | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One breaker's step: its verdict, the last plan made of it, and what is new by it.

    `plan` is the one after the last ejection: what it refuses stays refused until the next step.
    `ejected` has each ejection, and a refused one when the rule refuses it for the first time.
    """

    verdict: Verdict
    plan: Plan
    ejected: tuple[Ejected, ...]


@dataclass(frozen=True, slots=True)
class _Ended:
    at: float
    uid: PodUid
    pod: str
    breaker: str
    reason: Reason
    evidence: str


class Returned(_Ended):
    """The pod got its traffic back."""

    __slots__ = ()


class Paused(_Ended):
    """The pod never recovered and stays out until a person decides."""

    __slots__ = ()


class Terminated(_Ended):
    """The pod never recovered and is gone; its workload replaces it."""

    __slots__ = ()


GivenBack = Returned | Paused | Terminated
