"""The operator of a workflow as a process, under the rights with which it is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from playground.binaries import ROOT
from playground.controller import Controller
from playground.local import LocalCluster

PROJECTS = ROOT / "examples" / "workflows"
CONFIG = "autopilot-operator.yaml"


class Project:
    """A project in its folder."""

    def __init__(self, name: str) -> None:
        self.folder = PROJECTS / name
        self.operator: str = self.read("autopilot.yaml")["operatorName"]
        self.package = self.operator.replace("-", "_")

    def read(self, file: str) -> dict[str, Any]:
        """What a file of it says."""
        found: dict[str, Any] = yaml.safe_load((self.folder / file).read_text())
        return found

    def run(self, cluster: LocalCluster, *command: str) -> str:
        """What `kubervisor workflow` prints of the project. Raises CalledProcessError."""
        program = [sys.executable, "-m", "kubervisor", "workflow", *command]
        done = subprocess.run(
            program,
            cwd=self.folder,
            env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def account(self, cluster: LocalCluster, namespace: str) -> Path:
        """A kubeconfig of the operator that was deployed there."""
        return cluster.kubeconfig_for(namespace, self.operator)


class OperatorProcess(Controller):
    """It until closed; ready (objects listed) on return from the constructor.

    It looks after `watched`, or all namespaces where that is empty, and has its Lease in
    `namespace`; `prometheus` is the URL of what it measures by. It works once each `interval`. One
    that does not `elect` a leader must be the only one, and works at once when started again.
    """

    def __init__(
        self,
        project: Project,
        kubeconfig: Path,
        *,
        namespace: str,
        prometheus: str,
        watched: str = "",
        interval: str = "1s",
        elect: bool = True,
    ) -> None:
        self._project = project
        self._settings = {"workInterval": interval, "enableLeaderElection": elect}
        variables = {
            "METRICS_SERVER": prometheus,
            "OPERATOR_NAME": project.operator,
            "POD_NAMESPACE": namespace,
            "PYTHONPATH": str(project.folder),
            "WATCH_NAMESPACE": watched,
        }
        super().__init__(kubeconfig, env=variables)

    def _command(self) -> list[str]:
        own = {"metricsAddr": self.address} | self._settings
        config = self._processes.folder / CONFIG
        config.write_text(yaml.safe_dump(self._project.read(CONFIG) | own))
        program = [sys.executable, "-m", self._project.package]
        return [*program, f"--config={config}", f"--kubeconfig={self._kubeconfig}"]
