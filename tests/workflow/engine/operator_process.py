"""An operator of tests as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from playground.controller import Controller

ROOT = Path(__file__).parents[3]


class OperatorProcess(Controller):
    """`python -m MODULE KIND` until closed; ready (objects listed) on return from the constructor.

    `config` are fields of its configuration file.
    """

    def __init__(
        self,
        kubeconfig: Path,
        kind: str,
        *,
        module: str = "errands",
        env: dict[str, str] | None = None,
        **config: Any,
    ) -> None:
        self._kind, self._module, self._config = kind, module, config
        # Whatever the machine's own environment says is none of a test's business.
        said = dict.fromkeys(("AUTOPILOT_CONFIG", "POD_NAMESPACE", "WATCH_NAMESPACE"), "")
        super().__init__(kubeconfig, env={**said, "PYTHONPATH": os.fspath(ROOT), **(env or {})})

    def kill(self) -> None:
        """End it as the kernel does, without a word."""
        self.stop(signal.SIGKILL)

    def _command(self) -> list[str]:
        config = self._processes.folder / "autopilot-operator.yaml"
        written = {"metricsAddr": self.address, "enableLeaderElection": False, **self._config}
        config.write_text(json.dumps(written))
        return [
            *(sys.executable, "-m", f"tests.workflow.engine.{self._module}", self._kind),
            f"--config={config}",
            f"--kubeconfig={self._kubeconfig}",
        ]
