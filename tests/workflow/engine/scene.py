"""Errands on a real cluster, what became of them, and operators that run them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_manifests import namespace_path
from playground.watches import WITHIN, Watches
from tests.e2e.scene import tell
from tests.workflow.engine.errands import GROUP
from tests.workflow.engine.operator_process import OperatorProcess

OWNER = "workflow.kubervisor.k8s.io/owner"
ROOT = f"/apis/{GROUP}/v1"


class Scene:
    """A namespace, the errands and chores in it, and operators. All made here ends with it."""

    def __init__(self, cluster: LocalCluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self._stack, self._operators = ExitStack(), ExitStack()
        self.api = Api(cluster.kubeconfig)
        self._stack.callback(self.api.close)
        self.maps_path = f"{namespace_path(namespace)}/configmaps"
        self.services_path = f"{namespace_path(namespace)}/services"
        self._watches = self._stack.enter_context(Watches(self.api, self._shown))
        self.errands = self._watches.add(f"{ROOT}/namespaces/{namespace}/errands")
        self.chores = self._watches.add(f"{ROOT}/namespaces/{namespace}/chores")
        self.maps = self._watches.add(self.maps_path)
        self.events = self._watches.add(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")

    # Who plays.

    def errand(
        self, name: str = "one", *, kind: str = "Errand", word: str = "", **acts: Json
    ) -> None:
        """An errand that does `acts`, by the phases; `ends` is what its finalizer does."""
        ends = acts.pop("ends", {})
        body = {
            "apiVersion": f"{GROUP}/v1",
            "kind": kind,
            "metadata": {"name": name},
            "spec": {"acts": acts, "ends": ends, "word": word},
        }
        self.api.apply(self.path(name, kind), body)

    def path(self, name: str = "one", kind: str = "Errand") -> str:
        return f"{ROOT}/namespaces/{self.namespace}/{kind.lower()}s/{name}"

    def operator(
        self, kind: str = "Errand", *, kubeconfig: Path | None = None, **config: Any
    ) -> OperatorProcess:
        """A process that looks after the errands of this namespace."""
        defaults = {
            "watchNamespace": self.namespace,
            "leaderElectionNamespace": self.namespace,
            "workInterval": "1s",
        }
        process = OperatorProcess(
            kubeconfig or self.cluster.kubeconfig, kind, **{**defaults, **config}
        )
        self._operators.enter_context(process)
        self._operators.callback(tell, process)
        return process

    def config_map(self, name: str, value: str = "", **labels: str) -> None:
        """One that is nobody's."""
        meta = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}
        self.api.apply(f"{self.maps_path}/{name}", body)

    # What is so now, as the watches told last.

    def stored(self, name: str = "one", kind: str = "Errand") -> Json:
        """An errand, empty where there is none."""
        watch = self.errands if kind == "Errand" else self.chores
        return watch.objects.get(f"{self.namespace}/{name}", {})

    def status(self, name: str = "one", kind: str = "Errand") -> Json:
        status: Json = self.stored(name, kind).get("status", {})
        return status

    def phase(self, name: str = "one", kind: str = "Errand") -> str:
        phase: str = self.status(name, kind).get("phase", "")
        return phase

    def phases(self, name: str = "one", kind: str = "Errand") -> list[str]:
        """Those that it was in, the newest last."""
        return [entry["phase"] for entry in self.status(name, kind).get("phaseHistory", ())]

    def condition(self, type: str = "Ready", name: str = "one", kind: str = "Errand") -> Json:
        conditions = self.status(name, kind).get("conditions", ())
        return next((one for one in conditions if one["type"] == type), {})

    def reason(self, name: str = "one", kind: str = "Errand") -> str:
        """Of the condition Ready."""
        reason: str = self.condition("Ready", name, kind).get("reason", "")
        return reason

    def outputs(self, name: str = "one", kind: str = "Errand") -> dict[str, str]:
        """The values of the ConfigMaps that an errand owns, by their names."""
        uid = self.stored(name, kind).get("metadata", {}).get("uid", "?")
        return {
            body["metadata"]["name"]: body["data"]["value"]
            for body in self.maps.objects.values()
            if body["metadata"].get("labels", {}).get(OWNER) == uid
            and "deletionTimestamp" not in body["metadata"]
        }

    def told(self, reason: str, name: str = "one") -> list[str]:
        """The notes of an errand's Events with this reason, as often as each was told."""
        return [
            event["note"]
            for event in self.events.objects.values()
            if event["regarding"]["name"] == name and event["reason"] == reason
            for _ in range(event.get("series", {}).get("count", 1))
        ]

    def version(self, path: str) -> str:
        version: str = self.api.get(path)["metadata"]["resourceVersion"]
        return version

    def wait(self, so: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Return once `so()` holds, and all watches have told what is stored then.

        Raises TimeoutError, showing what is stored.
        """
        self._watches.wait(so, what, within)

    def wait_phase(self, phase: str, name: str = "one", kind: str = "Errand") -> None:
        self.wait(lambda: self.phase(name, kind) == phase, f"{name} is in {phase}")

    def wait_reason(self, reason: str, name: str = "one", kind: str = "Errand") -> None:
        self.wait(lambda: self.reason(name, kind) == reason, f"{name} is {reason}")

    def wait_gone(self, name: str = "one", kind: str = "Errand") -> None:
        self.wait(lambda: not self.stored(name, kind), f"{name} is gone")

    def _shown(self) -> object:
        stored = [*self.errands.objects.values(), *self.chores.objects.values()]
        return {one["metadata"]["name"]: one.get("status") for one in stored}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._operators.close()
        for kind, watch in (("Errand", self.errands), ("Chore", self.chores)):
            for key in watch.objects:
                path = self.path(key.partition("/")[2], kind)
                try:
                    self.api.merge(path, {"metadata": {"finalizers": None}})
                except ApiRefused:
                    continue  # it is gone by itself
                self.api.delete(path)
        self._stack.close()
