"""One test's namespace with what plays in it: fleets, a detector, controllers, an observer."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.controller import Controller, Line
from playground.detector import Detector
from playground.detector_http import ScriptedServer
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from playground.fleet_pod import Pod
from playground.fleet_watch import await_object
from tests.e2e.current_fleet import CurrentFleet
from tests.e2e.observer import GUARDS, Observer
from tests.e2e.passages import Passage

WITHIN = 20.0
"""Seconds that anything may take; nothing should, and no test waits for it to pass."""

FOREVER = 600
"""A time out of traffic, in seconds, that does not end within a test."""

SHORT_LEASE = {"KUBERVISOR_LEASE_DURATION": "3"}
"""Not shorter: on a busy machine a process waits for a second or more, and would lose it."""


class Scene:
    """Everything made here ends with the scene; the observer is asked at the end."""

    def __init__(self, cluster: LocalCluster, namespace: str, *, grace: float = 0.0) -> None:
        """`grace` is the observer's."""
        self.cluster, self.namespace = cluster, namespace
        with ExitStack() as stack:
            self.api = Api(cluster.kubeconfig)
            stack.callback(self.api.close)
            stack.callback(self._let_go)
            self.observer = stack.enter_context(Observer(self.api, namespace, grace=grace))
            self.detector = stack.enter_context(Detector())
            self._stack = stack.pop_all()
        self._controllers = ExitStack()

    # Who plays.

    def fleet(self, size: int, name: str = "shop", *, selects_traffic: bool = True) -> Fleet:
        """A fleet whose Service selects on our label, unless told otherwise."""
        fleet = CurrentFleet(
            self.api,
            name,
            size=size,
            namespace=self.namespace,
            selects_traffic=selects_traffic,
        )
        return self._stack.enter_context(fleet)

    def controller(self, *flags: str, env: dict[str, str] | None = None) -> Controller:
        """A controller of this namespace alone, which has its Lease here too."""
        own = (f"--namespace={self.namespace}", f"--lease-namespace={self.namespace}")
        swift = ("--no-register-crds", "--min-evaluation-period=0.1")
        limits = {"KUBERVISOR_MAX_EJECTIONS_PER_SECOND": "1000"} | (env or {})
        controller = Controller(self.cluster.kubeconfig, *own, *swift, *flags, env=limits)
        self._controllers.enter_context(controller)
        self._controllers.callback(tell, controller)
        return controller

    # KubervisorServices.

    def guard(
        self, *breakers: Json, name: str = "shop", service: str = "shop", **spec: Any
    ) -> None:
        """Create or change a KubervisorService."""
        self.api.apply(
            self._path(name),
            {
                "apiVersion": "kubervisor.k8s.io/v1alpha1",
                "kind": "KubervisorService",
                "metadata": {"name": name},
                "spec": {"service": service, "breakers": list(breakers), **spec},
            },
        )

    def breaker(
        self, name: str = "oracle", *, asks: ScriptedServer | None = None, **more: Any
    ) -> Json:
        """A breaker that asks the scene's detector, or another, several times a second."""
        address = (asks or self.detector).address
        return {"name": name, "evaluationPeriod": 0.2, "customService": address} | more

    def annotate(self, name: str, key: str, value: str | None) -> None:
        """Set an annotation of a KubervisorService; None removes it."""
        self.api.merge(self._path(name), {"metadata": {"annotations": {key: value}}})

    def delete_guard(self, name: str = "shop") -> None:
        """Ask for the deletion of a KubervisorService."""
        self.api.delete(self._path(name))

    def wait_nothing_left(self) -> None:
        """I5: return once no pod is out of traffic or carries more of ours than `yes`."""
        self.observer.wait(lambda o: not o.left_on_pods(), WITHIN, "nothing of ours is left")

    def wait_guard_gone(self, name: str = "shop") -> None:
        """Return once there is no such KubervisorService."""
        self.observer.wait(lambda o: name not in o.guards(), WITHIN, f"{name} is gone")

    def wait_status(
        self, accepted: Callable[[Json], object], what: str, name: str = "shop"
    ) -> Json:
        """The status of a KubervisorService as soon as it is as wanted."""
        try:
            body = await_object(
                self.api,
                GUARDS.format(self.namespace),
                name,
                lambda body: bool(accepted(body.get("status", {}))),
                WITHIN,
            )
        except TimeoutError as late:
            raise TimeoutError(f"{what}: {late}") from late
        status: Json = body["status"]
        return status

    def wait_condition(self, kind: str, status: str = "True", name: str = "shop") -> Json:
        """The condition as soon as it has that status, for the newest spec."""
        generation = self.api.get(self._path(name))["metadata"]["generation"]

        def accepted(found: Json) -> bool:
            current = condition(found, kind)
            return (
                current.get("status") == status
                and current.get("observedGeneration", 0) >= generation
            )

        return condition(self.wait_status(accepted, f"{kind}={status}", name), kind)

    # What the API server told.

    def ejections(self) -> tuple[Passage, ...]:
        """Every ejection up to this moment: the observer's watch may be behind the fleet's."""
        return self.observer.caught_up().ejections

    def returns(self) -> tuple[Passage, ...]:
        """Every return to traffic up to this moment."""
        return self.observer.caught_up().returns

    def wait_leading(
        self, controller: Controller, *, times: int = 1, within: float = WITHIN
    ) -> Line:
        """The log line that says it leads, as soon as it leads for that many times."""

        def led() -> list[Line]:
            return [line for line in controller.lines() if line["event"] == "Leading"]

        self.until(lambda: len(led()) >= times, f"it leads {times} times", within)
        return led()[times - 1]

    # Time, counted in what happens.

    def evaluations(self, count: int, *servers: ScriptedServer) -> None:
        """Return once each detector, by default the scene's, was asked `count` times more."""
        asked = {server: len(server.requests) for server in servers or (self.detector,)}
        for server, before in asked.items():
            server.wait_requests(before + count, WITHIN + count)

    def until(self, so: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Return as soon as `so()` holds: for what no watch tells of."""
        deadline, pause = time.monotonic() + within, threading.Event()
        while not so():
            assert time.monotonic() < deadline, f"not so within {within} s that {what}"
            pause.wait(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        # Controllers first: what they see when a test is taken apart is nobody's promise.
        self._controllers.close()
        self._stack.__exit__(*raised)

    def _let_go(self) -> None:
        """No controller runs any more; with its finalizers, the namespace could never end."""
        for body in self.api.get(GUARDS.format(self.namespace))["items"]:
            path = self._path(body["metadata"]["name"])
            self.api.merge(path, {"metadata": {"finalizers": None}})
            self.api.delete(path)

    def _path(self, name: str) -> str:
        return f"{GUARDS.format(self.namespace)}/{name}"


def condition(status: Json, kind: str) -> Json:
    """A condition of a status, empty where it is not there."""
    found: list[Json] = [one for one in status.get("conditions", ()) if one["type"] == kind]
    return found[0] if found else {}


def tell(controller: Controller) -> None:
    """Write the end of its log, which is shown where the test fails."""
    for line in controller.lines()[-60:]:
        sys.stdout.write(" ".join(f"{key}={value}" for key, value in line.items()) + "\n")


def names(pods: tuple[Pod, ...]) -> set[str]:
    """Names of pods."""
    return {pod.name for pod in pods}
