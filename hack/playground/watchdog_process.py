"""`kubervisor run --capability watchdog` as a process: it probes, marks and evicts."""

from __future__ import annotations

import sys

from playground.controller import Controller


class WatchdogProcess(Controller):
    """It until closed; ready (pods listed) on return from the constructor.

    Pods on loopback are probed. `flags` are added to the command, `env` to its environment.
    """

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kubervisor", "run", "--capability=watchdog"),
            f"--kubeconfig={self._kubeconfig}",
            f"--listen={self.address}",
            "--probe-loopback",
            "--log-format=json",
            *self._flags,
        ]
