"""One controller behind a fault proxy, and the story that every fault disturbs.

The story: five pods, two outliers, a floor of three; both go out once and stay out. Undisturbed or
not, it ends the same way (I7), and the observer holds every version of every pod against the other
invariants meanwhile.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector
from playground.detector_http import ScriptedServer
from playground.faultproxy import FaultProxy
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_manifests import Kind
from playground.fleet_pod import Pod
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, WITHIN, Scene, condition

SIZE, FLOOR = 5, 3
EVALUATIONS = 5
"""Evaluations in a row that must change nothing once the story has ended."""


class Stage:
    """One fault's own fleet, detector and KubervisorService, all of one name."""

    def __init__(self, scene: Scene, name: str, *, size: int = SIZE, kind: Kind) -> None:
        self.scene, self.name = scene, name
        with ExitStack() as stack:
            self.detector = stack.enter_context(Detector())
            self.asked: ScriptedServer = self.detector
            """Whom the breaker asks."""
            self.fleet = stack.enter_context(
                Fleet(
                    scene.api,
                    name,
                    size=size,
                    namespace=scene.namespace,
                    kind=kind,
                    selects_traffic=True,
                )
            )
            stack.callback(self._let_go)
            self._stack = stack.pop_all()
        self.outliers: tuple[Pod, ...] = self.fleet.pods()[:2]

    def guard(self, **more: Any) -> None:
        """Create or change the KubervisorService; `more` goes over the story's spec."""
        spec = {"defaultActivator": {"period": FOREVER}} | more
        breakers = spec.pop("breakers", (self.breaker(),))
        self.scene.guard(*breakers, name=self.name, service=self.name, **spec)

    def breaker(self, **more: Any) -> Json:
        """The story's breaker; its name is the stage's own, so that each ejection tells whose."""
        own = {"minPodsAvailableCount": FLOOR} | more
        return self.scene.breaker(f"by-{self.name}", asks=self.detector, **own)

    def begin(self) -> None:
        """The first act: it is guarded, nobody is an outlier."""
        self.guard()
        self.scene.wait_condition("Ready", name=self.name)

    def accuse(self) -> None:
        """The second act: two pods are outliers."""
        self.detector.outliers(*self.outliers)

    def wait_out(self, count: int = 2, within: float = WITHIN) -> None:
        """Return once so many pods are out of traffic and of the EndpointSlices."""
        self.fleet.wait(
            lambda f: len(f.out()) == count and not f.in_slices() & {p.name for p in f.out()},
            within,
            f"{count} are out",
        )

    def end(self, within: float = WITHIN) -> Json:
        """How the story ended, comparable with any other run, once nothing moves any more."""
        self.wait_out(len(self.outliers), within)
        self.scene.wait_status(
            lambda s: (s.get("fleet") or {}).get("ejected") == len(self.outliers),
            "the status counts them",
            self.name,
        )
        with self.scene.observer.silence("pods"):
            self.evaluations(EVALUATIONS)
        return self.state()

    def wait_sources(self, status: str, reason: str) -> Json:
        """The condition SourcesAvailable as soon as it says this; an empty reason is any."""

        def said(found: Json) -> Json:
            one = condition(found, "SourcesAvailable")
            return one if one.get("status") == status and reason in ("", one["reason"]) else {}

        found = self.scene.wait_status(said, f"SourcesAvailable={status} {reason}", self.name)
        return said(found)

    def state(self) -> Json:
        """Pods by role and the standing of the KubervisorService, without names and times."""
        wanted = {pod.uid for pod in self.outliers}
        pods = {
            role: sorted(
                (rules.traffic(body), rules.retries(body), *sorted(rules.own_keys(body)))
                for body in self.scene.observer.caught_up().pods()
                if rules.matches(body, {"app": self.name})
                and (body["metadata"]["uid"] in wanted) is (role == "outliers")
            )
            for role in ("outliers", "peers")
        }
        status = self.scene.wait_status(bool, "there is one", self.name)
        conditions = {one["type"]: (one["status"], one["reason"]) for one in status["conditions"]}
        return {"pods": pods, "fleet": status["fleet"], "conditions": conditions}

    def ejected(self) -> list[str]:
        """Names of the pods of this stage that were ejected so far, in order."""
        return [p.pod for p in self.scene.ejections() if p.breaker == f"by-{self.name}"]

    def evaluations(self, count: int) -> None:
        """Return once the detector was asked so many times more."""
        self.scene.evaluations(count, self.asked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._stack.__exit__(*raised)

    def _let_go(self) -> None:
        self.scene.delete_guard(self.name)
        self.scene.wait_guard_gone(self.name)


class Bench:
    """A namespace, its controller behind `proxy`, and one stage after the other."""

    def __init__(
        self,
        cluster: LocalCluster,
        namespace: str,
        *,
        flags: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        grace: float = 0.0,
    ) -> None:
        self._numbers = itertools.count()
        self._undisturbed: Json = {}
        with ExitStack() as stack:
            self.scene = stack.enter_context(Scene(cluster, namespace, grace=grace))
            self.proxy = stack.enter_context(FaultProxy(cluster))
            self.controller: Controller = self.scene.controller(
                f"--kubeconfig={self.proxy.kubeconfig}", *flags, env=env
            )
            self.scene.wait_leading(self.controller)
            self._stack = stack.pop_all()

    @contextmanager
    def stage(
        self, *, size: int = SIZE, kind: Kind = Kind.DEPLOYMENT, of: type[Stage] = Stage
    ) -> Iterator[Stage]:
        """A new stage; on leaving, no invariant may have been broken on it."""
        with of(self.scene, f"shop-{next(self._numbers)}", size=size, kind=kind) as stage:
            yield stage
        self.scene.observer.check()

    def wait_silent(self, seconds: float) -> None:
        """Return after so much time: what does not happen cannot be waited for."""
        threading.Event().wait(seconds)

    def undisturbed(self) -> Json:
        """How the story ends where nothing disturbs it."""
        if not self._undisturbed:
            with self.stage() as stage:
                stage.begin()
                stage.accuse()
                self._undisturbed = stage.end()
        return self._undisturbed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._stack.__exit__(*raised)
