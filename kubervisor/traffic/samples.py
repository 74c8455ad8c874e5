"""The samples of an instant vector: what a pod's are, and what they amount to."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf, nan
from operator import itemgetter
from typing import NamedTuple, Protocol, Self

from kubervisor.traffic.columns import Columns
from kubervisor.traffic.layout import Labels, Layout, New
from kubervisor.traffic.rows import Known, Naming, Place, as_it_is, extent


class Sample(NamedTuple):
    """One series of an instant vector: its labels, its value and the instant it was evaluated
    at.
    """

    labels: Mapping[str, str]
    value: float
    at: float


class Failures(Protocol):
    """Which samples count failures, by their labels but for the pod's; two that choose the same are
    equal.
    """

    def are_bad(self, labels: Mapping[str, str]) -> bool: ...
    def __hash__(self) -> int: ...


class Samples(Collection[Sample]):
    """An instant vector. `pod_label` is the label that names the pod, `layout` is for the next
    answer. A `Sample` is only made of what is asked for; equal to any collection of equal ones in
    the same order.
    """

    def __init__(self, columns: Columns) -> None:
        self.pod_label, self.layout = columns.pod_label, columns.layout
        self._groups, self._rows, self._values = columns.groups, columns.rows, columns.values
        self._group_of, self._row_of = columns.group_of, columns.row_of
        self._sums: dict[Failures | None, Mapping[Place, array[float]]] = {}
        self._chains: tuple[dict[Place, array[int]], array[int]] | None = None

    @classmethod
    def of_plain(
        cls,
        pod_label: str,
        found: Iterable[tuple[Labels, float, float]],
        *,
        one: Naming = as_it_is,
    ) -> Self:
        """The samples `found`: labels, which become ours, values, and instants."""
        return cls(Columns(pod_label, [New(array("q"), found)], one, Layout()))

    @property
    def rows(self) -> Known:
        """Which row is whose."""
        return self._rows

    @property
    def oldest(self) -> float:
        """The earliest instant (Unix seconds); infinite where there is no sample."""
        return min([group.at for group in self._groups], default=inf)

    @property
    def pods(self) -> set[str]:
        """All that the label says, and "" where a sample has none."""
        return {pod for rows in self._rows.values() for pod in rows}

    def has(self, pod: str, namespace: str) -> bool:
        """Whether the pod has a sample that does not say another namespace."""
        return any(pod in self._rows.get(place, ()) for place in (namespace, ""))

    def of(self, pod: str, namespace: str) -> list[Sample]:
        """The pod's samples that do not say another namespace, in the order of the answer."""
        numbers = [*self._numbers(pod, namespace), *self._numbers(pod, "")]
        return [self._sample(n, pod) for n in sorted(numbers)]

    def counts(self, namespace: str) -> Iterator[tuple[str, int]]:
        """How many samples that do not say another namespace there are of each pod that has some;
        pods may come twice, and "" is none.
        """
        for place in (namespace, ""):
            for pod in self._rows.get(place, ()):
                yield pod, sum(1 for _ in self._numbers(pod, place))

    def sums(
        self, pods: Collection[str], namespace: str, only: Failures | None = None
    ) -> Mapping[str, float]:
        """The sums of the samples, or of failures `only`, that do not say another namespace, of
        each of `pods` that has any. Of samples that are not finite nothing is added; a negative one
        makes its sum NaN.
        """
        near, anywhere = (self._picked(pods, place, only) for place in (namespace, ""))
        if not near or not anywhere:
            return near or anywhere
        either = near.keys() | anywhere.keys()
        return {pod: near.get(pod, 0.0) + anywhere.get(pod, 0.0) for pod in either}

    def amounts(
        self, pods: Sequence[str], namespace: str, *only: Failures | None
    ) -> list[Sequence[float]]:
        """`sums` of each of `only`, in the order of `pods`, 0 where a pod has none; in a third of
        the time where, as nearly always, all have some and all samples say their namespace.
        """
        rows = self._rows.get(namespace, {})
        if len(pods) > 1 and "" not in self._rows:
            with suppress(KeyError):
                of_pods = itemgetter(*itemgetter(*pods)(rows))
                return [of_pods(self.summed(one)[namespace]) for one in only]
        sums = [self.sums(pods, namespace, one) for one in only]
        return [[found.get(pod, 0.0) for pod in pods] for found in sums]

    def _picked(
        self, pods: Collection[str], place: Place, only: Failures | None
    ) -> dict[str, float]:
        rows = self._rows.get(place)
        if not rows:
            return {}
        column = self.summed(only)[place]
        return {pod: column[rows[pod]] for pod in pods if pod in rows}

    def summed(self, only: Failures | None) -> Mapping[Place, array[float]]:
        """The sum of each row, by place: made once, of all that `sums` and `amounts` tell."""
        columns = self._sums.get(only)
        if columns is None:
            columns = self._sums[only] = self._sum(only)
        return columns

    def _sum(self, only: Failures | None) -> Mapping[Place, array[float]]:
        sums = {place: array("d", bytes(8 * extent(rows))) for place, rows in self._rows.items()}
        counted = [
            sums.get(group.place) if only is None or only.are_bad(group.labels) else None
            for group in self._groups
        ]
        for number, row, value in zip(self._group_of, self._row_of, self._values, strict=True):
            column = counted[number]
            if column is not None:
                column[row] += value if 0 <= value < inf else nan if value < 0 else 0.0
        return sums

    def _numbers(self, pod: str, place: Place) -> Iterator[int]:
        """The numbers of the pod's samples, the last one first."""
        row = self._rows.get(place, {}).get(pod)
        if row is None:
            return
        if self._chains is None:
            self._chains = self._chained()
        last, before = self._chains
        number = last[place][row]
        while number >= 0:
            yield number
            number = before[number]

    def _chained(self) -> tuple[dict[Place, array[int]], array[int]]:
        """The last sample of each row, by place, and for each sample the one before it in its
        row; -1 for none.
        """
        last = {place: array("i", [-1]) * extent(rows) for place, rows in self._rows.items()}
        of_group = [last.get(group.place, array("i")) for group in self._groups]
        before = array("i")
        for number, (group, row) in enumerate(zip(self._group_of, self._row_of, strict=True)):
            column = of_group[group]
            before.append(column[row])
            column[row] = number
        return last, before

    def _sample(self, number: int, pod: str) -> Sample:
        group = self._groups[self._group_of[number]]
        labels = {**group.labels, self.pod_label: pod} if pod else group.labels
        return Sample(labels, self._values[number], group.at)

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Sample]:
        pods = {
            place: {row: pod for pod, row in rows.items()} for place, rows in self._rows.items()
        }
        for number, (group, row) in enumerate(zip(self._group_of, self._row_of, strict=True)):
            yield self._sample(number, pods[self._groups[group].place][row])

    def __contains__(self, sample: object) -> bool:
        return any(one == sample for one in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Collection) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # mypy's object has a hash; a list has none either

    def __repr__(self) -> str:
        return f"Samples({self.pod_label!r}, {list(self)!r})"
