"""An example, deployed on a real cluster: its operator under its own account, a real Prometheus,
and what a resource of it went through.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.metrics_page import MetricsPage
from playground.prometheus import Prometheus
from playground.watches import Watches
from playground.workflow_process import Project
from tests.workflow.examples.scenes import operating


class Played:
    """The example `name` in a namespace: deployed there, and running, until closed.

    `metrics` is the page that Prometheus scrapes each second. All that is of the `also` collections
    of the namespace, such as /apis/apps/v1/deployments, is in `seen` by collection and name.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        namespace: str,
        name: str,
        metrics: Callable[[], str],
        *also: str,
    ) -> None:
        self.namespace, self.kubeconfig = namespace, cluster.kubeconfig
        self._project = Project(name)
        said = self._project.read("autopilot.yaml")
        self._kind, self._version = said["kind"], said["apiVersion"]
        self._own = f"/apis/{self._version}/{self._kind.lower()}s"
        with ExitStack() as stack:
            self.api = stack.enter_context(closing(Api(cluster.kubeconfig)))
            page = stack.enter_context(MetricsPage(metrics))
            self.prometheus = Prometheus(cluster.binaries, page.address, programs=[page.address])
            stack.callback(self.prometheus.close)
            self.operator = stack.enter_context(
                operating(cluster, name, namespace, prometheus=self.prometheus.url)
            )
            self._watches = stack.enter_context(Watches(self.api, self._shown))
            self._collections = {
                path: self._watches.add(self.path(path)) for path in (self._own, *also)
            }
            self._stack = stack.pop_all()

    def create(self, name: str, spec: Json) -> None:
        """Make a resource."""
        body = {"apiVersion": self._version, "kind": self._kind, "metadata": {"name": name}}
        self.api.create(self.path(self._own), body | {"spec": spec})

    def try_example(self) -> None:
        """Have the API server judge the resource that the project has for an example."""
        path = f"{self.path(self._own)}?dryRun=All&fieldValidation=Strict"
        self.api.create(path, self._project.read("example.yaml"))

    def delete(self, name: str) -> None:
        """Delete a resource."""
        self.api.delete(f"{self.path(self._own)}/{name}")

    def kill(self) -> None:
        """End the operator as the kernel does, and start it again."""
        self.operator.stop(signal.SIGKILL)
        self.operator.restart()

    def path(self, collection: str) -> str:
        """That of the namespace's own."""
        version, _, plural = collection.rpartition("/")
        return f"{version}/namespaces/{self.namespace}/{plural}"

    def seen(self, collection: str) -> dict[str, Json]:
        """What there is now, by name."""
        found = self._collections[collection].objects.values()
        return {one["metadata"]["name"]: one for one in found}

    def status(self, name: str) -> Json:
        """The status of a resource, empty before there is one."""
        status: Json = self.seen(self._own).get(name, {}).get("status", {})
        return status

    def phases(self, name: str) -> list[str]:
        """The phases that it went through, the present one last."""
        return [one["phase"] for one in self.status(name).get("phaseHistory", ())]

    def ready(self, name: str) -> Json:
        """Its condition Ready."""
        conditions = self.status(name).get("conditions", ())
        return next((one for one in conditions if one["type"] == "Ready"), {})

    def wait(self, so: Callable[[], Any], what: str) -> None:
        """Return once it is so, and all watches have told what is stored then.

        Raises TimeoutError, with what there is.
        """
        self._watches.wait(so, what)

    def wait_phase(self, name: str, phase: str) -> None:
        """Return once a resource is in that phase."""
        self.wait(lambda: self.status(name).get("phase") == phase, f"{name} is in {phase}")

    def _shown(self) -> object:
        return {path: self.seen(path) for path in self._collections}, self.operator.lines()[-5:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
