"""What detectors say: a finding for each pod, a verdict for the fleet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, overload

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.reasons import Reason


class Judgement(StrEnum):
    """What a detector says of one pod. Inconclusive is never an outlier."""

    OUTLIER = "outlier"
    FINE = "fine"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Finding:
    """A detector's word on one member in one step.

    `score` orders outliers of one breaker, larger is worse. `said` is what `evidence` is made from:
    a sentence, whose names in braces stand for `value`, `threshold` and `facts`. `value` and
    `threshold` are the numbers judged by where the detector has them, `facts` the others by name
    (events `n`, failures `k`, `baseline`, `peers`, `p`, `window`). `activity` is how many events a
    second the pod serves, where the detector counts them. `in_a_row` is how many steps on end must
    call the pod an outlier before that counts, whatever the breaker's m of n.
    """

    pod: PodUid
    name: str
    judgement: Judgement
    score: float = 0.0
    value: float | None = None
    threshold: float | None = None
    said: str = ""
    activity: float | None = None
    facts: Mapping[str, float] = field(default_factory=dict, hash=False)
    in_a_row: int = 1

    @property
    def evidence(self) -> str:
        """The sentence with the numbers in it. Made when it is read: most are not."""
        if not self.facts:
            return self.said
        return self.said.format_map(
            {**self.facts, "value": self.value, "threshold": self.threshold}
        )


class Glance(NamedTuple):
    """What showed at a glance that all are fine: of each pod how many events failed, and how many
    there were; and the share by which an outlier exceeds its peers at least.
    """

    failing: Sequence[float]
    every: Sequence[float]
    effect: float


class NoOutlier(Sequence[Finding]):
    """Findings of a step in which nobody is an outlier, as nearly all steps are: made when they are
    read. They are of the pods that are `fine`, and of those that are `unsure`: inconclusive.
    """

    __slots__ = ("_findings", "_make", "fine", "unsure")

    def __init__(
        self,
        fine: Sequence[PodUid],
        make: Callable[[], tuple[Finding, ...]],
        unsure: Sequence[PodUid] = (),
    ) -> None:
        self.fine, self.unsure, self._make = tuple(fine), tuple(unsure), make
        self._findings: tuple[Finding, ...] | None = None

    def _made(self) -> tuple[Finding, ...]:
        if self._findings is None:
            self._findings = self._make()
        return self._findings

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._made()[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self.fine) + len(self.unsure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self.fine, self.unsure))


class AllFine(NoOutlier):
    """Those of a step in which every pod is fine; `glance` tells of the pods in the same order."""

    __slots__ = ("glance",)

    def __init__(
        self,
        pods: Sequence[PodUid],
        make: Callable[[], tuple[Finding, ...]],
        glance: Glance | None = None,
    ) -> None:
        super().__init__(pods, make)
        self.glance = glance


@dataclass(frozen=True)
class Verdict:
    """What one breaker's detector says of the fleet in one step.

    `reason` is `NoSamples` where the source answered with an empty vector, else None.
    """

    breaker: str
    taken_at: float
    window: float
    findings: Sequence[Finding]
    reason: Reason | None = None

    @property
    def no_outlier(self) -> NoOutlier | None:
        """The findings where nobody is an outlier; None where one is."""
        found = self.findings
        if isinstance(found, NoOutlier):
            return found
        if self.outliers:
            return None
        fine, unsure = (
            [f.pod for f in found if f.judgement is judgement]
            for judgement in (Judgement.FINE, Judgement.INCONCLUSIVE)
        )
        return NoOutlier(fine, lambda: tuple(found), unsure)

    @property
    def all_counted(self) -> bool:
        """Whether events of each Ready member were counted, and there is one: a glance shows it."""
        findings = self.findings
        return isinstance(findings, AllFine) and findings.glance is not None and bool(findings)

    @cached_property
    def outliers(self) -> tuple[Finding, ...]:
        """Findings judged outliers, worst first; ties stay in the detector's order."""
        if isinstance(self.findings, NoOutlier):
            return ()
        found = [f for f in self.findings if f.judgement is Judgement.OUTLIER]
        return tuple(sorted(found, key=lambda f: -f.score))

    def without(self, pods: Collection[PodUid]) -> Verdict:
        """The same verdict but for the findings on `pods`, which have been dealt with."""
        if not pods:
            return self
        return replace(self, findings=tuple(f for f in self.findings if f.pod not in pods))
