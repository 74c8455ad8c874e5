"""Pods on a real cluster whose watchdogs answer as the test says, at loopback addresses."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.watchdog_process import WatchdogProcess
from tests.e2e.scene import tell
from tests.sources.servers import Exchange, Server, response, serving

WITHIN = 30.0
PROBE, SETTINGS, STATUS, EXPIRY = (
    f"{word}.autocrane.io/" for word in ("probe", "probe-settings", "status", "expiry")
)
HEALTH = "status.autocrane.io/health"
UP = "POD_IP:{port}/watchdog"


class ProbedPod:
    """A pod that kwok runs, and the server behind its address. `status` and `headers` are what that
    answers; without a `status` it says nothing.
    """

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene, self.name = scene, name
        self.status: str | None = "200 OK"
        self.headers = ""
        self.server: Server

    def answer(self, exchange: Exchange) -> None:
        """Play it."""
        if self.status is None:
            exchange.ended.wait()
        else:
            exchange.send(response(status=self.status, headers=self.headers))
        self._scene.notify()

    @property
    def body(self) -> Json:
        """The pod as the watch has shown it last."""
        return self._scene.watch.objects[f"{self._scene.namespace}/{self.name}"]

    @property
    def notes(self) -> dict[str, str]:
        """Its annotations but those it was made with: statuses and their ends."""
        found: dict[str, str] = self.body["metadata"].get("annotations", {})
        return {k: v for k, v in found.items() if k.startswith((STATUS, EXPIRY))}

    @property
    def health(self) -> str | None:
        """The label."""
        labels: dict[str, str] = self.body["metadata"].get("labels", {})
        return labels.get(HEALTH)

    def level(self, name: str = "disk") -> str:
        """The level of a status, empty where there is none."""
        return self.notes.get(f"{STATUS}{name}", "").partition("/")[0]

    def annotate(self, **notes: str | None) -> None:
        """Write annotations as others would: `status_disk` is the status of `disk`."""
        keys = {name.replace("_", ".autocrane.io/", 1): text for name, text in notes.items()}
        self._scene.api.merge(self.path, {"metadata": {"annotations": keys}})

    def set_ready(self, ready: bool) -> None:
        """Have its kubelet say so of its container."""
        container = {"name": "app", "image": "app", "imageID": "", "ready": ready}
        container |= {"restartCount": 0}
        self._scene.api.merge(f"{self.path}/status", {"status": {"containerStatuses": [container]}})

    @property
    def path(self) -> str:
        """Where the API server has it."""
        return f"{self._scene.pods_path}/{self.name}"

    def probed(self, times: int = 3) -> None:
        """Return once it was asked so often again."""
        wanted = len(self.server.requests) + times
        self._scene.wait(
            lambda: len(self.server.requests) >= wanted, f"{self.name} is asked {times} times more"
        )


class Scene:
    """A namespace with probed pods and processes that probe them."""

    def __init__(self, cluster: LocalCluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.pods_path = f"/api/v1/namespaces/{namespace}/pods"
        self._moved = threading.Condition()
        self._stack = ExitStack()
        self._controllers = ExitStack()
        self.api = Api(cluster.kubeconfig)
        self._stack.callback(self.api.close)
        self.watch: Watch[Json] = Watch(
            self.api, self.pods_path, lambda body: body, changed=lambda *_: self.notify()
        )
        self._stack.callback(self.watch.close)

    def notify(self) -> None:
        """Something moved: whoever waits looks again."""
        with self._moved:
            self._moved.notify_all()

    def wait(self, so: Callable[[], object], what: str) -> None:
        """Return as soon as `so()` holds. Raises TimeoutError."""
        until = time.monotonic() + WITHIN
        with self._moved:
            while not so():
                if time.monotonic() > until:
                    raise TimeoutError(f"not within {WITHIN:g} s that {what}")
                self._moved.wait(0.2)

    def pod(
        self, name: str = "cart", *, notes: dict[str, str] | None = None, **spec: Any
    ) -> ProbedPod:
        """A running pod whose server answers; `notes` are in place of a probe `disk`. In their
        texts `{port}` stands for the port of its server.
        """
        pod = ProbedPod(self, name)
        address = ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])
        pod.server = self._stack.enter_context(serving(pod.answer, address))
        given = {f"{PROBE}disk": UP} if notes is None else notes
        annotations = {k: v.replace("{port}", str(pod.server.port)) for k, v in given.items()}
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": {"app": "cart"},
                "annotations": annotations | {"playground/pod-ip": address, "team": "cart"},
            },
            "spec": {
                "containers": [{"name": "app", "image": "app"}],
                "terminationGracePeriodSeconds": 0,
                **spec,
            },
        }
        self.api.create(self.pods_path, body)

        def runs() -> bool:
            seen = self.watch.objects.get(f"{self.namespace}/{name}")
            return bool(seen and seen["status"].get("phase") == "Running")

        self.wait(runs, f"{name} runs")
        return pod

    def controller(self, *flags: str) -> WatchdogProcess:
        """A process that probes this namespace once a second, and evicts nothing."""
        controller = WatchdogProcess(
            self.cluster.kubeconfig,
            f"--namespace={self.namespace}",
            f"--lease-namespace={self.namespace}",
            "--probe-period=1",
            "--no-evict",
            *flags,
        )
        self._controllers.enter_context(controller)
        self._controllers.callback(tell, controller)
        return controller

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._controllers.close()
        self._stack.close()
