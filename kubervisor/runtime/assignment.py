"""What a KubervisorService asks of its worker right now. Equal assignments change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.reasons import Reason


class Stance(StrEnum):
    """How far the worker may go."""

    GUARD = "guard"  # eject, return, terminate
    RETURN = "return"  # the spec is invalid: only the last valid activator goes on
    GIVE_BACK = "give-back"  # inactive: every pod `yes`, members stay labelled
    DRY_RUN = "dry-run"  # give back what is out, then judge and report but write nothing
    RELEASE = "release"  # no fleet any more: every pod that carries our name is given back
    HOLD = "hold"  # paused by annotation: write nothing to pods, holds stand still
    STOPPED = "stopped"  # `kubervisor release` or stop is at work: write nothing at all


JUDGING = frozenset({Stance.GUARD, Stance.DRY_RUN, Stance.GIVE_BACK, Stance.HOLD})
"""The stances in which pods are judged."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A KubervisorService as Events refer to it."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """Policy, fleet and stance of one KubervisorService.

    `selector` is the Service's selector without our key, empty where there is no fleet.
    `generation` is that of the spec.
    `reason` and `message` say why the stance is not GUARD, for the conditions.
    """

    key: ServiceKey
    uid: str
    generation: int
    policy: ServicePolicy
    stance: Stance
    reason: Reason
    message: str
    selector: tuple[tuple[str, str], ...] = ()
    active: bool = False
