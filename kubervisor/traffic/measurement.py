"""What sources answered: samples, series, names of pods, and indexes over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, nan
from typing import NamedTuple, Protocol, TypeVar


class Sample(NamedTuple):
    """One series of an instant vector: its labels, its value and the instant it was evaluated
    at. A tuple is made in half the time: there may be hundreds of thousands in an answer.
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


class Failures(Protocol):
    """Which samples count failures, by their labels; two that choose the same are equal."""

    def are_bad(self, labels: Mapping[str, str]) -> bool: ...
    def __hash__(self) -> int: ...


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
    _sums: dict[tuple[str, Failures | None], Mapping[str, Mapping[str, float]]] = field(
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

    def sums_by(
        self, label: str, namespaces: tuple[str, str], only: Failures | None = None
    ) -> Mapping[str, Mapping[str, float]]:
        """The sums of the samples, or of failures `only`, by namespace and then by the value of
        `label`, made once. The namespace is what the first of the labels `namespaces` says, ""
        where neither is there. Of samples that are not finite nothing is added; a negative one
        makes its sum NaN.
        """
        sums = self._sums.get((label, only))
        if sums is None:
            samples = self.samples
            if only is not None:
                samples = tuple([one for one in samples if only.are_bad(one.labels)])
            sums = self._sums[label, only] = _sums(samples, label, namespaces)
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
    samples: Iterable[Sample], label: str, namespaces: tuple[str, str]
) -> Mapping[str, Mapping[str, float]]:
    sums: defaultdict[str, dict[str, float]] = defaultdict(dict)
    first, second = namespaces
    for labels, said, _ in samples:
        near = sums[labels[first] if first in labels else labels.get(second, "")]
        name = labels.get(label, "")
        value = said if 0 <= said < inf else nan if said < 0 else 0.0
        near[name] = near[name] + value if name in near else value
    return dict(sums)
