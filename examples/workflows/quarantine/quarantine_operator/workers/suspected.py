"""Suspected: the signal is above its threshold; it is seen whether that lasts."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from quarantine_operator.phases import Phase, Quarantine, SuspectedInputs
from quarantine_operator.signal import alerts, is_above, told, with_peak
from quarantine_operator.spec import QuarantineStatus, seconds


def sync(quarantine: Quarantine, inputs: SuspectedInputs) -> Outcome[QuarantineStatus]:
    """Free it where the signal is calm again, isolate it where it has lasted. Whoever says nothing
    any more is no less suspect, and is not isolated for that.
    """
    rate = alerts(quarantine, inputs.metrics)
    said = told(quarantine, rate)
    if rate is None:
        return Outcome(Phase.SUSPECTED, message=said)
    if not is_above(quarantine, rate):
        return Outcome(Phase.WATCHING, message=said)
    known = with_peak(quarantine.status, rate)
    left = seconds(quarantine.spec.holds_for) - _lasted(quarantine)
    if left > 0:
        return Outcome(Phase.SUSPECTED, status=known, message=said)
    return Outcome(Phase.ISOLATED, status=known, message=said)


def _lasted(quarantine: Quarantine) -> float:
    return (quarantine.now - quarantine.phase_since).total_seconds()
