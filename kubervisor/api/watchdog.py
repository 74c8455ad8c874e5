"""The detector that listens to what the pods' applications say of themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kubervisor.api.fields import ApiModel, Duration, WatchdogName
from kubervisor.api.measured import TWO_OF_THREE, Matching
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import Trust, WatchdogPolicy
from kubervisor.traffic.policy import Matches
from kubervisor.traffic.watchdogs import Level


class LeastLevel(StrEnum):
    """From which level on a watchdog's word makes an outlier."""

    ERROR = Level.ERROR.value
    WARNING = Level.WARNING.value


class Watchdog(ApiModel):
    """Outliers are pods whose own watchdogs say that something is wrong.

    A status stands until its watchdog says another, or it expires; it comes with the pod, so no
    source is asked, and a new one is judged at once. A pod whose watchdogs have said nothing is not
    judged.
    """

    names: Annotated[list[WatchdogName], Field(max_length=64)] = Field(
        default_factory=list,
        description="Names of the watchdogs to listen to, as in the annotations "
        "`status.autocrane.io/NAME`. Unset: all of the pod's.",
        examples=[["disk"]],
    )
    level: LeastLevel = Field(
        default=LeastLevel.ERROR,
        description="What a watchdog must say: `error`, or with `warning` that or `error`.",
        examples=["error"],
    )
    trust: Trust = Field(
        default=default_of(WatchdogPolicy, "trust"),
        description="Whose words count. `probed`: those of watchdogs of which the pod carries the "
        "annotation `probe.autocrane.io/NAME`; a prober asks them all the time and writes what "
        "changes. `posted`: all others, too, each until it expires and only if posted after the "
        "pod's last return and its containers' start. Whoever may patch a pod can write any of "
        "this, the probe's annotation as well: it is the pod's word, not proof. It can have the "
        "pod ejected within the budget, which a patch of its labels can anyway, and with an "
        "activator that terminates, terminated.",
        examples=["probed"],
    )
    matches: Matching | None = Field(
        default=None,
        description="How often a pod must be an outlier to be ejected. Unset: in 2 of the last 3 "
        "steps, of which the first comes with the watchdog's word; {need: 1, of: 1} ejects then.",
    )
    warm_up: Duration = Field(
        default=60.0,
        description="Duration after the start of its containers in which a pod is not judged: what "
        "stands may have been said of those before, and the prober may not have asked since.",
        examples=["60s"],
    )

    @property
    def steps(self) -> Matches:
        """M of n."""
        if self.matches is None:
            return TWO_OF_THREE
        return Matches(need=self.matches.need, of=self.matches.of)

    @property
    def on_requests(self) -> bool:
        """Whether it judges outcomes of requests."""
        return False

    def policy(self) -> WatchdogPolicy:
        """What the pure core judges by."""
        return WatchdogPolicy(frozenset(self.names), Level(self.level), self.trust)
