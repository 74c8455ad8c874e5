"""Where objects live on the API server: the URL path of each kind that Kubervisor touches."""

from __future__ import annotations

from urllib.parse import quote

PODS = "/api/v1/pods"
SERVICES = "/api/v1/services"
KUBERVISOR_SERVICES = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"
DATA_ROLLOUTS = "/apis/kubervisor.k8s.io/v1alpha1/datarollouts"
AUTOPILOT_RULES = "/apis/autopilot.libopenstorage.org/v1alpha1/autopilotrules"
AUTOPILOT_RULE_OBJECTS = "/apis/autopilot.libopenstorage.org/v1alpha1/autopilotruleobjects"
ACTION_APPROVALS = "/apis/autopilot.libopenstorage.org/v1alpha1/actionapprovals"
NAMESPACES = "/api/v1/namespaces"
LEASES = "/apis/coordination.k8s.io/v1/leases"
EVENTS = "/apis/events.k8s.io/v1/events"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

BY_KIND = {
    "Namespace": NAMESPACES,
    "Node": "/api/v1/nodes",
    "Pod": PODS,
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "VolumeAttributesClass": "/apis/storage.k8s.io/v1/volumeattributesclasses",
    "VolumeAttachment": "/apis/storage.k8s.io/v1/volumeattachments",
    "VolumeSnapshot": "/apis/snapshot.storage.k8s.io/v1/volumesnapshots",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "Job": "/apis/batch/v1/jobs",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/poddisruptionbudgets",
    "KubervisorService": KUBERVISOR_SERVICES,
}
"""Those that rules of remediation read or change, by their kind."""


def collection(kind: str, namespace: str | None = None) -> str:
    """Return the path of all objects of `kind` (a constant of this module), or of one namespace's.

    >>> collection(PODS, "shop")
    '/api/v1/namespaces/shop/pods'
    """
    if namespace is None:
        return kind
    version, _, plural = kind.rpartition("/")
    return f"{version}/namespaces/{quote(namespace, safe='')}/{plural}"


def single(kind: str, namespace: str | None, name: str, subresource: str = "") -> str:
    """Return the path of one object, or of its subresource.

    >>> single(PODS, "shop", "cart-1", "eviction")
    '/api/v1/namespaces/shop/pods/cart-1/eviction'
    """
    path = f"{collection(kind, namespace)}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path
