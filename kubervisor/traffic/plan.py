"""What a decision asks for: intents in order, and what was refused, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubervisor.traffic.model import Pod, PodUid
from kubervisor.traffic.reasons import Reason


class Action(StrEnum):
    """What can be done to a pod's traffic."""

    ADOPT = "adopt"  # label `yes` and our name: a member that is not labelled yet
    EJECT = "eject"
    RETURN = "return"
    PAUSE = "pause"
    TERMINATE = "terminate"
    RELEASE = "release"  # `yes`, and everything of ours removed: the pod is no longer ours


@dataclass(frozen=True, slots=True)
class Intent:
    """One write that a plan asks for, with its reason and its evidence.

    `hold` (seconds) and `retries` are set for ejections: how long the pod stays out, and the retry
    count it will carry.
    """

    action: Action
    pod: Pod
    reason: Reason
    breaker: str = ""
    evidence: str = ""
    hold: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A wish that a rule turned down: which pod, which rule, and the numbers."""

    pod: Pod
    reason: Reason
    breaker: str
    note: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered intents, what was refused and why, and when to look again (seconds from now).

    `panicking` and `version_outlier` name the peer groups for which those rules spoke.
    """

    intents: tuple[Intent, ...] = ()
    refused: tuple[Refusal, ...] = ()
    wake_in: float | None = None
    panicking: tuple[str, ...] = ()
    version_outlier: str = ""

    @property
    def writes(self) -> tuple[Intent, ...]:
        """The first intent for each pod, in order: a pod is written once in a pass."""
        first: dict[PodUid, Intent] = {}
        for intent in self.intents:
            first.setdefault(intent.pod.uid, intent)
        return tuple(first.values())
