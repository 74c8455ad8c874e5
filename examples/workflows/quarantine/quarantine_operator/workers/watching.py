"""Watching: the signal is calm."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from quarantine_operator.phases import Phase, Quarantine, WatchingInputs
from quarantine_operator.signal import alerts, is_above, told
from quarantine_operator.spec import QuarantineStatus


def sync(quarantine: Quarantine, inputs: WatchingInputs) -> Outcome[QuarantineStatus]:
    """Suspect it once the signal is above its threshold."""
    rate = alerts(quarantine, inputs.metrics)
    said = told(quarantine, rate)
    if rate is not None and is_above(quarantine, rate):
        return Outcome(Phase.SUSPECTED, status=QuarantineStatus(peak=rate), message=said)
    return Outcome(Phase.WATCHING, message=said if rate is None else "")
