"""A workload with its Service on a real cluster, and all that a test wants to do to and know of it.

with Fleet(api, "shop", size=5, selects_traffic=True) as fleet:
    fleet.label(fleet.pods()[0], "fail", "true")
    fleet.wait(lambda f: len(f.out()) == 1, 30, "one pod is out")
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from playground.fleet_api import Api, ApiRefused
from playground.fleet_manifests import Kind, namespace_path, service, workload, workload_path
from playground.fleet_pod import TRAFFIC, Pod, read_pod
from playground.fleet_watch import Watch
from playground.load_members import Members
from playground.workload import PodName


class Fleet:
    """A workload of `size` pods labelled `app: NAME` and a Service of the same name.

    All pods are Ready and in the EndpointSlices on return from the constructor. With
    `selects_traffic` the Service selects `kubervisor/traffic: "yes"` and the pod template carries
    it. The namespace is made when absent; `close` deletes Service and workload, not the namespace.
    """

    def __init__(
        self,
        api: Api,
        name: str,
        *,
        size: int,
        namespace: str = "default",
        kind: Kind = Kind.DEPLOYMENT,
        selects_traffic: bool = False,
        ready_in: float = 60,
    ) -> None:
        self.api, self.name, self.namespace, self.kind = api, name, namespace, kind
        self.service_path = f"{namespace_path(namespace)}/services/{name}"
        self.workload_path = workload_path(kind, namespace, name)
        self._pods_path = f"{namespace_path(namespace)}/pods"
        self._changed = threading.Condition()
        api.apply(
            namespace_path(namespace),
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        )
        api.apply(self.service_path, service(name, selects_traffic))
        api.apply(self.workload_path, workload(kind, name, size, selects_traffic))
        self._watch = Watch(
            api, self._pods_path, read_pod, selector=f"app={name}", changed=self._notify
        )
        self._members = Members(api, namespace, name, self._notify)
        try:
            self.wait_ready(size, ready_in)
        except TimeoutError:
            self.close()
            raise

    # What is so now, as the watches told last.

    def pods(self) -> tuple[Pod, ...]:
        """All pods that exist, those being deleted included, in order of their names."""
        return tuple(sorted(self._watch.objects.values(), key=lambda pod: pod.name))

    def pod(self, name: str) -> Pod | None:
        """The pod of that name; None when it is gone."""
        return self._watch.objects.get(f"{self.namespace}/{name}")

    def serving(self) -> tuple[Pod, ...]:
        """The pods that are Ready and labelled `yes`, not being deleted."""
        return tuple(p for p in self.pods() if p.ready and p.traffic == "yes" and not p.deleting)

    def out(self) -> tuple[Pod, ...]:
        """The pods labelled `no` or `pause`."""
        return tuple(pod for pod in self.pods() if pod.traffic in ("no", "pause"))

    def in_slices(self) -> frozenset[str]:
        """Names of the pods that get traffic, by the EndpointSlices."""
        return frozenset(pod.name for pod in self._members.now)

    @property
    def members(self) -> Members:
        """The EndpointSlices: what a load client follows, and when pods entered and left."""
        return self._members

    # Waiting: every predicate is asked again after each change that the watches tell.

    def wait(self, so: Callable[[Fleet], bool], timeout: float, what: str) -> None:
        """Return as soon as `so(fleet)` holds.

        Raises TimeoutError after `timeout` seconds, saying `what` was awaited and how the pods are.
        """
        with self._changed:
            holds = self._changed.wait_for(lambda: so(self), timeout)
        if not holds:
            pods = "\n  ".join(str(pod) for pod in self.pods()) or "no pods"
            slices = ", ".join(sorted(self.in_slices())) or "nobody"
            raise TimeoutError(
                f"{self.namespace}/{self.name}, after {timeout} s: not so that {what}.\n"
                f"  {pods}\n  in the EndpointSlices: {slices}"
            )

    def wait_ready(self, size: int, timeout: float) -> None:
        """Wait until exactly `size` pods exist, all of them Ready and in the EndpointSlices."""
        self.wait(
            lambda fleet: (
                len(fleet.pods()) == size == len(fleet.in_slices())
                and all(pod.ready for pod in fleet.pods())
            ),
            timeout,
            f"{size} pods are Ready and in the slices",
        )

    # Acts of other people.

    def scale(self, size: int) -> None:
        """Set the number of replicas."""
        self.api.merge(self.workload_path, {"spec": {"replicas": size}})

    def roll_out(self, version: str) -> None:
        """Change the pod template, so that all pods are replaced."""
        template = {"metadata": {"annotations": {"playground/version": version}}}
        self.api.merge(self.workload_path, {"spec": {"template": template}})

    def select_traffic(self, on: bool) -> None:
        """Add `kubervisor/traffic: "yes"` to the Service's selector, or remove it."""
        selector = {TRAFFIC: "yes" if on else None}
        self.api.merge(self.service_path, {"spec": {"selector": selector}})

    def label(self, pod: Pod, key: str, value: str | None) -> None:
        """Set a label of the pod; None removes it."""
        self._merge(pod, {"labels": {key: value}})

    def annotate(self, pod: Pod, key: str, value: str | None) -> None:
        """Set an annotation of the pod; None removes it."""
        self._merge(pod, {"annotations": {key: value}})

    def set_ready(self, pod: Pod, ready: bool) -> None:
        """Let the pod pass or fail its readiness probe."""
        body = self.api.get(self._path(pod))
        known = body["status"].get("conditions", ())
        conditions = [c for c in known if c["type"] != "Ready"]
        conditions.append({"type": "Ready", "status": "True" if ready else "False"})
        self.api.merge(f"{self._path(pod)}/status", {"status": {"conditions": conditions}})

    def delete_pod(self, pod: Pod) -> None:
        """Delete it at once."""
        self.api.delete(self._path(pod), gracePeriodSeconds="0")

    def evict(self, pod: Pod) -> bool:
        """Ask for its eviction: False when a PodDisruptionBudget refuses now."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
        }
        try:
            self.api.create(f"{self._path(pod)}/eviction", eviction)
        except ApiRefused as refused:
            if refused.status == 429:
                return False
            raise
        return True

    def cordon(self, node: str, on: bool) -> None:
        """Let no new pod be scheduled on the node, or let them again; with evictions, a drain."""
        self.api.merge(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": on}})

    def close(self) -> None:
        """Delete the Service and the workload with its pods, and end the watches."""
        self.api.delete(self.service_path)
        self.api.delete(self.workload_path, propagationPolicy="Background")
        self._members.close()
        self._watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _path(self, pod: Pod | PodName) -> str:
        return f"{self._pods_path}/{pod.name}"

    def _merge(self, pod: Pod, metadata: dict[str, dict[str, str | None]]) -> None:
        self.api.merge(self._path(pod), {"metadata": metadata})

    def _notify(self, *_: object) -> None:
        with self._changed:
            self._changed.notify_all()
