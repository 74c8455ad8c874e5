"""A Deployment whose pods have a watchdog, on a real cluster, and what tests ask of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch
from playground.loopback_pods import LOOPBACK

WITHIN = 30.0
"""Seconds that anything may take; nothing should, and no test waits for it to pass."""

PROBE = "probe.autocrane.io/watchdog1"
HEALTH = "status.autocrane.io/health"
_POLL = 0.1


@dataclass(frozen=True, slots=True)
class ShopPod:
    """What the API server says of one of its pods."""

    name: str
    uid: str
    address: str
    ready: bool
    deleting: bool
    grace: int | None
    health: str
    created: str


class Shop:
    """A Deployment `shop` of `size` pods, Ready on return from the constructor.

    Those that `runs` are played by `LoopbackPods`, the others by kwok.
    """

    def __init__(
        self, api: Api, namespace: str, *, size: int, runs: bool = False, probe: str = ""
    ) -> None:
        self.api, self.namespace, self.size = api, namespace, size
        self._changed = threading.Condition()
        self.pods_path = f"{namespace_path(namespace)}/pods"
        self._path = f"/apis/apps/v1/namespaces/{namespace}/deployments/shop"
        self._budget = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/shop"
        api.apply(self._path, _deployment(size, runs, probe or "POD_IP:8080/watchdog"))
        self._watch = Watch(
            api, self.pods_path, _read, selector="app=shop", changed=lambda *_: self._notify()
        )
        try:
            self.wait(lambda shop: len(shop.ready()) == size, "all pods are Ready")
        except TimeoutError:
            self.close()
            raise

    def pods(self) -> tuple[ShopPod, ...]:
        """All that exist, in order of names."""
        return tuple(sorted(self._watch.objects.values(), key=lambda pod: pod.name))

    def ready(self) -> tuple[ShopPod, ...]:
        """Those that are Ready and not being deleted."""
        return tuple(pod for pod in self.pods() if pod.ready and not pod.deleting)

    def pod(self, uid: str) -> ShopPod | None:
        """The pod with this uid, None where it is gone."""
        return next((pod for pod in self.pods() if pod.uid == uid), None)

    def path(self, pod: ShopPod) -> str:
        """Where the API server has the pod."""
        return f"{self.pods_path}/{pod.name}"

    def wait(self, so: Callable[[Shop], object], what: str, within: float = WITHIN) -> None:
        """Return as soon as `so(shop)` holds, asked after each change of a pod, and ten times a
        second for what no watch tells. Raises TimeoutError.
        """
        never = int(within / _POLL)
        with self._changed:
            for _ in range(never):
                if so(self):
                    return
                self._changed.wait(_POLL)
        pods = "\n  ".join(map(str, self.pods()))
        raise TimeoutError(f"not within {within:g} s that {what}:\n  {pods}")

    def protect(self, at_least: int) -> None:
        """A PodDisruptionBudget that has counted the pods."""
        spec = {"minAvailable": at_least, "selector": {"matchLabels": {"app": "shop"}}}
        body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
        self.api.apply(self._budget, body | {"metadata": {"name": "shop"}, "spec": spec})

        def has_counted(_: Shop) -> bool:
            status = self.api.get(self._budget).get("status", {})
            return bool(status.get("desiredHealthy") == at_least == status.get("currentHealthy"))

        self.wait(has_counted, "the budget has counted")

    def unprotect(self) -> None:
        """No PodDisruptionBudget any more."""
        self.api.delete(self._budget)

    def events(self, reason: str) -> list[Json]:
        """The Events with this reason about pods."""
        path = f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events"
        found: list[Json] = self.api.get(path, fieldSelector=f"reason={reason}")["items"]
        return [event for event in found if event["regarding"]["kind"] == "Pod"]

    def wait_event(self, reason: str, pod: ShopPod) -> Json:
        """The first Event with this reason about the pod."""

        def found() -> Json | None:
            about = (e for e in self.events(reason) if e["regarding"]["uid"] == pod.uid)
            return next(about, None)

        self.wait(lambda _: found(), f"an Event {reason} tells of {pod.name}")
        return found() or {}

    def close(self) -> None:
        """Delete it with its pods."""
        self.unprotect()
        self.api.delete(self._path, propagationPolicy="Background")
        self._watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _deployment(size: int, runs: bool, probe: str) -> Json:
    container = {"name": "workload", "image": "kubervisor:test", "args": ["testworkload"]}
    labels = {"app": "shop"}
    template = {
        "metadata": {"labels": labels | (LOOPBACK if runs else {}), "annotations": {PROBE: probe}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {"replicas": size, "selector": {"matchLabels": labels}, "template": template},
    }


def _read(body: Json) -> ShopPod:
    meta, status = body["metadata"], body.get("status", {})
    return ShopPod(
        name=meta["name"],
        uid=meta["uid"],
        address=status.get("podIP", ""),
        ready=any(
            c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ())
        ),
        deleting="deletionTimestamp" in meta,
        grace=meta.get("deletionGracePeriodSeconds"),
        health=meta.get("labels", {}).get(HEALTH, ""),
        created=meta["creationTimestamp"],
    )
