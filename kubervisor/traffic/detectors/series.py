"""Which samples are a pod's: matched by pod name within the fleet's namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from kubervisor.traffic.measurement import Failures, Measurement, Sample, Series
from kubervisor.traffic.model import Fleet

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
"""What scrape configurations call the namespace; a StatefulSet's `web-0` exists in many of them."""

_Labelled = TypeVar("_Labelled", Sample, Series)


def by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str
) -> Mapping[str, Sequence[Sample]]:
    """The samples of each member by its name, without those that say another namespace."""
    return _of_fleet(measurement.by(pod_label), fleet)


def series_by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str
) -> Mapping[str, Sequence[Series]]:
    """The series of each member by its name, without those that say another namespace."""
    return _of_fleet(measurement.series_by(pod_label), fleet)


def sums_by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str, only: Failures | None = None
) -> Mapping[str, float]:
    """The sum of each member's samples, or of its failures `only`, by its name, with those that say
    no namespace, as `Measurement.sums_by` sums; names of other pods may be there too. Cheap:
    Services share it.
    """
    sums = measurement.sums_by(pod_label, NAMESPACE_LABELS, only)
    near, anywhere = sums.get(fleet.key.namespace), sums.get("")
    if not near or not anywhere:
        return near or anywhere or {}
    names = [pod.name for pod in fleet.pods if pod.name in near or pod.name in anywhere]
    return {name: near.get(name, 0.0) + anywhere.get(name, 0.0) for name in names}


def _of_fleet(
    index: Mapping[str, Sequence[_Labelled]], fleet: Fleet
) -> Mapping[str, Sequence[_Labelled]]:
    namespace = fleet.key.namespace
    return {
        pod.name: [one for one in index.get(pod.name, ()) if is_of(one.labels, namespace)]
        for pod in fleet.pods
    }


def is_of(labels: Mapping[str, str], namespace: str) -> bool:
    """True unless the labels say another namespace."""
    return (
        labels.get("namespace", namespace) == namespace
        and labels.get("kubernetes_namespace", namespace) == namespace
    )
