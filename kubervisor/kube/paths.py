"""Where objects live on the API server: the URL path of each kind that Kubervisor touches."""

from __future__ import annotations

from urllib.parse import quote

PODS = "/api/v1/pods"
SERVICES = "/api/v1/services"
KUBERVISOR_SERVICES = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"
LEASES = "/apis/coordination.k8s.io/v1/leases"
EVENTS = "/apis/events.k8s.io/v1/events"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


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
