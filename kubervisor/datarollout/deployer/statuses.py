"""What a deployer says on its pod: one annotation for each name, written where it changes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kubervisor.datarollout.deployer.standing import Standing, is_told
from kubervisor.datarollout.needs import STATUS
from kubervisor.datarollout.versions import Deployed, read_deployed, write_deployed
from kubervisor.errors import ApiError
from kubervisor.kube.account import Door
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.own_pod import OwnPod, write_annotation
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.logs import Log


class Statuses:
    """Writes them, and keeps trying; whether that works changes nothing about the data. `problem`
    says what was wrong with the last write, "" where nothing was.
    """

    def __init__(self, door: Door, *, clock: Clock, log: Log) -> None:
        self._door, self._clock, self._log = door, clock, log
        self._written: dict[str, Deployed] = {}
        self._backoff = Backoff(1.0, 60.0)
        self._due = -math.inf
        self.problem = ""

    def remembered(self, pod: OwnPod, name: str) -> Standing:
        """How the name stands by what was said of it, perhaps by a deployer before this one."""
        return Standing(said=read_deployed(pod.annotations.get(f"{STATUS}{name}")))

    def forget(self) -> None:
        """Believe the pod again, not what was written: somebody may have removed it."""
        self._written.clear()

    def write(self, pod: OwnPod, said: Mapping[str, Deployed]) -> float:
        """Write what the pod does not say yet; the monotonic instant at which to try again what
        failed, infinite where nothing did.
        """
        missing = {name: one for name, one in said.items() if not self._is_told(pod, name, one)}
        if not missing:
            self.problem = ""
            return math.inf
        if self._clock.monotonic() < self._due:
            return self._due
        try:
            for name, deployed in missing.items():
                write_annotation(self._door, pod, f"{STATUS}{name}", write_deployed(deployed))
                self._written[name] = deployed
        except ApiError as error:
            if str(error) != self.problem:
                self._log.warning("Cannot write the status", error=str(error))
            self.problem = str(error)
            self._due = self._clock.monotonic() + self._backoff.next()
            return self._due
        self.problem, self._due = "", -math.inf
        self._backoff.reset()
        return math.inf

    def _is_told(self, pod: OwnPod, name: str, deployed: Deployed) -> bool:
        told = self._written.get(name) or read_deployed(pod.annotations.get(f"{STATUS}{name}"))
        return is_told(deployed, told)
