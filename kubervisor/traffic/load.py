"""What an ejection does to the pods that stay: they take over the load.

Ejecting one overloaded pod after the other would push the rest over, so an ejection is held back
where the mean load after it would exceed a percentage of what busy pods carry now. The mean, for
the Service spreads requests; 95th percentile, for one busy pod is not what pods can carry.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean, quantiles

from kubervisor.traffic.model import Fleet, PodUid
from kubervisor.traffic.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Load:
    """Events a second and pod: the `mean` and the 95th percentile (`busy`) of those that serve.

    `serving` is their number, `shed` how many have left the traffic since the measurement: the
    others have not yet shown their share.
    """

    mean: float
    busy: float
    serving: int
    shed: int

    def after(self, ejections: int) -> float:
        """The mean load when so many more are ejected; infinite where none would be left."""
        left = self.serving - ejections
        return self.mean * (self.serving + self.shed) / left if left > 0 else float("inf")

    def refusal(self, ejections: int, most_percent: int) -> str:
        """Why not so many more may be ejected, with the numbers; "" where they may."""
        projected, most = self.after(ejections), most_percent / 100 * self.busy
        if projected <= most:
            return ""
        return (
            f"pods that would stay: {self.serving - ejections}; they would carry {projected:.4g} "
            f"events a second each, at most {most:.4g} ({most_percent} % of the {self.busy:.4g} "
            "of a busy pod now)"
        )


def load_of(fleet: Fleet, verdict: Verdict) -> Load | None:
    """The load of `fleet` by the findings of `verdict`; None where its detector counts no events.

    A serving pod whose events are not known is taken to carry what the others do.
    """
    serving = {pod.uid for pod in fleet.serving}
    loads = [f.activity for f in verdict.findings if f.pod in serving and f.activity is not None]
    if not loads or max(loads) <= 0:
        return None
    busy = quantiles(loads, n=20, method="inclusive")[-1] if len(loads) > 1 else loads[0]
    return Load(fmean(loads), busy, len(serving), len(_shed(fleet, serving, verdict.taken_at)))


def _shed(fleet: Fleet, serving: Collection[PodUid], since: float) -> list[PodUid]:
    return [
        pod.uid
        for pod in fleet.pods
        if pod.uid in fleet.ejecting
        or (pod.uid not in serving and pod.ejection and (pod.ejection.at or 0.0) >= since)
    ]
