"""What sources answered: samples, series, names of pods, and indexes over them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kubervisor.traffic.samples import Sample, Samples

__all__ = ["Measurement", "NamedPod", "Sample", "Samples", "Series"]


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
    samples: Collection[Sample] = ()
    named: tuple[NamedPod, ...] = ()
    series: tuple[Series, ...] = ()
    parts: tuple[Measurement, ...] = ()
    _index: dict[str, Samples] = field(default_factory=dict, repr=False, compare=False)
    _series_index: dict[str, Mapping[str, Sequence[Series]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def by(self, label: str) -> Samples:
        """The samples by the label that names the pod, indexed once: many Services may share one
        measurement.
        """
        if isinstance(self.samples, Samples) and self.samples.pod_label == label:
            return self.samples
        index = self._index.get(label)
        if index is None:
            copies = ((dict(labels), value, at) for labels, value, at in self.samples)
            index = self._index[label] = Samples.of_plain(label, copies)
        return index

    def series_by(self, label: str) -> Mapping[str, Sequence[Series]]:
        """Series by the value of `label`, indexed once."""
        index = self._series_index.get(label)
        if index is None:
            found: dict[str, list[Series]] = {}
            for one in self.series:
                found.setdefault(one.labels.get(label, ""), []).append(one)
            index = self._series_index[label] = found
        return index

    @property
    def is_empty(self) -> bool:
        """True where the source has nothing to say of any pod."""
        return not (self.samples or self.series) and all(part.is_empty for part in self.parts)
