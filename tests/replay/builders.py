"""What a Guard is fed in tests: pods, and answers that name the outliers."""

from __future__ import annotations

from kubervisor.replay.guard import Guard
from kubervisor.traffic.measurement import Measurement, NamedPod
from kubervisor.traffic.model import Pod
from kubervisor.traffic.policy import ServicePolicy
from tests.builders import KEY, NOW, PodDraft, a_pod


def pods(size: int) -> list[PodDraft]:
    return [a_pod(f"pricer-{index:02}") for index in range(size)]


def guarding(policy: ServicePolicy, members: list[PodDraft] | list[Pod]) -> Guard:
    guard = Guard(KEY, policy)
    guard.admit(members)
    return guard


def naming(*names: str, at: float = NOW) -> Measurement:
    """What a custom detector answers; builders' breakers have one."""
    return Measurement(at, named=tuple(NamedPod(name) for name in names))
