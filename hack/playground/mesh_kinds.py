"""What a cluster with a mesh knows besides: Istio's routes and those of the Gateway API."""

from __future__ import annotations

from playground import binaries, gateway_api
from playground.access import Cluster

ISTIO = binaries.MODULE / "istio.yaml"
_DEFINED = (
    "virtualservices.networking.istio.io",
    "gateways.networking.istio.io",
    "httproutes.gateway.networking.k8s.io",
)


def teach(cluster: Cluster) -> None:
    """Return once the cluster serves VirtualServices, Gateways and HTTPRoutes. Raises BuildError
    where the definitions of the Gateway API cannot be had.
    """
    for path in (ISTIO, gateway_api.http_routes()):
        cluster.kubectl("apply", "--server-side", f"--filename={path}")
    crds = (f"customresourcedefinition/{name}" for name in _DEFINED)
    cluster.kubectl("wait", *crds, "--for=condition=Established", "--timeout=60s")
