"""Does a query speak of this fleet? What share of its samples are members', and how many members
have some.

A query may well hold samples of others: a preset asks for all Services at once. So it is taken to
match where nine of ten of its samples are members' (it asks for this Service), or nine of ten
serving members have samples (it asks for more, and they are among them). Where neither holds, the
label is misspelt, was aggregated away, or holds something other than pods' names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubervisor.traffic.detectors.series import is_of
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet

ENOUGH = 0.9
SETTLED = 120.0
"""Seconds after its start in which a pod may not have been scraped yet."""

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Join:
    """How the samples of a measurement go with the members of a fleet.

    `samples` are those that do not say another namespace, `with_label` those of them that have the
    pod label, `joined` those whose pod is a member. `silent` names the members that serve, have
    done so for two minutes, and have no sample; `expected` is how many such members there are,
    silent or not.
    """

    samples: int
    with_label: int
    joined: int
    expected: int
    silent: tuple[str, ...]

    @property
    def share(self) -> float:
        """The larger of: samples that are members', members that have samples. From 0 to 1.

        1 where there is nothing to join: a fleet without settled pods, or no samples at all.
        """
        if not self.expected:
            return 1.0
        of_members = 1 - len(self.silent) / self.expected
        return max(of_members, self.joined / self.samples if self.samples else 0.0)

    @property
    def matches(self) -> bool:
        """Whether the query speaks of this fleet."""
        return self.share >= ENOUGH


def are_heard(measurement: Measurement, pod_label: str, fleet: Fleet) -> bool | None:
    """Whether nine of ten serving members have samples, so that the query speaks of this fleet;
    None where no member has served for long enough to expect some.

    Looks at the members' samples alone, so its cost does not grow with those of other Services.
    """
    expected = _expected(measurement, fleet)
    if not expected:
        return None
    heard = _heard(measurement, pod_label, fleet.key.namespace, expected)
    return heard >= ENOUGH * len(expected)


def join(measurement: Measurement, pod_label: str, fleet: Fleet) -> Join:
    """How `measurement`, with all its parts, goes with `fleet`.

    Looks at every sample of the fleet's namespace: for where `are_heard` says no.
    """
    members = {pod.name for pod in fleet.pods}
    samples = with_label = joined = 0
    heard: set[str] = set()
    for pod, count in _counts(measurement, pod_label, fleet.key.namespace):
        samples += count
        with_label += count if pod else 0
        joined += count if pod in members else 0
        heard.add(pod)
    expected = _expected(measurement, fleet)
    silent = tuple(name for name in expected if name not in heard)
    return Join(samples, with_label, joined, len(expected), silent)


def describe_mismatch(found: Join, pod_label: str) -> str:
    """Why the query does not speak of the fleet, and what to do; "" where it does."""
    if found.matches:
        return ""
    shown = ", ".join(found.silent[:NAMES_SHOWN])
    more = f" and {len(found.silent) - NAMES_SHOWN} more" * (len(found.silent) > NAMES_SHOWN)
    silent = f"{len(found.silent)} of {found.expected} serving pods have no samples: {shown}{more}"
    if not found.samples:
        return f"{silent}; the query has none of this namespace"
    if found.with_label < ENOUGH * found.samples:
        return (
            f"{silent}; {found.with_label} of {found.samples} samples have the label {pod_label}: "
            "name another pod label, or keep this one in the aggregation"
        )
    return (
        f"{silent}; the label {pod_label} of {found.joined} of {found.samples} samples is the name "
        "of a member"
    )


def _expected(measurement: Measurement, fleet: Fleet) -> list[str]:
    """The names of the members that must have samples where any pod has."""
    if not _has_any(measurement):
        return []
    return [
        pod.name
        for pod in fleet.serving
        if pod.started_at is None or measurement.taken_at - pod.started_at >= SETTLED
    ]


def _heard(measurement: Measurement, pod_label: str, namespace: str, names: Sequence[str]) -> int:
    """How many of `names` are pods of `namespace` with a sample, or a series, in some part."""
    indexes = [
        (part.by(pod_label), part.series_by(pod_label))
        for part in measurement.parts or (measurement,)
    ]
    return sum(
        any(
            samples.has(name, namespace)
            or any(is_of(one.labels, namespace) for one in series.get(name, ()))
            for samples, series in indexes
        )
        for name in names
    )


def _counts(measurement: Measurement, pod_label: str, namespace: str) -> Iterator[tuple[str, int]]:
    """Pods, as the label names them, and how many samples or series, that do not say another
    namespace, are theirs; a pod may come several times.
    """
    for part in measurement.parts or (measurement,):
        yield from part.by(pod_label).counts(namespace)
        for one in part.series:
            if is_of(one.labels, namespace):
                yield one.labels.get(pod_label, ""), 1


def _has_any(measurement: Measurement) -> bool:
    return any(part.samples or part.series for part in measurement.parts or (measurement,))
