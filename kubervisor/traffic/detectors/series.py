"""Which samples are a pod's: matched by pod name within the fleet's namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubervisor.traffic.columns import place_of
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.samples import Failures


def by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str
) -> Mapping[str, Sequence[Sample]]:
    """The samples of each member by its name, without those that say another namespace."""
    samples, namespace = measurement.by(pod_label), fleet.key.namespace
    return {pod.name: samples.of(pod.name, namespace) for pod in fleet.pods}


def series_by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str
) -> Mapping[str, Sequence[Series]]:
    """The series of each member by its name, without those that say another namespace."""
    index, namespace = measurement.series_by(pod_label), fleet.key.namespace
    return {
        pod.name: [one for one in index.get(pod.name, ()) if is_of(one.labels, namespace)]
        for pod in fleet.pods
    }


def sums_by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str, only: Failures | None = None
) -> Mapping[str, float]:
    """The sum of the samples, or of failures `only`, of each member that has samples, by its name,
    as `Samples.sums` sums.
    """
    names = [pod.name for pod in fleet.pods]
    return measurement.by(pod_label).sums(names, fleet.key.namespace, only)


def is_of(labels: Mapping[str, str], namespace: str) -> bool:
    """True unless the labels say another namespace."""
    return place_of(labels) in (namespace, "")
