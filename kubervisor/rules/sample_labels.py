"""Which labels of samples name objects, where a rule does not say.

Prometheus renames a metric's own label to exported_X where the scraped target has a label X and its
labels are not honoured: then X is the target's, and exported_X is the one meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kubervisor.api.autopilot_rule import MetricLabels as Written
from kubervisor.rules.decision.policy import MetricLabels, ObjectKind

_NAMESPACE = ("exported_namespace", "namespace")
_VOLUME = ("persistentvolume", "volumename", "pv")
_NAMES: Mapping[ObjectKind, tuple[str, ...]] = MappingProxyType(
    {
        ObjectKind.CLAIM: ("persistentvolumeclaim", "pvc"),
        ObjectKind.POD: ("exported_pod", "pod"),
        ObjectKind.DEPLOYMENT: ("exported_deployment", "deployment"),
        ObjectKind.STATEFUL_SET: ("exported_statefulset", "statefulset"),
    }
)


def metric_labels(written: Written, kind: ObjectKind) -> MetricLabels:
    """The labels that a rule names, else the usual ones of the kind."""
    volume = _VOLUME if written.volume is None else tuple(written.volume)
    return MetricLabels(
        namespace=_NAMESPACE if written.namespace is None else tuple(written.namespace),
        name=_NAMES[kind] if written.name is None else tuple(written.name),
        volume=volume if kind is ObjectKind.CLAIM else (),
    )
