"""A controller over namespaces of its own, and the means to see what it did there."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Self

from playground.access import Cluster
from playground.controller import Controller
from playground.detector_http import ScriptedServer
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_pod import TRAFFIC, Pod
from playground.fleet_watch import Watch, await_object
from tests.e2e.current_fleet import CurrentFleet
from tests.integration.specs import path_of
from tests.integration.witness import Witness
from tests.namespaces import fresh_namespace

PATIENCE = 30.0
"""Seconds until what should happen has not; the machine may be busy with other tests."""


class Guard:
    """A controller of `namespaces` fresh namespaces, ready on return from the constructor."""

    def __init__(
        self,
        cluster: Cluster,
        *flags: str,
        namespaces: int = 1,
        env: dict[str, str] | None = None,
    ) -> None:
        with ExitStack() as stack:
            self.cluster, self.api = cluster, Api(cluster.kubeconfig)
            stack.callback(self.api.close)
            self.namespaces = tuple(fresh_namespace(self.api) for _ in range(namespaces))
            self.namespace = self.namespaces[0]
            own = [f"--namespace={name}" for name in self.namespaces]
            self.controller = stack.enter_context(
                Controller(cluster.kubeconfig, *own, *flags, env=env)
            )
            self._witnesses = [
                stack.enter_context(Witness(self.api, name)) for name in self.namespaces
            ]
            self._checked = 0
            self._stack = stack.pop_all()

    # KubervisorServices

    def apply(self, name: str, spec: Json, namespace: str = "") -> None:
        """Create the KubervisorService, or change its spec to this one."""
        body = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
        metadata = {"metadata": {"name": name}, "spec": spec}
        self.api.apply(path_of(namespace or self.namespace, name), body | metadata)

    def get(self, name: str, namespace: str = "") -> Json:
        """The object as stored."""
        return self.api.get(path_of(namespace or self.namespace, name))

    def delete(self, name: str, namespace: str = "") -> None:
        """Delete it and wait until it is gone, finalizer and all."""
        path = path_of(namespace or self.namespace, name)
        self.api.delete(path)
        until(lambda: not self.api.exists(path), f"{name} is gone")

    def delete_all(self, names: Sequence[str]) -> None:
        """Delete them together and wait until the last one is gone."""
        paths = [path_of(self.namespace, name) for name in names]
        for path in paths:
            self.api.delete(path)
        until(lambda: not any(map(self.api.exists, paths)), f"{names} are gone")

    def annotate(self, name: str, key: str, value: str | None, namespace: str = "") -> None:
        """Set an annotation; None removes it."""
        patch = {"metadata": {"annotations": {key: value}}}
        self.api.merge(path_of(namespace or self.namespace, name), patch)

    def wait(
        self, name: str, so: Callable[[Json], bool], namespace: str = "", within: float = PATIENCE
    ) -> Json:
        """The object as soon as `so(object)` holds. Raises TimeoutError that shows the object."""
        return await_object(self.api, path_of(namespace or self.namespace), name, so, within)

    def wait_condition(
        self,
        name: str,
        type: str,
        status: str,
        reason: str | None = None,
        *,
        says: str = "",
        namespace: str = "",
    ) -> Json:
        """The condition once it has this status and reason, and its message contains `says`."""

        def holds(body: Json) -> bool:
            found = condition(body, type)
            return (
                found.get("status") == status
                and reason in (None, found.get("reason"))
                and says in found.get("message", "")
            )

        return condition(self.wait(name, holds, namespace), type)

    def wait_guarding(self, *names: str, namespace: str = "") -> None:
        """Return once these are Ready and guard."""
        for name in names:
            self.wait_condition(name, "Ready", "True", "Guarding", namespace=namespace)

    def wait_event(self, name: str, reason: str, *, says: str = "", namespace: str = "") -> Json:
        """An Event about the KubervisorService with this reason, and `says` in its note."""
        body = self.get(name, namespace)
        fields = f"involvedObject.uid={body['metadata']['uid']},reason={reason}"
        found: list[Json] = []
        came = threading.Event()

        def changed(_: str, event: Json | None, __: float) -> None:
            if event is not None and says in event["message"]:
                found.append(event)
                came.set()

        collection = f"{namespace_path(namespace or self.namespace)}/events"
        with Watch(self.api, collection, lambda e: e, fields=fields, changed=changed):
            if not came.wait(PATIENCE):
                raise TimeoutError(f"{name}: no Event {reason} that says {says!r}")
        return found[0]

    # Fleets

    def fleet(self, name: str, size: int, namespace: str = "", **how: object) -> Fleet:
        """A fleet whose Service selects on our label, unless `how` says otherwise."""
        how = {"selects_traffic": True} | how
        where = namespace or self.namespace
        return CurrentFleet(self.api, name, size=size, namespace=where, **how)  # type: ignore[arg-type]

    def put_service(self, name: str, selector: dict[str, str] | None, **spec: object) -> str:
        """Create or change a Service that selects on this and on our key; return its path.

        An empty selector leaves our key alone in it, None leaves none.
        """
        path = f"{namespace_path(self.namespace)}/services/{name}"
        body: Json = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}
        body["spec"] = {"ports": [{"port": 80}], **spec}
        if selector is not None:
            body["spec"]["selector"] = selector | {TRAFFIC: "yes"}
        self.api.apply(path, body)
        return path

    # Checks

    def check(self) -> None:
        """The controller lives, logged no error since the last check, and no invariant broke."""
        lines = self.controller.lines()
        errors = [line for line in lines[self._checked :] if line["level"] in ("error", "raw")]
        self._checked = len(lines)
        assert not errors, errors
        assert self.controller.page("/livez").startswith("ok")
        for witness in self._witnesses:
            witness.check()

    def close(self) -> None:
        """End the controller; what is in the namespaces goes with them."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def condition(body: Json, type: str) -> Json:
    """A condition of an object by its type; empty where there is none, or only rubbish."""
    status = body.get("status")
    found = status.get("conditions") if isinstance(status, dict) else None
    conditions = found if isinstance(found, list) else []
    return next((c for c in conditions if isinstance(c, dict) and c.get("type") == type), {})


def evaluations(source: ScriptedServer, count: int) -> None:
    """Return after `count` more requests: what was answered before the last has had its effect."""
    source.wait_requests(len(source.requests) + count, PATIENCE)


def until(so: Callable[[], object], what: str, within: float = PATIENCE) -> None:
    """Return once `so` holds, asked every 50 ms: for what no watch shows. Else TimeoutError."""
    never = threading.Event()
    for _ in range(int(within / 0.05)):
        if so():
            return
        never.wait(0.05)
    raise TimeoutError(f"not within {within:g} s: {what}")


def is_served(fleet: Fleet, *pods: Pod) -> bool:
    """True where all these pods serve and are in the EndpointSlices."""
    serving = {pod.uid for pod in fleet.serving()}
    return all(p.uid in serving and p.name in fleet.in_slices() for p in pods)


def is_released(pod: Pod) -> bool:
    """True where nothing of ours is on the pod but the `yes` that its Service selects on."""
    return (
        pod.traffic == "yes"
        and not {"kubervisor/name", "kubervisor/strategy"} & pod.labels.keys()
        and not any(key.startswith(("kubervisor/", "breaker/")) for key in pod.annotations)
    )


def wait_end(controller: Controller) -> int:
    """The exit code of a controller that ends by itself. Raises TimeoutError."""
    process = os.pidfd_open(controller.pid)
    try:
        if not select.select([process], [], [], PATIENCE)[0]:
            raise TimeoutError(f"the controller has not ended after {PATIENCE:g} s")
    finally:
        os.close(process)
    return controller.stop()
