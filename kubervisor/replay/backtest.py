"""A KubervisorService over the past of its source: what it would have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubervisor.errors import SourceAnswerUnusable
from kubervisor.replay.alternatives import alternatives
from kubervisor.replay.curves import Curves
from kubervisor.replay.kubestate import KubeState
from kubervisor.replay.members import Members
from kubervisor.replay.pages import Reader, Stretch
from kubervisor.replay.readings import readings_of
from kubervisor.replay.rerun import Rerun
from kubervisor.replay.tally import Tally
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ServicePolicy

ASSUMPTIONS = (
    "The record is played back as it is: an ejection does not move traffic to the other pods.",
    "While a pod is out, its samples are ignored, for it would have had no traffic.",
    "After its return a pod's samples count again as recorded: a fault that lasted is found again.",
    "A terminated pod is replaced at once by a pod that serves and of which nothing is recorded.",
    "A pod joins with its first sample and leaves 120 seconds after its last.",
    "Where kube-state-metrics says nothing else, each pod is Ready and owned by a ReplicaSet.",
    "Each evaluation is on time and answered; each write succeeds.",
    "The limit on ejections per second of a whole process is not replayed.",
    "PodDisruptionBudgets, and other Services on the same pods, are not replayed.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a backtest; `alternatives` are the same past under other settings, by name."""

    key: ServiceKey
    policy: ServicePolicy
    stretch: Stretch
    pods: tuple[str, ...]
    tally: Tally
    alternatives: dict[str, Tally]
    curves: dict[str, Curves]


def backtest(
    key: ServiceKey,
    policy: ServicePolicy,
    reader: Reader,
    stretch: Stretch,
    *,
    told: Callable[[int], None] = lambda _: None,
) -> Result:
    """Replays the policy and its alternatives, page by page; `told` hears of steps done.

    Raises SourceError where the source fails or has no samples of any pod, SpecError where a
    detector's answers are not in any past.
    """
    main = Rerun(key, policy, stretch.step)
    others = {a.title: Rerun(key, a.policy, stretch.step) for a in alternatives(policy)}
    curves = {breaker.name: Curves(stretch) for breaker in policy.breakers}
    members = Members(key.namespace, stretch.start)
    state = KubeState(reader.history, key.namespace)
    for page in reader.pages(policy, stretch, told):
        known, ready = state.read(page, stretch)
        roll = members.roll(page, known=known, ready=ready)
        for breaker in policy.breakers:
            curves[breaker.name].add(page, roll.names, readings_of(breaker, page, roll))
        for rerun in (main, *others.values()):
            rerun.run(page, roll)
    if not members.ever:
        raise SourceAnswerUnusable(_nothing(reader, policy))
    for rerun in (main, *others.values()):
        rerun.finish(stretch.end)
    tallies = {title: rerun.tally for title, rerun in others.items()}
    return Result(key, policy, stretch, members.ever, main.tally, tallies, curves)


def _nothing(reader: Reader, policy: ServicePolicy) -> str:
    if reader.unnamed:
        labels = ", ".join(sorted(reader.unnamed))
        return (
            f"The samples have no label {labels} that would name their pod. Have the queries keep "
            f"it, or name the label that they have."
        )
    queries = "; ".join(
        query.promql
        for breaker in policy.breakers
        for query in getattr(breaker.detector, "queries", ())
    )
    return (
        f"No samples of a pod of namespace {reader.namespace} in this time. Check the time, the "
        f"namespace of the file, --pods, and the queries: {queries}"
    )
