"""Pods with watchdogs as the evictor knows them, made up; and a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.model import Owner, PodUid
from kubervisor.watchdog.evicting import EvictionPlan


def in_error(
    name: str,
    owner: str | None = "shop",
    *,
    kind: str = "ReplicaSet",
    namespace: str = "default",
    ready: bool = True,
    deleting: bool = False,
    phase: str = "Running",
    uid: str = "",
) -> WatchedPod:
    """A pod by its name, which its uid is made of unless one is given."""
    return WatchedPod(
        namespace=namespace,
        name=name,
        uid=PodUid(uid or f"uid-of-{name}"),
        phase=phase,
        deleting=deleting,
        ready=ready,
        owner=None if owner is None else Owner(kind, owner, f"uid-of-{owner}"),
        probes=(("disk", "POD_IP:8080/watchdog"),),
    )


def evicted(plan: EvictionPlan) -> list[str]:
    """The names of the pods that go, in order."""
    return [intent.pod.name for intent in plan.intents]


def kept(plan: EvictionPlan) -> dict[str, str]:
    """By the names of the pods that should go and stay: why."""
    return {refusal.pod.name: refusal.why.name for refusal in plan.refusals}


@dataclass
class Time:
    """Seconds that pass when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now
