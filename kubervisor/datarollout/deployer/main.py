"""The two programs of a pod with data: one that ends once it has it, one that goes on beside the
application.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubervisor.datarollout.deployer.download import Downloader
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.notify import Notify
from kubervisor.datarollout.deployer.pages import serve
from kubervisor.datarollout.deployer.rounds import Rounds
from kubervisor.datarollout.deployer.site import Site
from kubervisor.datarollout.deployer.statuses import Statuses
from kubervisor.datarollout.needs import DataNeeds, read_needs
from kubervisor.kube.account import open_door
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.own_pod import OwnPod, OwnPodWatch
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.signals import ENDING
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry import logs
from kubervisor.telemetry.deployer_metrics import DeployerMetrics

PATIENCE = 120.0
"""Seconds in which a pod's data must come before its application starts; AutoCrane's: 90 for a
request, and three tries 15 s apart.
"""
PERIOD = 10.0
STATUS_SECONDS = 15.0
"""So long one that has its data waits for its status to be written: the next one writes it too."""


@dataclass(frozen=True, slots=True)
class DeployerSettings:
    """Whose deployer it is, and what it may. `namespace` None is that of the account; `repository`
    and `location` may be empty; `token_file` is read for each download, in place of `token`.
    `period` is how often (seconds) the pod is read where it may not be watched.
    """

    pod: str
    namespace: str | None = None
    kubeconfig: str | None = None
    repository: str = ""
    token: str = field(default="", repr=False)
    token_file: str | None = None
    location: str = ""
    limits: Limits = field(default_factory=Limits)
    period: float = PERIOD

    def read_token(self) -> str:
        """The repository's token as it is now. Raises OSError."""
        return Path(self.token_file).read_text() if self.token_file else self.token


class Deployer:
    """The parts of either program. Raises ApiError where there is no account."""

    def __init__(self, settings: DeployerSettings, notify: Notify | None = None) -> None:
        door = open_door(settings.kubeconfig)
        namespace = settings.namespace or door.namespace
        self.clock, self.metrics = Clock(), DeployerMetrics()
        self.log = logs.get("deployer", pod=f"{namespace}/{settings.pod}")
        self.watch = OwnPodWatch(door, namespace, settings.pod, period=settings.period)
        self.site = Site(
            repository=settings.repository,
            read_token=settings.read_token,
            location=settings.location,
            limits=settings.limits,
            downloader=Downloader(most_bytes=settings.limits.archive_bytes),
            notify=notify,
        )
        self.rounds = Rounds(
            self.site,
            Statuses(door, clock=self.clock, log=self.log),
            self.watch.newest,
            clock=self.clock,
            metrics=self.metrics,
            log=self.log,
        )

    def start_watch(self) -> None:
        """Look at the pod from now on."""
        start_thread("watch", self._watch)

    def _watch(self) -> None:
        try:
            self.watch.run()
        except Exception as error:
            # Without it the process would only seem to work; the kubelet starts another.
            self.log.exception("Thread died", thread="watch", error=str(error))
            os._exit(1)

    def idle(self, needs: DataNeeds) -> str:
        """Why there is nothing to do for a pod that says this; empty where there is something."""
        if not needs.sources:
            return "the pod uses no data: it has neither store.autocrane.io/data nor any other"
        if not self.site.location(needs):
            return "no folder for data: neither store.autocrane.io/location nor --location"
        return ""


def init(settings: DeployerSettings, *, patience: float = PATIENCE) -> int:
    """Return once the pod has all it uses, as it was asked for: 0; 1 where that did not come about
    within `patience` seconds. A download that goes on is not cut off. Raises ApiError.
    """
    deployer = Deployer(settings)
    _end_at_once(143)
    deployer.start_watch()
    deadline, pod, due = time.monotonic() + patience, None, patience
    while True:
        pod = deployer.watch.wait(pod, min(due, deadline - time.monotonic()))
        if pod is not None:
            needs = read_needs(pod.annotations)
            if idle := deployer.idle(needs):
                deployer.log.info("Nothing to deploy", why=idle)
                return 0
            due = deployer.rounds.run(pod, needs)
            if deployer.rounds.is_complete:
                deployer.log.info("All data is there", sources=len(needs.sources))
                return _after_telling(deployer, pod, needs)
        if time.monotonic() >= deadline:
            return _given_up(deployer, pod, patience)


def sidecar(
    settings: DeployerSettings, *, listen: tuple[str, int], notify: Notify | None = None
) -> int:
    """Keep the pod at what it is asked to have until SIGTERM or SIGINT, which end the process with
    0 at once. Raises ApiError, OSError where `listen` cannot be bound.
    """
    deployer = Deployer(settings, notify)
    _end_at_once(0)
    serve(listen, deployer.rounds, deployer.watch, deployer.metrics, deployer.clock)
    deployer.start_watch()
    turn = _guarded(deployer)
    pod, due = None, 0.0
    while True:
        pod = deployer.watch.wait(pod, due if pod else 60.0)
        if pod is not None:
            due = turn(pod)


def _guarded(deployer: Deployer) -> Callable[[OwnPod], float]:
    """One round, after which there is another one, whatever it met."""
    backoff, told = Backoff(1.0, 60.0), [""]

    def turn(pod: OwnPod) -> float:
        needs = read_needs(pod.annotations)
        why = deployer.idle(needs)
        if why != told[0]:
            told[0] = why
            deployer.log.info("Nothing to deploy" if why else "Deploying", why=why)
        try:
            due = deployer.rounds.run(pod, replace(needs, sources={}) if why else needs)
        except Exception as error:
            deployer.log.exception("Round broke", error=str(error))
            return backoff.next()
        backoff.reset()
        return due

    return turn


def _after_telling(deployer: Deployer, pod: OwnPod, needs: DataNeeds) -> int:
    until = time.monotonic() + STATUS_SECONDS
    while not deployer.rounds.is_told and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
        deployer.rounds.run(pod, needs)
    return 0


def _given_up(deployer: Deployer, pod: OwnPod | None, patience: float) -> int:
    problems = deployer.rounds.problems() if pod else {"pod": deployer.watch.problem}
    for name, why in problems.items():
        deployer.log.error("Data did not come in time", data=name, why=why, seconds=patience)
    if pod is not None:
        deployer.rounds.give_up(pod)
    return 1


def _end_at_once(code: int) -> None:
    """By signals. Nothing needs to be finished: after whatever step this ends, the next start goes
    on from there.
    """
    # Waited for by a thread: a handler would run on the main thread, and that may not wake for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def end() -> None:
        signal.sigwait(ENDING)
        os._exit(code)

    start_thread("signals", end)
