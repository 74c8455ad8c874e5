"""Pods on a real cluster that use data, with deployers and programs as the test says, and a
controller that rolls data out to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kubervisor import instants
from kubervisor.datarollout.needs import REQUEST, STATUS, STORE_DATA, STORE_DEPS
from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    read_request,
    write_deployed,
)
from playground.cluster import LocalCluster
from playground.data_processes import RolloutProcess
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import revision
from playground.watches import WITHIN, Watches
from tests.datarollout.shelf import Shelf
from tests.e2e.scene import tell

PROBATION = "1s"
GROUP = "/apis/kubervisor.k8s.io/v1alpha1"
WATCHDOG = "status.autocrane.io/app"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a watch has shown on a pod, in the order of time; `at` is the revision of the
    pod, which etcd counts for all objects.
    """

    pod: str
    name: str
    request: Request | None
    at: int

    @property
    def path(self) -> str:
        """That of the version, empty where it cannot be read."""
        return self.request.version.path if self.request else ""


class Farm:
    """A namespace, its pods, their deployers, a repository, and controllers. Everything made here
    ends with it.

    Deployers bring what their pod is asked for at once: all but the versions in `refused`, which
    they cannot bring. With a version in `harmful` a pod's program says that it is in error, with
    another that it is well. Pods in `silent` have no deployer.
    """

    def __init__(self, cluster: LocalCluster, namespace: str, shelf: Shelf) -> None:
        self.cluster, self.namespace, self.shelf = cluster, namespace, shelf
        self.refused: set[str] = set()
        self.harmful: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[Asked] = []
        self.on_rollout: Callable[[Json], object] = lambda _: None
        self._seen: dict[tuple[str, str], str] = {}
        self.pods_path = f"{namespace_path(namespace)}/pods"
        self.rollouts_path = f"{GROUP}/namespaces/{namespace}/datarollouts"
        self.api = Api(cluster.kubeconfig)
        self._hand = Api(cluster.kubeconfig)  # the deployers'
        self._stack, self._controllers = ExitStack(), ExitStack()
        self._stack.callback(self.api.close)
        self._stack.callback(self._hand.close)
        self._watches = self._stack.enter_context(Watches(self.api, self._shown))
        self.rollouts = self._watches.add(self.rollouts_path, self._rollout_changed)
        self.pods = self._watches.add(self.pods_path, self._pod_changed)
        events = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
        self.events = self._watches.add(events)

    # Who plays.

    def pod(
        self,
        name: str,
        data: str = "prices",
        *,
        deps: str = "",
        notes: dict[str, str] | None = None,
    ) -> None:
        """A running pod that uses the sources in `data` and depends on those in `deps`."""
        annotations = {STORE_DATA: data} if data else {}
        annotations |= ({STORE_DEPS: deps} if deps else {}) | (notes or {})
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "containers": [{"name": "app", "image": "app"}],
                "terminationGracePeriodSeconds": 0,
            },
        }
        self.api.create(self.pods_path, body)

    def fleet(self, count: int, data: str = "prices", **more: Any) -> None:
        """Pods `web-00` and so on."""
        for number in range(count):
            self.pod(f"web-{number:02}", data, **more)

    def controller(
        self, *flags: str, kubeconfig: Path | None = None, elect: bool = False
    ) -> RolloutProcess:
        """A process that rolls data out in this namespace."""
        controller = RolloutProcess(
            kubeconfig or self.cluster.kubeconfig,
            f"--namespace={self.namespace}",
            f"--lease-namespace={self.namespace}",
            f"--repository={self.shelf.url}",
            "--period=0.2",
            "--no-register-crds",
            *(() if elect else ("--no-leader-elect",)),
            *flags,
            env={"KUBERVISOR_DATA_LEASE_DURATION": "3"},
        )
        self._controllers.enter_context(controller)
        self._controllers.callback(tell, controller)
        return controller

    def rollout(self, name: str = "prices", **spec: Any) -> None:
        """A DataRollout with a short probation, or a change of one."""
        given = {"probation": PROBATION} | spec
        body = {
            "apiVersion": "kubervisor.k8s.io/v1alpha1",
            "kind": "DataRollout",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": given,
        }
        self.api.apply(f"{self.rollouts_path}/{name}", body)

    def wait_for_another_second(self, name: str) -> None:
        """Return in a second after that in which a DataRollout was made: which is older, is told
        by whole seconds.
        """
        made = self.api.get(f"{self.rollouts_path}/{name}")["metadata"]["creationTimestamp"]
        began = instants.parse(made)
        assert began is not None
        time.sleep(max(0.0, began + 1 - time.time()))

    def annotate(self, pod: str, **notes: str | None) -> None:
        """Write annotations on a pod, as others would."""
        self.api.merge(f"{self.pods_path}/{pod}", {"metadata": {"annotations": notes}})

    # What is so now, as the watches told last.

    def status(self, name: str = "prices") -> Json:
        """The status of a DataRollout, empty where there is none yet."""
        body = self.rollouts.objects.get(f"{self.namespace}/{name}", {})
        status: Json = body.get("status", {})
        return status

    def condition(self, kind: str, name: str = "prices") -> Json:
        """One condition of it."""
        conditions = self.status(name).get("conditions", ())
        return next((one for one in conditions if one["type"] == kind), {})

    def notes(self, pod: str) -> dict[str, str]:
        """All annotations of a pod."""
        body = self.pods.objects.get(f"{self.namespace}/{pod}", {"metadata": {}})
        notes: dict[str, str] = body["metadata"].get("annotations", {})
        return notes

    def requested(self, pod: str, name: str = "prices") -> str:
        """The path of the version that a pod is asked for, empty where it is asked for none."""
        request = read_request(self.notes(pod).get(f"{REQUEST}{name}"))
        return request.version.path if request else ""

    def count(self, version: Version, name: str = "prices") -> int:
        """How many pods are asked for a version."""
        pods = [key.partition("/")[2] for key in self.pods.objects]
        return sum(self.requested(pod, name) == version.path for pod in pods)

    def all_on(self, version: Version, name: str = "prices") -> bool:
        """Whether all pods that were ever asked are asked for a version, and there is one."""
        asked = [
            read_request(text)
            for body in self.pods.objects.values()
            for key, text in body["metadata"].get("annotations", {}).items()
            if key == f"{REQUEST}{name}"
        ]
        return bool(asked) and all(
            one is not None and one.version.is_same(version) for one in asked
        )

    def is_settled_on(self, version: Version, name: str = "prices") -> bool:
        """Whether a version is the last known good one, nothing goes on, and all have it."""
        status = self.status(name)
        good = status.get("lastKnownGood", {}).get("path")
        return (
            status.get("phase") == "Settled"
            and good == version.path
            and self.all_on(version, name)
            and self.runs(version)
        )

    def runs(self, version: Version) -> bool:
        """Whether deployers say that all pods which were asked have it."""
        notes = [self.notes(key.partition("/")[2]) for key in self.pods.objects]
        said = [text for one in notes for key, text in one.items() if key.startswith(STATUS)]
        return all(version.path in text for text in said)

    def told(self, reason: str) -> list[str]:
        """The notes of the Events with this reason."""
        return [e["note"] for e in self.events.objects.values() if e.get("reason") == reason]

    def paths_of(self, pod: str, name: str = "prices") -> list[str]:
        """What a pod was asked for, one after the other."""
        return [one.path for one in self.asked if (one.pod, one.name) == (pod, name)]

    def wait(self, so: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Return once `so()` holds, and all watches have told what is stored then.

        Raises TimeoutError, showing the statuses.
        """
        self._watches.wait(so, what, within)

    def _shown(self) -> object:
        return [body.get("status") for body in self.rollouts.objects.values()]

    # What plays by itself.

    def _rollout_changed(self, body: Json | None) -> None:
        if body is not None:
            self.on_rollout(body)

    def _pod_changed(self, body: Json | None) -> None:
        if body is not None:
            name = body["metadata"]["name"]
            for key, text in body["metadata"].get("annotations", {}).items():
                if key.startswith(REQUEST) and self._seen.get((name, key)) != text:
                    self._seen[name, key] = text
                    request = read_request(text)
                    asked = Asked(name, key.removeprefix(REQUEST), request, revision(body))
                    self.asked.append(asked)
                    self._serve(name, asked.name, request)

    def _serve(self, pod: str, name: str, request: Request | None) -> None:
        """Play the deployer, and the program that has the data then."""
        if request is None or pod in self.silent:
            return
        version, now = request.version, time.time()
        progress = Progress.FAILED if version.path in self.refused else Progress.READY
        word = "error" if version.path in self.harmful else "info"
        said = f"{word}/{instants.render(now, 'seconds')}/with {version.path}"
        notes = {
            f"{STATUS}{name}": write_deployed(Deployed(version, progress, now, "as the test says")),
            WATCHDOG: said,
        }
        self._hand.merge(f"{self.pods_path}/{pod}", {"metadata": {"annotations": notes}})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._controllers.close()
        self._stack.close()
