"""`customService`: a service of the user's names the outliers.

Its answer is a list of names, intersected with the fleet: a pod of another namespace, an unknown
name, or a uid that is not the current pod's changes nothing.
"""

from __future__ import annotations

from kubervisor.traffic.detector_policy import CustomPolicy
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.measurement import NamedPod
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement


def judge(asked: Question) -> tuple[Finding, ...]:
    """The named members in the order of the answer (it may mean worst first), then the others."""
    policy, fleet = asked.breaker.detector, asked.fleet
    assert isinstance(policy, CustomPolicy)
    ready = {pod.name: pod for pod in fleet.pods if pod.ready}
    named: dict[str, Pod] = {}
    for entry in asked.measurement.named:
        pod = ready.get(entry.name)
        if pod is not None and _is_that_pod(entry, pod):
            named.setdefault(pod.name, pod)
    said = f"named by {policy.source}"
    outliers = [Finding(pod.uid, pod.name, Judgement.OUTLIER, said=said) for pod in named.values()]
    others = [
        Finding(pod.uid, pod.name, Judgement.FINE, said=f"not {said}")
        for pod in ready.values()
        if pod.name not in named
    ]
    return (*outliers, *others)


def _is_that_pod(entry: NamedPod, pod: Pod) -> bool:
    return entry.namespace in (None, "", pod.namespace) and entry.uid in (None, "", pod.uid)
