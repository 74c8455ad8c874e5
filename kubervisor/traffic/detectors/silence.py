"""What a Ready pod without samples is: the breaker's policy for no data."""

from __future__ import annotations

from collections.abc import Container, Iterator

from kubervisor.traffic.detector_policy import NoData
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement

SILENT_STEPS = 3
"""Steps on end for which a pod must be silent before silence alone is suspect."""


def silent_pods(asked: Question, reporting: Container[str], no_data: NoData) -> Iterator[Finding]:
    """A finding for each Ready member whose name is not in `reporting`.

    Inconclusive with `Ignore`, for a pod that is out, and where nobody reports: then the source is
    to blame. With `Suspect` all its serving peers must report.
    """
    fleet = asked.fleet
    serving = fleet.serving
    voices = sum(pod.name in reporting for pod in serving)
    for pod in fleet.pods:
        if not pod.ready or pod.name in reporting:
            continue
        suspect = no_data is NoData.SUSPECT and voices == len(serving) - 1
        if fleet.is_serving(pod) and voices and (suspect or no_data is NoData.FAIL):
            yield _outlier(pod, voices, SILENT_STEPS if suspect else 1)
        else:
            yield Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said="no samples")


def _outlier(pod: Pod, voices: int, in_a_row: int) -> Finding:
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.OUTLIER,
        said="no samples, while {peers:.0f} peers report",
        facts={"peers": voices},
        in_a_row=in_a_row,
    )
