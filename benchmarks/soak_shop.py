"""What a soak does to its fleets, and to the way between the controller and the API server."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress

from benchmarks.ground import Ground, guards_path
from playground.detector import Detector
from playground.detector_http import fails, hangs
from playground.fault_answers import answers, commits_and_cuts, delays
from playground.faultproxy import FaultProxy, asks
from playground.fleet import Fleet
from playground.fleet_api import ApiRefused

SIZE = 8


class Shop:
    """One Service with its fleet and its detector, and what happens to it."""

    def __init__(self, here: Ground, namespace: str, name: str, dice: random.Random) -> None:
        self.name, self._here, self._namespace, self._dice = name, here, namespace, dice
        self._path = f"{guards_path(namespace)}/{name}"
        with ExitStack() as stack:
            self.detector = stack.enter_context(Detector())
            fleet = Fleet(here.api, name, size=SIZE, namespace=namespace, selects_traffic=True)
            self.fleet = stack.enter_context(fleet)
            self._stack = stack.pop_all()
        self.guard()

    def guard(self) -> None:
        """Create the object, or give it another time out of traffic."""
        breaker = {
            "name": f"by-{self.name}",
            "evaluationPeriod": 1.0,
            "customService": self.detector.address,
            "minPodsAvailableRatio": 50,
        }
        activator = {"period": self._dice.choice([2, 5, 10])}
        spec = {"service": self.name, "breakers": [breaker], "defaultActivator": activator}
        metadata = {"metadata": {"name": self.name}, "spec": spec}
        kind = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
        self._here.api.apply(self._path, kind | metadata)

    def change(self) -> None:
        """One act of a user, a workload, or a bad day."""
        pods, dice = self.fleet.pods(), self._dice
        acts: list[Callable[[], object]] = [
            lambda: self.detector.outliers(*dice.sample(pods, min(len(pods), dice.randint(0, 4)))),
            self.detector.outliers,
            lambda: self.fleet.scale(dice.randint(SIZE // 2, SIZE)),
            self.guard,
            lambda: setattr(self.detector, "answer", dice.choice([fails(503), hangs])),
        ]
        if pods:
            pod = dice.choice(pods)
            acts += [
                lambda: self.fleet.set_ready(pod, dice.random() < 0.7),
                lambda: self.fleet.delete_pod(pod),
                lambda: self.fleet.label(pod, "tier", dice.choice(["a", "b"])),
            ]
        if dice.random() < 0.02:
            acts = [lambda: self.fleet.roll_out(secrets.token_hex(2))]
        with suppress(ApiRefused):  # the pod was gone already
            dice.choice(acts)()

    def rest(self) -> None:
        """Nobody disturbs any more; returns when all pods serve."""
        self.detector.outliers()
        self.fleet.scale(SIZE)
        self.guard()
        self.fleet.wait(lambda f: len(f.pods()) == SIZE, 60, "they are as many as before")
        for pod in self.fleet.pods():
            self.fleet.set_ready(pod, True)
        self.fleet.wait_ready(SIZE, 60)

    def close(self) -> None:
        """Delete all of it; the controller must still run, to release the pods."""
        self._here.api.delete(self._path)
        deadline = time.monotonic() + 60
        while self._here.api.exists(self._path) and time.monotonic() < deadline:
            time.sleep(0.1)
        self._stack.close()


def harm(proxy: FaultProxy, dice: random.Random) -> AbstractContextManager[object]:
    """One thing that goes wrong between the controller and the API server for a while."""
    writes = asks("patch", dice.choice(["pods", "kubervisorservices/status"]))
    kind = dice.choice(["pods", "services", "kubervisorservices"])
    harms: list[Callable[[], AbstractContextManager[object]]] = [
        lambda: proxy.rule(writes, answers(dice.choice([409, 500, 503])), times=3),
        lambda: proxy.rule(writes, answers(429, retry_after=1), times=3),
        lambda: proxy.rule(writes, commits_and_cuts, times=2),
        lambda: proxy.rule(asks("list"), delays(1.0), times=2),
        lambda: nullcontext(proxy.cut(kind)),
        nullcontext,
    ]
    return dice.choice(harms)()
