"""`kubervisor run --capability rules` as a process: it follows AutopilotRules."""

from __future__ import annotations

import sys

from playground.controller import Controller


class RulesProcess(Controller):
    """It until closed; ready (objects listed) on return from the constructor.

    `flags` are added to the command, `env` to its environment.
    """

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kubervisor", "run", "--capability=rules"),
            f"--kubeconfig={self._kubeconfig}",
            f"--listen={self.address}",
            "--log-format=json",
            *self._flags,
        ]
