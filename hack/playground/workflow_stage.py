"""Where canaries play: a shop whose versions behave as is said, and clients whose requests a mesh
splits by its routes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from types import MappingProxyType
from typing import Self

import yaml

from playground.access import Cluster
from playground.discovery import Discovery
from playground.faults import Fault
from playground.fleet_api import Api, Json
from playground.fleet_watch import await_object
from playground.mesh import Mesh
from playground.mesh_splits import Split
from playground.prometheus import Prometheus
from playground.workflow_process import PROJECTS
from playground.workload import Workload
from playground.workload_server import WorkloadServer

NAME, PORT = "shop", 80
EXAMPLE = PROJECTS / "canary" / "shop.yaml"
IMAGE = "registry.example/shop:{}"
CANARIES = "/apis/autopilot.examples.io/v1/namespaces/{}/canarydeployments"
WITHIN = 60.0
LINGERS = 2.0
"""Seconds that a pod answers after its end: longer than a busy machine's clients send to it."""
NO_LABELS: Mapping[str, str] = MappingProxyType({})


class CanaryShop:
    """What the example has, in a namespace that is there."""

    def __init__(self, cluster: Cluster, api: Api, namespace: str) -> None:
        self.api, self.namespace, self._cluster = api, namespace, cluster
        documents = list(yaml.safe_load_all(EXAMPLE.read_text()))
        for one in documents:
            one["metadata"].pop("namespace", None)
        self._example: dict[str, Json] = {one["kind"]: one for one in documents}

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """What kubectl prints of the namespace. Raises KubectlFailed."""
        return self._cluster.kubectl(f"--namespace={self.namespace}", *args, stdin=stdin)

    def open(
        self,
        *,
        replicas: int = 3,
        labels: Mapping[str, str] = NO_LABELS,
        annotations: Mapping[str, str] = NO_LABELS,
        args: tuple[str, ...] = (),
        selects: Mapping[str, str] = NO_LABELS,
    ) -> None:
        """Apply the Deployment and the Service, and return once its pods are ready.

        Pods have these labels, annotations and arguments besides; the Service `selects` by more.
        """
        deployment, service = self._example["Deployment"], self._example["Service"]
        deployment["spec"]["replicas"] = replicas
        template = deployment["spec"]["template"]
        template["metadata"]["labels"] |= labels
        template["metadata"]["annotations"] = dict(annotations)
        template["spec"]["containers"][0]["args"] = list(args)
        service["spec"]["selector"] |= selects
        self._apply(deployment, service)
        self.kubectl("rollout", "status", f"deployment/{NAME}", "--timeout=60s")

    def try_versions(self, spec: Json) -> None:
        """Apply the CanaryDeployment, with these fields besides."""
        canary = self._example["CanaryDeployment"]
        canary["spec"] |= spec
        self._apply(canary)

    def release(self, version: str) -> None:
        """Give the Deployment a new version."""
        self.kubectl("set", "image", f"deployment/{NAME}", f"{NAME}={IMAGE.format(version)}")

    def serving(self) -> str:
        """The version that the primary has."""
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{NAME}-primary"
        (container,) = self.api.get(path)["spec"]["template"]["spec"]["containers"]
        version: str = container["image"].rpartition(":")[2]
        return version

    def wait(self, so: Callable[[Json], bool]) -> Json:
        """The status of the canary as soon as it is so. Raises TimeoutError."""
        collection = CANARIES.format(self.namespace)
        found = await_object(
            self.api, collection, NAME, lambda one: so(one.get("status", {})), WITHIN
        )
        status: Json = found["status"]
        return status

    def wait_phase(self, phase: str, *, trials: int = 0) -> Json:
        """The status of the canary once it is in that phase, after so many trials."""
        return self.wait(lambda s: s.get("phase") == phase and len(s.get("history", ())) >= trials)

    def _apply(self, *objects: Json) -> None:
        self.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(objects))


class CanaryStage(CanaryShop):
    """The shop with clients, their mesh and a Prometheus, until closed; the objects stay.

    Pods have these labels, by which the Service selects them. `told` is called with each new split
    of the requests.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        *,
        labels: Mapping[str, str] = NO_LABELS,
        told: Callable[[Split], None] = lambda _: None,
    ) -> None:
        self._faults: dict[str, Fault] = {}
        with ExitStack() as stack:
            api = stack.enter_context(closing(Api(cluster.kubeconfig)))
            super().__init__(cluster, api, namespace)
            workload = Workload()
            server = stack.enter_context(WorkloadServer(workload))
            pods = Discovery(api, workload, namespace, self._faults, LINGERS)
            stack.enter_context(pods)
            self.open(labels=labels, selects=labels)
            self.mesh = stack.enter_context(
                Mesh(
                    api,
                    server.url,
                    namespace,
                    NAME,
                    port=PORT,
                    told=told,
                    running=pods.catch_up,
                )
            )
            self.prometheus = stack.enter_context(
                Prometheus(cluster.binaries, server.address, programs=[self.mesh.address])
            )
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all of it."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def misbehave(self, version: str, fault: Fault) -> None:
        """Pods of that version will misbehave so from their beginning."""
        self._faults[IMAGE.format(version)] = fault
