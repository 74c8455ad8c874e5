"""Which samples are a pod's: matched by pod name within the fleet's namespace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kubervisor.traffic.model import Fleet, Sample

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
"""What scrape configurations call the namespace; a StatefulSet's `web-0` exists in many of them."""


def by_pod(
    samples: Iterable[Sample], fleet: Fleet, pod_label: str
) -> Mapping[str, tuple[Sample, ...]]:
    """Samples by pod name, without those that say they are of another namespace."""
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if all(
            sample.labels.get(label, fleet.key.namespace) == fleet.key.namespace
            for label in NAMESPACE_LABELS
        ):
            found[sample.labels.get(pod_label, "")].append(sample)
    return {pod: tuple(series) for pod, series in found.items()}
