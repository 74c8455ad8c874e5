"""The samples of an instant vector, in columns.

One answer for all Services holds hundreds of thousands of samples, and few differ from the others
in more than their pod and their value. So a sample is three numbers here: the group of those with
the same labels but for the pod's, the row of its pod in their namespace, and the value.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from math import nan
from typing import TypeAlias

from kubervisor.traffic.rows import Known, Naming, Place, Rows, as_it_is

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
"""What scrape configurations call the namespace; a StatefulSet's `web-0` exists in many of them."""

Labels: TypeAlias = dict[str, str]
_Key: TypeAlias = tuple[str | float, ...]


def place_of(labels: Mapping[str, str]) -> Place:
    """The namespace that `labels` say."""
    first, second = [labels.get(name, "") for name in NAMESPACE_LABELS]
    return None if first and second and first != second else first or second


class Group:
    """Samples of one instant with equal labels, but for the pod's. `rows` are those of the pods of
    its place; `then` is the group of the sample that came after one of these, last time.
    """

    __slots__ = ("at", "labels", "number", "place", "rows", "then")

    def __init__(self, labels: Labels, at: float, number: int, place: Place, rows: Rows) -> None:
        self.labels, self.at, self.number, self.rows = labels, at, number, rows
        self.place, self.then = place, self


class Columns:
    """A sample is what stands at its number in `group_of`, `row_of` and `values`; `rows` says whose
    row it is.
    """

    def __init__(
        self,
        pod_label: str,
        found: Iterable[tuple[Labels, float, float]],
        one: Naming,
        before: Known,
    ) -> None:
        self.groups: list[Group] = []
        self.group_of, self.row_of, self.values = array("I"), array("I"), array("d")
        self._known: dict[_Key, Group] = {}
        self._places: dict[Place, Rows] = {}
        self._before, self._one = before, one
        self._take(pod_label, found)
        self.rows: Known = {place: rows.finished() for place, rows in self._places.items()}

    def _take(self, pod_label: str, found: Iterable[tuple[Labels, float, float]]) -> None:
        numbers: list[int] = []  # one object for each row number, whatever its place
        in_group, in_row = self.group_of.append, self.row_of.append
        has_value = self.values.append
        group = Group({}, nan, 0, None, Rows(None, None, as_it_is))  # like no other
        for labels, value, at in found:
            pod = labels.pop(pod_label, None)
            if not pod:
                if pod is not None:
                    labels[pod_label] = pod
                pod = ""
            # Pod after pod, series mostly come in the same order.
            last, group = group, group.then
            if labels != group.labels or at != group.at:
                group = last.then = self._group(labels, at)
            rows = group.rows
            row = rows.numbers.get(pod)
            if row is None or row >= rows.count:
                row = rows.admit(pod, numbers)
            in_group(group.number)
            in_row(row)
            has_value(value)

    def _group(self, labels: Labels, at: float) -> Group:
        key: _Key = (at, *labels, *labels.values())
        group = self._known.get(key)
        if group is None:
            place = place_of(labels)
            rows = self._places.get(place)
            if rows is None:
                rows = self._places[place] = Rows(place, self._before.get(place), self._one)
            group = self._known[key] = Group(labels, at, len(self.groups), place, rows)
            self.groups.append(group)
        return group
