"""The kinds that phases may name without declaring them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kubervisor.workflow.project.model import Parameter

_ISTIO = ("networking.istio.io", "v1alpha3")

_ORIGINAL = (
    Parameter("events", "Event", "", "v1"),
    Parameter("configmaps", "ConfigMap", "", "v1"),
    Parameter("services", "Service", "", "v1"),
    Parameter("pods", "Pod", "", "v1"),
    Parameter("jobs", "Job", "batch", "v1"),
    Parameter("deployments", "Deployment", "apps", "v1"),
    Parameter("replicasets", "ReplicaSet", "apps", "v1"),
    Parameter("virtualservices", "VirtualService", *_ISTIO),
    Parameter("gateways", "Gateway", *_ISTIO),
)
_OURS = (
    Parameter("statefulsets", "StatefulSet", "apps", "v1"),
    Parameter("daemonsets", "DaemonSet", "apps", "v1"),
    Parameter("networkpolicies", "NetworkPolicy", "networking.k8s.io", "v1"),
    Parameter("httproutes", "HTTPRoute", "gateway.networking.k8s.io", "v1"),
)

BUILT_IN: Mapping[str, Parameter] = MappingProxyType(
    {one.lower_name: one for one in (*_ORIGINAL, *_OURS)}
)
"""By their lower names."""

FIXED = frozenset(one.lower_name for one in _ORIGINAL)
"""Those of the original, which no project may declare otherwise. A file that was written for it may
declare the others.
"""
