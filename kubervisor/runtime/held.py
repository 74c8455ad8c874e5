"""What a ledger knows of the pods that are out, as the decision takes it."""

from __future__ import annotations

from kubervisor.runtime.ledger import Ledger
from kubervisor.traffic.activator import Held
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.terminations import Circumstances


def held(
    ledger: Ledger, fleet: Fleet, policy: ServicePolicy, *, now: float, wall: float, ends: bool
) -> Held:
    """The holds of `fleet` at `now` (monotonic) and `wall`; `ends` lets pods be paused or
    terminated.
    """
    remaining = ledger.remaining(fleet, policy, now=now, wall=wall)
    circumstances = None
    if ends:
        circumstances = Circumstances(
            panicking=[name for name, groups in ledger.panicking.items() if groups],
            blind=ledger.blind.keys(),
            confirmed=ledger.confirmed,
            protected=ledger.spared(remaining, now=now),
            pausing=ledger.pausing,
        )
    return Held(
        remaining=remaining,
        scores=ledger.scores(),
        flagged=ledger.still_flagged(now=now),
        recent=tuple(now - at for at in ledger.returns),
        circumstances=circumstances,
    )
