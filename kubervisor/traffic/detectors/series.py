"""Which samples are a pod's: matched by pod name within the fleet's namespace."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.traffic.model import Fleet, Measurement, Sample

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
"""What scrape configurations call the namespace; a StatefulSet's `web-0` exists in many of them."""


def by_pod(
    measurement: Measurement, fleet: Fleet, pod_label: str
) -> Mapping[str, tuple[Sample, ...]]:
    """The samples of each member by its name, without those that say another namespace."""
    index = measurement.by(pod_label)
    return {
        pod.name: tuple(s for s in index.get(pod.name, ()) if _is_of(s, fleet.key.namespace))
        for pod in fleet.pods
    }


def _is_of(sample: Sample, namespace: str) -> bool:
    return all(sample.labels.get(label, namespace) == namespace for label in NAMESPACE_LABELS)
