"""Isolated: the pods are cut off; they are let go once the signal has been calm for long enough."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from quarantine_operator.phases import IsolatedInputs, IsolatedOutputs, Phase, Quarantine
from quarantine_operator.policy import policy
from quarantine_operator.signal import alerts, is_above, told, with_peak
from quarantine_operator.spec import QuarantineStatus, seconds


def sync(quarantine: Quarantine, inputs: IsolatedInputs) -> Outcome[QuarantineStatus]:
    """Hold the pods. Where nothing is said of them they stay: that is no calm, and those that are
    cut off may not be heard. Where Prometheus does not answer, nothing is changed at all.
    """
    deployment = inputs.deployments.find(quarantine.spec.deployment)
    if deployment is None:
        # Nothing said of policies: the one that is there stays, and so do pods that end slowly.
        said = f"there is no Deployment {quarantine.spec.deployment}"
        return Outcome(Phase.ISOLATED, message=said)
    held = IsolatedOutputs(networkpolicies=[policy(quarantine, deployment)])
    rate = alerts(quarantine, inputs.metrics)
    said, known = told(quarantine, rate), quarantine.status
    if rate is None or is_above(quarantine, rate):
        seen = known if rate is None else with_peak(known, rate)
        restless = seen.model_copy(update={"calm_since": None})
        return Outcome(Phase.ISOLATED, held, restless, message=said)
    since = known.calm_since or quarantine.now
    calm = (quarantine.now - since).total_seconds()
    if calm < seconds(quarantine.spec.calm_for):
        waiting = known.model_copy(update={"calm_since": since})
        return Outcome(Phase.ISOLATED, held, waiting, message=said)
    free = IsolatedOutputs(networkpolicies=[])
    return Outcome(
        Phase.WATCHING,
        free,
        known.model_copy(update={"calm_since": None}),
        message=f"calm for {quarantine.spec.calm_for}",
    )
