"""Which pods a Service sends traffic to, by its EndpointSlices, and when each entered and left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.workload import PodName


@dataclass(frozen=True, slots=True)
class Passage:
    """A pod entered or left the EndpointSlices; `at` is the monotonic instant the watch told so."""

    at: float
    pod: PodName
    entered: bool


class Members:
    """The ready pods that the EndpointSlices of a Service name, until closed.

    `service` may be several names with commas between them; an empty `namespace` is all of them.
    `told` is called on the watch's thread with every passage, those of the start included.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        service: str,
        told: Callable[[Passage], None] | None = None,
    ) -> None:
        self._told = told
        self._by_slice: dict[str, frozenset[PodName]] = {}
        self._now: tuple[PodName, ...] = ()
        self._log: list[Passage] = []
        self._changed = threading.Condition()
        within = f"/namespaces/{namespace}" if namespace else ""
        self._watch = Watch(
            api,
            f"/apis/discovery.k8s.io/v1{within}/endpointslices",
            ready_pods,
            selector=f"kubernetes.io/service-name in ({service})",
            changed=self._slice_changed,
        )

    @property
    def now(self) -> tuple[PodName, ...]:
        """The pods that get traffic now, in order of their names."""
        return self._now

    @property
    def log(self) -> tuple[Passage, ...]:
        """All passages so far, oldest first."""
        with self._changed:
            return tuple(self._log)

    def wait(self, pod: PodName, *, entered: bool, since: float, timeout: float) -> Passage:
        """The first passage of `pod` in that direction after the monotonic instant `since`.

        Raises TimeoutError when there is none within `timeout` seconds.
        """

        def first() -> Passage | None:
            passages = (p for p in self._log if p.at > since)
            return next((p for p in passages if p.pod == pod and p.entered == entered), None)

        with self._changed:
            passage = self._changed.wait_for(first, timeout)
        if passage is None:
            direction = "enter" if entered else "leave"
            raise TimeoutError(f"{pod} did not {direction} the EndpointSlices in {timeout} s")
        return passage

    def close(self) -> None:
        """End the watch; the last members stay readable."""
        self._watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _slice_changed(self, key: str, pods: frozenset[PodName] | None, at: float) -> None:
        self._by_slice[key] = pods or frozenset()
        before, after = set(self._now), frozenset[PodName]().union(*self._by_slice.values())
        passages = [Passage(at, pod, pod in after) for pod in sorted(after ^ before)]
        with self._changed:
            self._now = tuple(sorted(after))
            self._log += passages
            self._changed.notify_all()
        if self._told is not None:
            for passage in passages:
                self._told(passage)


def ready_pods(endpoint_slice: Json) -> frozenset[PodName]:
    """The pods that one EndpointSlice says may get traffic."""
    return frozenset(
        PodName(target["namespace"], target["name"])
        for endpoint in endpoint_slice.get("endpoints") or ()
        # The API says that an absent `ready` is to be read as true.
        if endpoint.get("conditions", {}).get("ready") is not False
        and (target := endpoint.get("targetRef", {})).get("kind") == "Pod"
    )
