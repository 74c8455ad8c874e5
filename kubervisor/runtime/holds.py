"""How long each ejected pod still stays out, counted on the monotonic clock.

A hold is looked at once by the wall clock, when it is first seen; no clock step changes one that
runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from kubervisor.traffic.holds import hold_length, remaining_hold
from kubervisor.traffic.model import Pod, PodUid
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.returns import activator_of


@dataclass(frozen=True, slots=True)
class _Hold:
    ejection: str
    began: float
    ends: float


class Holds:
    """The holds of one Service's pods; instants are monotonic seconds unless they say wall."""

    def __init__(self) -> None:
        self._holds: dict[PodUid, _Hold] = {}
        self._frozen_since: float | None = None

    def __len__(self) -> int:
        return len(self._holds)

    @property
    def ejections(self) -> set[tuple[PodUid, str]]:
        """Pod and id of each ejection whose hold is known."""
        return {(uid, hold.ejection) for uid, hold in self._holds.items()}

    def begin(self, pod: PodUid, ejection: str, *, now: float, seconds: float) -> None:
        """An ejection was written: its hold runs from now."""
        self._holds[pod] = _Hold(ejection, now, now + seconds)

    def keep(self, present: Collection[PodUid]) -> None:
        """Forget the pods that are gone."""
        self._holds = {uid: hold for uid, hold in self._holds.items() if uid in present}

    def remaining(
        self, ejected: Iterable[Pod], policy: ServicePolicy, *, now: float, wall: float
    ) -> Mapping[PodUid, float]:
        """Seconds left of each ejected pod's hold; a hold seen for the first time starts here."""
        left = {}
        for pod in ejected:
            assert pod.ejection is not None
            known = self._holds.get(pod.uid)
            if known is None or known.ejection != pod.ejection.id:
                length = hold_length(activator_of(pod, policy), pod.retries, seed=pod.uid)
                known = _Hold(
                    pod.ejection.id, now, now + remaining_hold(pod.ejection, length, wall)
                )
                self._holds[pod.uid] = known
            left[pod.uid] = known.ends - now
        return left

    def restart(self) -> None:
        """The policy changed: look at every hold again as if for the first time."""
        self._holds.clear()

    def held_for(self, pods: Iterable[PodUid], *, now: float) -> Mapping[PodUid, float]:
        """For how long those of `pods` that are held have been."""
        return {uid: now - self._holds[uid].began for uid in pods if uid in self._holds}

    def freeze(self, now: float) -> float:
        """Holds stand still from the first call on; the seconds since then."""
        if self._frozen_since is None:
            self._frozen_since = now
        return now - self._frozen_since

    def thaw(self, now: float) -> None:
        """Holds go on with what was left of them."""
        if self._frozen_since is None:
            return
        stood = now - self._frozen_since
        self._frozen_since = None
        self._holds = {
            uid: replace(hold, began=hold.began + stood, ends=hold.ends + stood)
            for uid, hold in self._holds.items()
        }
