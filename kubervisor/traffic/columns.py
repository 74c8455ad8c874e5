"""The samples of an instant vector, in columns.

One answer for all Services holds hundreds of thousands of samples, and few differ from the others
in more than their pod and their value. So a sample is three numbers here: the group of those with
the same labels but for the pod's, the row of its pod in their namespace, and the value. Of these
only the value is new in an answer whose series come as they came in the one before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from math import nan
from typing import TypeAlias

from kubervisor.traffic.layout import Again, Group, Labels, Layout, New
from kubervisor.traffic.rows import Known, Naming, Place, Rows

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
"""What scrape configurations call the namespace; a StatefulSet's `web-0` exists in many of them."""

SPARE = 1000
"""Groups, and rows, that may be left over from earlier answers beyond those that came."""

_Key: TypeAlias = tuple[str | float, ...]


def place_of(labels: Mapping[str, str]) -> Place:
    """The namespace that `labels` say."""
    first, second = [labels.get(name, "") for name in NAMESPACE_LABELS]
    return None if first and second and first != second else first or second


class Columns:
    """A sample is what stands at its number in `group_of`, `row_of` and `values`; `rows` says whose
    row it is, and `layout` is for the next answer.

    `pieces` are those of an answer that followed the one laid out as `before`, to the same question
    and looked at by the same label. Where `one` makes one object of equal names of a place, all who
    hold a pod's name hold the same.
    """

    def __init__(
        self, pod_label: str, pieces: Iterable[New | Again], one: Naming, before: Layout
    ) -> None:
        self.groups: list[Group] = []
        self.group_of, self.row_of, self.values = array("I"), array("I"), array("d")
        self.pod_label, self._before, self._one = pod_label, before, one
        self._known: dict[_Key, Group] = {}
        self._places: dict[Place, Rows] = {}
        self._integers: list[int] = []
        self._last = Group({}, nan, 0, None, Rows(None, {}, one))  # like no other
        marks = array("q")
        is_same = True
        for piece in pieces:
            if isinstance(piece, Again):
                is_same &= piece.start == len(marks)
                self._repeat(piece)
            else:
                is_same = False
                self._add(piece)
            marks += piece.marks
        if is_same and len(marks) == len(before.marks) > 0:
            self.group_of, self.row_of = before.group_of, before.row_of  # one of two equal ones
            self.rows, self.layout = before.rows, before
        else:
            self.rows = self._finished()
            self.layout = self._laid_out(marks)

    def _repeat(self, piece: Again) -> None:
        if not self.groups:
            self._begin(piece.at)
        part = slice(piece.start, piece.start + len(piece.values))
        self.group_of += self._before.group_of[part]
        self.row_of += self._before.row_of[part]
        self.values += piece.values

    def _begin(self, at: float) -> None:
        """Let the groups of the answer before have their numbers here, with samples of `at`."""
        for group in self._before.groups:
            self._group(group.labels, at)

    def _add(self, piece: New) -> None:
        pod_label, integers = self.pod_label, self._integers
        in_group, in_row = self.group_of.append, self.row_of.append
        has_value = self.values.append
        group, samples = self._last, piece.samples
        if self._before.groups and not self.groups:
            samples = list(samples)
            for _, _, at in samples[:1]:
                self._begin(at)
        for labels, value, at in samples:
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
            if row is None:
                row = rows.admit(pod, integers)
            in_group(group.number)
            in_row(row)
            has_value(value)
        self._last = group

    def _group(self, labels: Labels, at: float) -> Group:
        key: _Key = (at, *labels, *labels.values())
        group = self._known.get(key)
        if group is None:
            place = place_of(labels)
            rows = self._places.get(place)
            if rows is None:
                known = self._before.rows.get(place, {})
                rows = self._places[place] = Rows(place, known, self._one)
            group = self._known[key] = Group(labels, at, len(self.groups), place, rows)
            self.groups.append(group)
        return group

    def _finished(self) -> Known:
        """The rows of exactly the pods that came."""
        if not self._before.rows:
            return {place: rows.numbers for place, rows in self._places.items()}
        came = {place: bytearray(rows.extent) for place, rows in self._places.items()}
        in_group = [came[group.place] for group in self.groups]
        for number, row in zip(self.group_of, self.row_of, strict=True):
            in_group[number][row] = 1
        return {
            place: rows.only(came[place])
            for place, rows in self._places.items()
            if 1 in came[place]
        }

    def _laid_out(self, marks: array[int]) -> Layout:
        """None to build upon where most of it would be left over from earlier answers."""
        rows = sum(rows.extent for rows in self._places.values())
        if rows > 2 * sum(map(len, self.rows.values())) + SPARE:
            return Layout()
        if len(self.groups) > 2 * len(set(self.group_of)) + SPARE:
            return Layout()
        return Layout(marks, self.group_of, self.row_of, self.groups, self.rows)
