"""A cluster of a benchmark's own, and KubervisorServices on it.

Own, because nothing that one benchmark leaves behind may cost the next one time. It is always made
here: pods that only a playground's node can run have no place on another cluster.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from kubervisor.api.crd import crd
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import await_object

GROUP = "kubervisor.k8s.io"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVED_WITHIN = 30.0
"""Seconds in which the API server serves a new kind."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A running cluster that knows the CRD, with no controller yet."""

    cluster: LocalCluster
    api: Api

    def guard(
        self, service: str, breaker: Json, *, namespace: str = "default", hold: float
    ) -> None:
        """Create a KubervisorService named as its Service; an ejected pod is out for `hold` s."""
        spec = {
            "service": service,
            "defaultActivator": {"mode": "periodic", "period": hold},
            "breakers": [{"name": "bench", **breaker}],
        }
        self.api.create(
            guards_path(namespace),
            {
                "apiVersion": f"{GROUP}/v1alpha1",
                "kind": "KubervisorService",
                "metadata": {"name": service},
                "spec": spec,
            },
        )

    def unguard(self, service: str, *, namespace: str = "default") -> None:
        """Delete the KubervisorService; a controller gives its pods back."""
        self.api.delete(f"{guards_path(namespace)}/{service}")

    def wait_guarded(self, service: str, *, namespace: str = "default") -> None:
        """Return once a controller says that the KubervisorService is Ready."""
        await_object(self.api, guards_path(namespace), service, is_ready, timeout=60)


@contextmanager
def ground(nodes: int = 1) -> Iterator[Ground]:
    """Start a cluster with that many nodes of 10,000 pods each; it ends with the context."""
    say("starting a control plane")
    with LocalCluster.start(nodes) as cluster, closing(Api(cluster.kubeconfig)) as api:
        api.create(DEFINITIONS, crd())
        _await_served(api)
        yield Ground(cluster, api)


def guards_path(namespace: str) -> str:
    """Where the KubervisorServices of a namespace are; of all, where it is empty."""
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{GROUP}/v1alpha1{scope}/kubervisorservices"


def is_ready(guard: Json) -> bool:
    """Whether a KubervisorService, as the API gives it, says Ready."""
    conditions = guard.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _await_served(api: Api) -> None:
    """Return once the API server answers for the new kind, a moment after it says Established.

    Until then it says 404, and 429 while it fills its cache, which a whole LIST asks.
    """
    deadline, pause = time.monotonic() + SERVED_WITHIN, threading.Event()
    while True:
        try:
            api.get(guards_path(""))
        except ApiRefused as refused:
            if refused.status not in (404, 429) or time.monotonic() > deadline:
                raise
        else:
            return
        pause.wait(0.05)


_BEGAN = time.monotonic()
_print = partial(print, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Tell whoever waits what is going on; the table alone goes to the standard output."""
    _print(f"{time.monotonic() - _BEGAN:6.1f} s  {text}")
