"""The values every decision is made of: pods, fleets, samples, findings, intents and plans.

Nothing here reads a clock, a cache or a network. Instants are Unix seconds (UTC), durations
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf, nan
from typing import NewType, TypeVar, overload

from kubervisor.traffic.reasons import Reason

PodUid = NewType("PodUid", str)


class Traffic(StrEnum):
    """The values of the label `kubervisor/traffic`; other controllers select on them."""

    YES = "yes"
    NO = "no"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, order=True)
class ServiceKey:
    """Names a KubervisorService: its namespace and its own name (not the Service's)."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of a pod, from the owner reference with `controller: true`."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Ejection:
    """What a pod's own labels and annotations say of its current ejection.

    `at` and `until` are None where the annotation is missing or unreadable: such a hold counts from
    now. `owner_uid` is the uid of the pod's controller at the time of the ejection.
    """

    id: str
    breaker: str
    at: float | None = None
    until: float | None = None
    reason: str = ""
    evidence: str = ""
    epoch: int = 0
    owner_uid: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """What Kubervisor knows of a pod; everything else of the API object is never decoded.

    `traffic` is None where the label is absent or has no known value. `ejection` is None unless the
    pod is out by us: a pod labelled `no` or `pause` without it is a manual hold.
    `labels` are the pod's labels without those under `kubervisor/`, `node_address` is its node's
    IP, `address` the pod's own, empty on the host's network. `returned_by_hand` marks a pod that
    serves while it still carries our ejection: a person set `yes`. `epoch_mark` is the epoch that a
    leader left on it, empty where none did.
    `eject_requested_at` is when a person asked to have it ejected, 0 where that cannot be read.
    """

    uid: PodUid
    namespace: str
    name: str
    version: str
    phase: str
    ready: bool
    deleting: bool
    traffic: Traffic | None
    claimed_by: str | None
    ejection: Ejection | None
    retries: int
    returned_at: float | None
    created_at: float
    started_at: float | None
    owner: Owner | None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    returned_by_hand: bool = False
    node_address: str = ""
    epoch_mark: str = ""
    address: str = ""
    eject_requested_at: float | None = None

    @property
    def is_out(self) -> bool:
        """True where the label keeps the pod out of traffic, whoever wrote it."""
        return self.traffic is Traffic.NO or self.traffic is Traffic.PAUSE

    @property
    def is_manual_hold(self) -> bool:
        """True where a person took the pod out; we count it as out and never return it."""
        return self.is_out and self.ejection is None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another Service that selects on our key, and its pods that serve now."""

    name: str
    serving: frozenset[PodUid]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The members of a Service at one instant, with the writes that the watch has not shown yet.

    `pods` are the members (design: phase Pending, Running or Unknown, not being deleted), in name
    order, whatever their label or readiness. `ejecting`, `returning` and `terminating` are the
    unconfirmed writes of ours. `unreplaced` counts the pods we terminated that are gone and whose
    replacement has not been created yet: they are members too, and not serving.
    """

    key: ServiceKey
    pods: tuple[Pod, ...]
    ejecting: frozenset[PodUid] = frozenset()
    returning: frozenset[PodUid] = frozenset()
    terminating: frozenset[PodUid] = frozenset()
    unreplaced: int = 0
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def size(self) -> int:
        """N of the budget: all members."""
        return len(self.pods) + self.unreplaced

    def is_ours(self, pod: Pod) -> bool:
        """True unless the pod carries another KubervisorService's name: then it is that one's."""
        return pod.claimed_by in (None, self.key.name)

    def is_serving(self, pod: Pod) -> bool:
        """True where `pod` counts towards S: Ready, labelled `yes`, no unconfirmed write against
        it.

        A return counts only once the watch shows it, because the label here is the watch's.
        """
        return (
            pod.ready
            and pod.traffic is Traffic.YES
            and pod.uid not in self.ejecting
            and pod.uid not in self.terminating
        )

    @property
    def serving(self) -> tuple[Pod, ...]:
        """S of the budget, in name order."""
        return tuple(pod for pod in self.pods if self.is_serving(pod))

    @property
    def out(self) -> tuple[Pod, ...]:
        """O of the budget: members labelled `no` or `pause`, Ready or not, and unconfirmed
        ejections.
        """
        return tuple(pod for pod in self.pods if pod.is_out or pod.uid in self.ejecting)


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant vector: its labels, its value and the instant it was evaluated
    at.
    """

    labels: Mapping[str, str]
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one series over a time, oldest first: instants in Unix seconds, and values."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NamedPod:
    """A pod as a custom detector names it; `uid` and `namespace` are None where it did not say."""

    name: str
    namespace: str | None = None
    uid: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a source answered: samples of a query, series over a time, or the pods that a custom
    detector named.

    `taken_at` is when the request was sent (the controller's clock); `window` is how far back the
    evidence reaches, so it starts at `taken_at - window`. Where the detector has several queries
    their answers are in `parts`, in the order of the queries.
    """

    taken_at: float
    window: float = 0.0
    samples: tuple[Sample, ...] = ()
    named: tuple[NamedPod, ...] = ()
    series: tuple[Series, ...] = ()
    parts: tuple[Measurement, ...] = ()
    _index: dict[str, Mapping[str, Sequence[Sample]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _series_index: dict[str, Mapping[str, Sequence[Series]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    _sums: dict[str, Mapping[tuple[str, str], float]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def by(self, label: str) -> Mapping[str, Sequence[Sample]]:
        """Samples by the value of `label`, indexed once: many Services may share one
        measurement.
        """
        index = self._index.get(label)
        if index is None:
            index = self._index[label] = _by_label(self.samples, label)
        return index

    def series_by(self, label: str) -> Mapping[str, Sequence[Series]]:
        """Series by the value of `label`, indexed once."""
        index = self._series_index.get(label)
        if index is None:
            index = self._series_index[label] = _by_label(self.series, label)
        return index

    def sums_by(self, label: str, namespaces: tuple[str, ...]) -> Mapping[tuple[str, str], float]:
        """The sum of the samples for each namespace and value of `label`, made once. The namespace
        is what the first of the labels `namespaces` says, "" where none is there. Samples that are
        not finite are left out; a negative one makes its sum NaN.
        """
        sums = self._sums.get(label)
        if sums is None:
            sums = self._sums[label] = _sums(self.samples, label, namespaces)
        return sums

    @property
    def is_empty(self) -> bool:
        """True where the source has nothing to say of any pod."""
        return not (self.samples or self.series) and all(part.is_empty for part in self.parts)


_Labelled = TypeVar("_Labelled", Sample, Series)


def _by_label(found: Iterable[_Labelled], label: str) -> Mapping[str, Sequence[_Labelled]]:
    index: dict[str, list[_Labelled]] = {}
    for one in found:
        value = one.labels.get(label, "")
        if value in index:
            index[value].append(one)
        else:
            index[value] = [one]
    return index


def _sums(
    samples: Iterable[Sample], label: str, namespaces: tuple[str, ...]
) -> Mapping[tuple[str, str], float]:
    sums: dict[tuple[str, str], float] = {}
    for sample in samples:
        labels, value = sample.labels, sample.value
        namespace = ""
        for name in namespaces:
            if name in labels:
                namespace = labels[name]
                break
        key = (namespace, labels.get(label, ""))
        if value < 0:
            value = nan
        elif not value < inf:
            value = 0.0
        if key in sums:
            value += sums[key]
        sums[key] = value
    return sums


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


class AllFine(Sequence[Finding]):
    """Findings of a step in which every pod is fine, as nearly all steps are: made when they are
    read. `pods` are the pods that were judged.
    """

    __slots__ = ("_findings", "_make", "pods")

    def __init__(self, pods: Sequence[PodUid], make: Callable[[], tuple[Finding, ...]]) -> None:
        self.pods, self._make = pods, make
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
        return len(self.pods)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self.pods))


@dataclass(frozen=True, slots=True)
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
    def outliers(self) -> tuple[Finding, ...]:
        """Findings judged outliers, worst first; ties stay in the detector's order."""
        if isinstance(self.findings, AllFine):
            return ()
        found = [f for f in self.findings if f.judgement is Judgement.OUTLIER]
        return tuple(sorted(found, key=lambda f: -f.score))

    def without(self, pods: Collection[PodUid]) -> Verdict:
        """The same verdict but for the findings on `pods`, which have been dealt with."""
        if not pods:
            return self
        return replace(self, findings=tuple(f for f in self.findings if f.pod not in pods))
