"""What judges a new version."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.workflow import Object

from canary_operator.metrics import istio_success_rate
from canary_operator.phases import CanaryDeployment, EvaluatingInputs
from canary_operator.spec import Gate, seconds
from canary_operator.workloads import LABEL, Role, matched, names_of

HEALTH = "status.autocrane.io/health"
"""The label that has the worst word of all watchdogs of a pod."""
PROBE = "probe.autocrane.io/"
"""What the annotations begin with by which a pod declares its watchdogs."""
TRAFFIC = "kubervisor/traffic"
"""The label that says whether a Breaker has taken a pod out of traffic."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the new version does well, None where that cannot be told yet, and why."""

    good: bool | None
    why: str


def judge(
    canary: CanaryDeployment, inputs: EvaluatingInputs, trial: Object, elapsed: float
) -> Judgement:
    """What the gate says, once the version has had requests for `elapsed` seconds.

    Raises SourceError where the success rate cannot be measured, ValueError where there is no such
    gate: no KubervisorService guards the Service.
    """
    match canary.spec.gate:
        case Gate.SUCCESS_RATE:
            return _success_rate(canary, inputs, elapsed)
        case Gate.WATCHDOGS:
            return _watchdogs(_pods(inputs, trial))
        case Gate.BREAKER:
            return _breaker(canary, inputs, _pods(inputs, trial))


def _success_rate(canary: CanaryDeployment, inputs: EvaluatingInputs, elapsed: float) -> Judgement:
    # No further back than this version has had requests: the one before it had the same name.
    interval = int(min(seconds(canary.spec.measurement_interval), elapsed))
    if interval < 1:
        return Judgement(None, "nothing is measured yet")
    rate = istio_success_rate(
        inputs.metrics,
        namespace=canary.namespace,
        name=names_of(canary).trial,
        interval=f"{interval}s",
    ).value
    if rate is None:
        return Judgement(None, f"no requests were measured in the last {interval} s")
    threshold = canary.spec.success_threshold
    said = f"{rate:.4g} % of its requests succeed, {threshold:g} % must"
    return Judgement(rate >= threshold, said)


def _watchdogs(pods: tuple[Object, ...]) -> Judgement:
    if failing := [pod.name for pod in pods if pod.labels.get(HEALTH) == "error"]:
        return Judgement(False, f"watchdogs of {', '.join(failing)} fail")
    if silent := [pod.name for pod in pods if not _is_watched(pod)]:
        return Judgement(None, f"{', '.join(silent)} has no watchdog")
    if not pods:
        return Judgement(None, "it has no pods now")
    return Judgement(True, "no watchdog of its pods fails")


def _is_watched(pod: Object) -> bool:
    """Whether it declares a watchdog, or one has said something: of well ones nothing is written."""
    return HEALTH in pod.labels or any(key.startswith(PROBE) for key in pod.annotations)


def _breaker(
    canary: CanaryDeployment, inputs: EvaluatingInputs, pods: tuple[Object, ...]
) -> Judgement:
    service = names_of(canary).target
    guards = [one for one in inputs.kubervisorservices.list() if one.spec.get("service") == service]
    if not guards:
        raise ValueError(f"no KubervisorService guards the Service {service}: the gate needs one")
    for guard in guards:
        if judgement := _version_outlier(guard, pods):
            return judgement
    if out := [pod.name for pod in pods if pod.labels.get(TRAFFIC) in ("no", "pause")]:
        return Judgement(False, f"the Breaker has taken {', '.join(out)} out of traffic")
    if not any(_condition(guard, "SourcesAvailable") == ("True", "") for guard in guards):
        return Judgement(None, f"the Breaker of {service} has no measurements")
    return Judgement(True, f"the Breaker of {service} finds nothing wrong with it")


def _version_outlier(guard: Object, pods: tuple[Object, ...]) -> Judgement | None:
    """That its version is the outlier, where the guard says so of the template of these pods."""
    status, message = _condition(guard, "VersionOutlier")
    hashes = {pod.labels.get("pod-template-hash", "") for pod in pods} - {""}
    if status == "True" and any(one in message for one in hashes):
        return Judgement(False, f"the Breaker of {guard.spec['service']}: {message}")
    return None


def _condition(guard: Object, kind: str) -> tuple[str, str]:
    """The status and message of a condition."""
    for one in guard.status.get("conditions") or ():
        if one["type"] == kind:
            return one["status"], one.get("message", "")
    return "Unknown", ""


def _pods(inputs: EvaluatingInputs, trial: Object) -> tuple[Object, ...]:
    """Those of the new version that are to stay."""
    found = inputs.pods.list(labels=matched(trial) | {LABEL: Role.TRIAL.value})
    return tuple(pod for pod in found if "deletionTimestamp" not in pod.body["metadata"])
